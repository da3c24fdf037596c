"""Where people's keys are kept: one list a person, and copies of it where the person's environments are.

The list itself is in the installation's own namespace. Each other namespace that a team of the person's has gets a
copy, since a pod can only mount Secrets of its own namespace. What is asked for is written to the list first; a copy
that cannot be written then is written later, by `sync`, so nothing that was asked for is lost half done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from swish_spawner.adapters.kubernetes.secrets import KeySecrets
from swish_spawner.core.launch.choices import teams_of
from swish_spawner.core.policy.values import Policy, namespaces
from swish_spawner.core.ssh.key_list import Items, KeptKey, KeyList, key_list, key_lists
from swish_spawner.core.ssh.keys import key_id, secret_name, secret_names, shard
from swish_spawner.errors import ClusterAway, SwishError, Unavailable
from swish_spawner.services.keys.memory import KeyMemory

#: How many Secrets are asked for at a time.
_AT_ONCE: Final = 8

Inside = Callable[[str], Awaitable[Collection[str]]]


@dataclass(frozen=True, slots=True)
class KeyStore:
    """The keys of everybody.

    Attributes:
        secrets: where they are.
        namespace: the installation's own.
        policy: returns the policy in force.
    """

    secrets: KeySecrets
    namespace: str
    policy: Callable[[], Policy]
    # one writer at a time a shard: a copy that is being written is then never older than the list
    _locks: Mapping[str, asyncio.Lock] = field(
        default_factory=lambda: {name: asyncio.Lock() for name in secret_names()}, repr=False
    )
    # who seemed to have left, by namespace and Secret, when last looked
    _leaving: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict, repr=False)
    _memory: KeyMemory = field(default_factory=KeyMemory, repr=False)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE), repr=False)

    @property
    def has_copies(self) -> bool:
        """Whether any team has a namespace of its own, so that there is anything to keep the same."""
        return bool(self._others())

    async def of(self, user: str) -> KeyList:
        """Return a person's keys.

        Raises:
            Unavailable: Kubernetes does not answer, or keeps no such Secret.
        """
        return key_list(user, await self._read(self.namespace, secret_name(shard(user)))).current

    async def has_any(self, user: str) -> bool:
        """Say whether a person has any key.

        Raises:
            Unavailable: Kubernetes does not answer, or keeps no such Secret.
        """
        return bool((await self.of(user)).keys)

    async def change(self, user: str, groups: Iterable[str], change: Callable[[KeyList], KeyList]) -> KeyList:
        """Change a person's keys everywhere, and return them as they are then.

        Args:
            user: the exact JupyterHub user name.
            groups: the JupyterHub groups that the person is in.
            change: from the list to the new one; it may be asked several times, and may refuse by a UserError.

        Raises:
            Unavailable: nothing was changed; or, as the text then says, some copies are changed later.
        """

        def changed(items: Mapping[str, str]) -> Items:
            return change(key_list(user, items).current).items()

        name = secret_name(shard(user))
        async with self._locks[name]:
            with self._memory.changing():
                new = key_list(user, await self._change(self.namespace, name, changed))
            late = await self._copy(new, self._homes(groups))
        if late:
            raise Unavailable(
                f"Your list is changed, but environments in {', '.join(late)} do not know it yet, since Kubernetes did "
                "not take it there. Swish tries again every minute; ask your administrator if this stays so."
            )
        return new

    async def sync(self, groups: Mapping[str, Iterable[str]], inside: Inside, gone: Collection[str] = ()) -> bool:
        """Make every copy as its list is: after a fault, or when people's teams or the policy have changed.

        Args:
            groups: the JupyterHub groups of users of the hub, by name. Who is left out keeps the copies that there are.
            inside: returns the people with an environment in a namespace; they keep their copy there, whatever the hub
                says of their groups, as long as it runs.
            gone: who is no user of the hub any more, and has no copies.

        Returns:
            Whether all copies are right now.
        """
        done = await asyncio.gather(*(self._sync_shard(name, groups, inside, gone) for name in secret_names()))
        return all(done)

    async def holders(self, fingerprint: str) -> list[tuple[str, KeptKey]]:
        """Return every person on whose list a key is, with the key; nobody's key keeps another from using their own.

        Raises:
            Unavailable: Kubernetes does not answer.
        """
        return (await self._everybody()).holders.get(fingerprint, [])

    async def lists(self) -> tuple[KeyList, ...]:
        """Return the list of everybody who has one, those that are set aside too.

        Raises:
            Unavailable: Kubernetes does not answer.
        """
        return (await self._everybody()).lists

    async def fullest(self) -> float:
        """Return how full the fullest Secret is, from 0 to 1; one that is full takes nobody's new keys.

        Raises:
            Unavailable: Kubernetes does not answer.
        """
        return (await self._everybody()).fullest

    async def set_aside(self, user: str, gone: datetime | None) -> None:
        """Set a person's list aside, since nobody of that name is there; or with None have it count again.

        Raises:
            Unavailable: Kubernetes does not answer.
        """
        name = secret_name(shard(user))
        async with self._locks[name]:
            with self._memory.changing():
                await self._change(
                    self.namespace, name, lambda items: replace(key_list(user, items), gone=gone).items()
                )

    async def forget(self, user: str) -> None:
        """Give up a list that is set aside; one that somebody has made since stays.

        Raises:
            Unavailable: Kubernetes does not answer.
        """
        await self.change(user, (), lambda current: current)

    async def _everybody(self) -> KeyMemory:
        """Return all keys: as they are, or were some seconds ago where nobody has changed any since."""
        async with self._memory.reading:
            if not self._memory.is_fresh():
                changes = self._memory.changes
                shards = await asyncio.gather(*(self._read(self.namespace, name) for name in secret_names()))
                self._memory.keep(shards, changes)
            return self._memory

    def _homes(self, groups: Iterable[str]) -> frozenset[str]:
        """Return where copies for members of these groups are, without the installation's own namespace."""
        return frozenset(team.namespace for team in teams_of(groups, self.policy()) if team.namespace) - {
            self.namespace
        }

    def _others(self) -> tuple[str, ...]:
        """Return every namespace but the installation's own that environments run in."""
        return tuple(sorted(namespaces(self.policy(), self.namespace) - {self.namespace}))

    async def _copy(self, keys: KeyList, homes: frozenset[str]) -> list[str]:
        """Copy a list to where it belongs, or is already, and return where that was not possible."""
        name, places = secret_name(shard(keys.user)), self._others()

        async def copy(place: str) -> bool:
            def copied(there: Mapping[str, str]) -> Items:
                return keys.items() if place in homes or key_id(keys.user) in there else {}

            try:
                await self._change(place, name, copied)
            except SwishError:
                return False
            return True

        done = await asyncio.gather(*map(copy, places))
        return [place for place, well in zip(places, done, strict=True) if not well]

    async def _sync_shard(
        self, name: str, groups: Mapping[str, Iterable[str]], inside: Inside, gone: Collection[str]
    ) -> bool:
        async with self._locks[name]:
            try:
                lists = key_lists(await self._read(self.namespace, name)).values()
            except SwishError:
                return False
            homes = {one.user: self._homes(groups[one.user]) for one in lists if one.user in groups}

            async def copy(place: str) -> bool:
                try:
                    there = await self._read(place, name)
                    away = [user for user, own in homes.items() if place not in own and key_id(user) in there]
                    left, well = await self._left((place, name), away, inside)
                    here = [
                        one.current
                        for one in lists
                        if place in homes.get(one.user, ())
                        or (key_id(one.user) in there and one.user not in left and one.user not in gone)
                    ]
                    await self._set_copy(place, name, there, here)
                except SwishError:
                    return False
                return well

            return all(await asyncio.gather(*map(copy, self._others())))

    async def _left(
        self, where: tuple[str, str], away: Collection[str], inside: Inside
    ) -> tuple[Collection[str], bool]:
        """Return who has left a namespace for good, and whether that can be said.

        Those were away in the round before, too, since they may have joined, and begun to work, while this one went on;
        and they have no environment there.
        """
        again, self._leaving[where] = self._leaving.get(where, frozenset()) & set(away), frozenset(away)
        try:
            return (again - set(await inside(where[0])) if again else again), True
        except SwishError:
            return (), False

    async def _set_copy(self, place: str, name: str, there: Mapping[str, str], lists: Iterable[KeyList]) -> None:
        """Have a Secret keep these lists and nothing else; one that does so is not written."""
        wanted = {item: text for one in lists for item, text in one.items().items()}

        def changed(items: Mapping[str, str]) -> Items:
            return {**dict.fromkeys(items), **wanted}

        if any(there.get(item) != text for item, text in changed(there).items()):
            await self._change(place, name, changed)

    async def _read(self, namespace: str, name: str) -> Mapping[str, str]:
        async with self._turns:
            try:
                return await self.secrets.read(namespace, name)
            except ClusterAway as error:
                raise _away() from error

    async def _change(
        self, namespace: str, name: str, change: Callable[[Mapping[str, str]], Items]
    ) -> Mapping[str, str]:
        async with self._turns:
            try:
                return await self.secrets.change(namespace, name, change)
            except ClusterAway as error:
                raise _away() from error


def _away() -> Unavailable:
    return Unavailable(
        "Kubernetes, which keeps keys, does not answer. Keys that are in use go on working; try again in a minute."
    )
