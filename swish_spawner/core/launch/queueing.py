"""In which order launches that have to wait get their turns: teams in a circle, and in a team its people in a circle.

Whoever comes joins a circle at its end, and goes to its end again after a turn. So before somebody's next turn each
other team that waits gets at most one more turn than it had already, however many launches it has asked for.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch that waits.

    Attributes:
        team: who pays.
        person: who asked.
        number: tells this launch from all others; a person's go in the order in which they came.
    """

    team: str
    person: str
    number: int


class FairOrder:
    """The launches that wait, in their order. Each call but `order` costs the same however many there are."""

    def __init__(self) -> None:
        self._teams: OrderedDict[str, OrderedDict[str, deque[Launch]]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, launch: Launch) -> None:
        """Let a launch wait."""
        self._teams.setdefault(launch.team, OrderedDict()).setdefault(launch.person, deque()).append(launch)
        self._count += 1

    def remove(self, launch: Launch) -> None:
        """Let a launch wait no longer; the places of the others beside each other stay as they are.

        Raises:
            KeyError: it did not wait.
        """
        people = self._teams[launch.team]
        launches = people[launch.person]
        if launch not in launches:
            raise KeyError(launch)
        launches.remove(launch)
        self._count -= 1
        if not launches:
            del people[launch.person]
        if not people:
            del self._teams[launch.team]

    def take(self) -> Launch:
        """Return the launch whose turn it is; it waits no longer.

        Raises:
            KeyError: none waits.
        """
        team, people = self._teams.popitem(last=False)
        person, launches = people.popitem(last=False)
        launch = launches.popleft()
        if launches:
            people[person] = launches
        if people:
            self._teams[team] = people
        self._count -= 1
        return launch

    def order(self) -> tuple[Launch, ...]:
        """Return all that wait, first the one whose turn is next. It costs as much as taking each of them."""
        return tuple(_in_turn(_in_turn(iter(launches) for launches in team.values()) for team in self._teams.values()))


def _in_turn(each: Iterator[Iterator[Launch]]) -> Iterator[Launch]:
    """Yield one of each in turn, for as long as it has any."""
    waiting = deque(each)
    while waiting:
        one = waiting.popleft()
        for launch in one:
            yield launch
            waiting.append(one)
            break


def place_sentence(ahead: int) -> str:
    """Return what somebody who waits is told, with so many launches ahead."""
    if ahead == 0:
        return "Many environments are starting; yours is the next."
    return f"{ahead} {'launch is' if ahead == 1 else 'launches are'} ahead of yours."
