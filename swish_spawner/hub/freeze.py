"""What Python's garbage collector has to look at in a hub."""

from __future__ import annotations

import functools
import gc


@functools.cache
def set_aside_what_is_loaded() -> None:
    """Leave out of garbage collection, from the first call on, all that the process holds by then.

    That is code, and the client library's hundreds of classes: things that a hub keeps until it ends. A full round
    through them stops the event loop for a sixth of a second, and a crowd of launches makes for some. What is made
    later is collected as ever.
    """
    gc.freeze()
