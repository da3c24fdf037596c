"""What somebody inside an environment may try against the record of ssh, and what must come of each.

Scripts, how they are run and how the record is judged afterwards; what runs sshd is another's: `tests.images` has it on
this machine, `benchmarks.attempts_run` in a cluster.
"""

from typing import Final

from tests.images.attempts.attempt import Attempt
from tests.images.attempts.forging import FORGE
from tests.images.attempts.loading import PRELOAD, REPLACE
from tests.images.attempts.racing import RACE
from tests.images.attempts.signals import SIGNAL
from tests.images.attempts.tracing import TRACE
from tests.images.attempts.writing import WRITE

#: All of them; what ends the container comes last.
ATTEMPTS: Final[tuple[Attempt, ...]] = (*WRITE, *TRACE, *REPLACE, *PRELOAD, *RACE, *FORGE, *SIGNAL)
#: Some of every kind.
SAMPLE: Final = tuple(attempt for attempt in ATTEMPTS if not attempt.is_extra)
