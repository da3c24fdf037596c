"""Every error that Swish raises by itself.

    SwishError                    all of them
    ├── UserError                 its text may be shown to a person as it stands
    │   ├── RequestError          an option that was sent is malformed: names the field and the rule
    │   ├── Denied                a well-formed request that the policy refuses: one sentence to act on
    │   ├── PolicyError           the policy file has problems: all of them, each with its path
    │   ├── LaunchFailed          Kubernetes cannot start what was decided: what happened, and what to do next
    │   ├── NotThere              what is asked for is not there, or not there any more
    │   └── Unavailable           a part that is needed gives no answer now: which, and what to do
    ├── ClusterRefused            the Kubernetes API server will not have an object; the text is its own
    ├── AlreadyThere              there is an object of that name
    ├── ClusterAway               the Kubernetes API server gave no answer in time
    └── UnitError                 a quantity, duration or amount of money that cannot be read

Adapters translate what the outside world raises into one of these and keep the cause.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class SwishError(Exception):
    """The root of the tree."""


class UserError(SwishError):
    """An error whose text a person may read: it holds no secret, path or traceback."""


class RequestError(UserError):
    """One option of a launch request is malformed.

    Args:
        field: the option's name as the person sent it, e.g. ``memory``.
        problem: the rule it breaks, as the end of a sentence, e.g. ``must be at least 256Mi``.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class Denied(UserError):  # noqa: N818 - the name the design gives it; it reads as the outcome it is
    """The policy refuses a well-formed request.

    Args:
        reason: one sentence that a person can act on.
        rule: the policy rule that refused, a short slug for metrics, e.g. ``team``.
    """

    def __init__(self, reason: str, *, rule: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rule = rule


class LaunchFailed(UserError):  # noqa: N818 - what happened, as Denied is
    """Kubernetes cannot start what was decided.

    Args:
        sentence: what happened, and what the person can do next.
        kind: a short slug for metrics, e.g. ``image_not_found``.
        blame: ``person``, ``capacity`` or ``cluster``: who can mend it.
    """

    def __init__(self, sentence: str, *, kind: str, blame: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.blame = blame


class NotThere(UserError):  # noqa: N818 - what happened, as Denied is
    """What a person asks for is not there, or not there any more; the text is one sentence."""


class Unavailable(UserError):  # noqa: N818 - what happened, as Denied is
    """A part that is needed gives no answer now; the text says which, what is so meanwhile, and what to do."""


class ClusterRefused(SwishError):  # noqa: N818 - what happened, as Denied is
    """The Kubernetes API server will not have an object.

    Args:
        text: its own sentence.
        status: its HTTP status; 0 where that is not known.
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class AlreadyThere(SwishError):  # noqa: N818 - what happened, as Denied is
    """There is an object of that name; the text is the API server's own sentence."""


class ClusterAway(SwishError):  # noqa: N818 - what happened, as Denied is
    """The Kubernetes API server gave no answer in time; the text is what came instead of one, for the log."""


class UnitError(SwishError, ValueError):
    """A text is no quantity of the wanted kind; the message says what one looks like."""


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One thing wrong with a policy document.

    Attributes:
        path: where, as keys joined by dots from the document's top, e.g. ``pools.general.cpu.min``.
        text: what, as a sentence without its subject, e.g. ``is no amount of CPU``.
    """

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path or 'the policy'}: {self.text}"


class PolicyError(UserError):
    """The policy document has problems.

    Args:
        problems: every one of them; they are kept sorted by path.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        super().__init__(
            f"the policy has {count} problem{'s' if count != 1 else ''}:\n" + "\n".join(f"  {p}" for p in self.problems)
        )
