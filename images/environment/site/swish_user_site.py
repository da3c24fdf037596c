"""Has a kernel, and what it starts, look for packages among the person's own before it looks among the image's.

Python does it the other way round in a virtual environment. PYTHONPATH would do it too, but it comes before what
belongs to Python itself: a package that is named like a part of it, such as an old `pathlib`, would end every kernel.
"""

import os
import site
import sys


def put_first() -> None:
    """Put the person's packages before those beside this file, unless this Python is to do without the former."""
    # which pip asks for when it builds a package
    if sys.flags.no_user_site:
        return
    image = os.path.dirname(__file__)  # noqa: PTH120 - each kernel would import pathlib for it
    theirs = site.getusersitepackages()
    # Python comes here before it has put theirs behind, and once more after that
    sys.path[:] = [place for place in sys.path if place != theirs]
    sys.path.insert(sys.path.index(image), theirs)
