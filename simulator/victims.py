"""Who is attacked and when: fitting accounts with enough history, at a time when they are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from simulator.attacks import Attack, Variant, hours_of
from simulator.presence import HISTORY_DAYS, earliest, moments
from simulator.record import HOUR, Account, Event
from simulator.scene import Scene, Stage
from simulator.schedule import Kind
from simulator.streams import stream, token
from simulator.world import World

LEAST_DAYS = HISTORY_DAYS + 2
"""The shortest simulation that attacks fit into."""

Asked = Mapping[str, tuple[str, ...]]
"""Names of attacks, each with the variants asked for; none: one by chance."""


class Strike(NamedTuple):
    """An attack on a victim."""

    attack: str
    variant: str
    number: int
    """Which of its repetitions, from 0."""
    victim: Account
    events: list[Event]
    """In time order."""
    stages: tuple[Stage, ...]
    """Of a campaign."""
    key: str
    """The name of its random streams."""


class _Assignment(NamedTuple):
    attack: str
    variant: Variant
    number: int
    victim: Account
    stream: str


class _Casting:
    """Gives each attack a victim of its own, as long as there are enough."""

    def __init__(self, world: World, known: Mapping[str, Attack]) -> None:
        self._world, self._known = world, known
        self._taken: set[str] = set()
        fitting = {
            name: sum(any(variant.fits(world, one) for variant in attack.tuned) for one in world.accounts)
            for name, attack in known.items()
        }
        # Those that fit few accounts choose first.
        self.order = sorted(known, key=lambda name: (fitting[name], name))
        self._there: dict[tuple[str, Kind, float], bool] = {}

    def fitting(self, variant: Variant) -> int:
        """How many accounts a variant fits."""
        return sum(variant.fits(self._world, one) for one in self._world.accounts)

    def forget_all_but(self, victims: Iterable[Account]) -> None:
        """Frees everybody but these."""
        self._taken = {victim.key for victim in victims}

    def cast(self, name: str, variants: Sequence[Variant], stream_name: str, number: int) -> _Assignment:
        """The first fitting free account by chance, of the first variant that has one; else one that was attacked.

        Raises:
            ValueError: Nobody fits.
        """
        for free in (True, False):
            for kind in (Kind.WORK, Kind.SPARE):
                for variant in variants:
                    victim = self._victim(variant, stream_name, number, kind, free)
                    if victim:
                        self._taken.add(victim.key)
                        return _Assignment(name, variant, number, victim, stream_name)
        names = ", ".join(variant.name for variant in variants)
        msg = (
            f"attack {name} ({names}): expected a fitting user who works in the last third of the period and has "
            f"{HISTORY_DAYS} days of history; found none among {len(self._world.people)}. Simulate more users or days"
        )
        raise ValueError(msg)

    def _victim(self, variant: Variant, stream_name: str, number: int, kind: Kind, free: bool) -> Account | None:
        world = self._world
        fitting = [one for one in world.accounts if variant.fits(world, one) and (one.key in self._taken) != free]
        fitting.sort(key=lambda one: token(world.seed, world.tenant, "victim", stream_name, number, one.key))
        for account in fitting:
            if not variant.beside or self._is_there(account, kind, hours_of(variant, world)):
                return account
        return None

    def _is_there(self, account: Account, kind: Kind, hours: float) -> bool:
        key = (account.key, kind, hours)
        if key not in self._there:
            self._there[key] = bool(moments(self._world, account, kind, hours))
        return self._there[key]


def _in_turn(world: World, attack: Attack, number: int) -> list[Variant]:
    """The variants not held out in an order by chance, which moves on with each repetition: all of them come up."""
    shuffled = stream(world.seed, world.tenant, "variants", attack.name).sample(attack.tuned, k=len(attack.tuned))
    first = number % len(shuffled)
    return [*shuffled[first:], *shuffled[:first]]


def _assignments(world: World, known: Mapping[str, Attack], asked: Asked, count: int) -> Iterator[_Assignment]:
    """Victims for all the attacks there are, so that one doesn't depend on which others are asked for.

    Those asked for by variant choose afterwards, among whoever isn't attacked already.
    """
    casting = _Casting(world, known)
    attacked: list[Account] = []
    by_chance = any(not variants for variants in asked.values())
    for number in range(count if by_chance else 0):
        for name in casting.order:
            try:
                found = casting.cast(name, _in_turn(world, known[name], number), name, number)
            except ValueError:
                if name in asked and not asked[name]:
                    raise
                continue
            if name in asked and not asked[name]:
                attacked.append(found.victim)
                yield found
    casting.forget_all_but(attacked)
    named = [
        (name, variant)
        for name in casting.order
        for variant in known[name].variants
        if variant.name in asked.get(name, ())
    ]
    named.sort(key=lambda each: casting.fitting(each[1]))
    for number in range(count):
        for name, variant in named:
            yield casting.cast(name, [variant], f"{name}:{variant.name}", number)


def strikes(world: World, known: Mapping[str, Attack], asked: Asked, count: int) -> Iterator[Strike]:
    """Each attack asked for, `count` times.

    Raises:
        ValueError: Nobody fits an attack.
    """
    for found in list(_assignments(world, known, asked, count)):
        rng = stream(world.seed, world.tenant, "attack", found.stream, found.number)
        variant = found.variant
        seen = None
        hours = hours_of(variant, world)
        latest = world.end - int(hours * HOUR)
        begins = rng.randint(earliest(world), max(earliest(world), latest))
        if variant.beside:
            there = moments(world, found.victim, Kind.WORK, hours)
            seen = rng.choice(there or moments(world, found.victim, Kind.SPARE, hours))
            begins = seen.time
        scene = Scene(world, found.victim, rng, seen, begins)
        variant.strike(scene)
        events = sorted(scene.events, key=lambda event: event.time)
        yield Strike(found.attack, variant.name, found.number, found.victim, events, scene.stages, found.stream)
