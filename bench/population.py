"""Many users with realistic profiles, in key-group stores as the profile step keeps them, and activities of theirs.

Profiles are folded from simulated activities: each of a few thousand people's activities are cut into runs, and each
run is folded until the stored user has the wanted size. These templates are then given to all users in turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec

import detections
from activities.activity import Activity, Raw
from activities.activity import User as Actor
from activities.batch import ActivityBatch, key_group_of
from activities.formats import parse_line
from flows.detect import SCHEMA
from flows.settings import Settings
from recovery.store import KeyGroupStore
from recovery.token import Token
from simulator.simulate import simulate
from stateful.key_group import ASLEEP, KeyGroupState, Memory, Storage
from stateful.profile import ProfileFold
from stateful.profile_step import ProfileLogic, user_key
from stateful.user import Bounds, User, user_codec, user_storage
from windowing.watermark import END_OF_TIME, HOUR

TENANT, STEP, CLUSTER, PARTITION = "acme", "profile", "bench", "log"
ENTITY = b"e"
"""How the keys of users begin in a store."""
DAY = 24 * HOUR
SPREAD = (0.4, 1.6)
"""Sizes of users, as shares of the mean that is wanted."""


class Template(msgspec.Struct, frozen=True, array_like=True):
    """A user as stored, with nothing open, and an activity that is like what the user did before."""

    stored: bytes
    like: Activity


@dataclass(frozen=True)
class Crowd:
    """Users 0 to `users` - 1; user n has the template n modulo their number."""

    users: int
    groups: int
    likes: Sequence[Activity]
    begin: int
    """ms after all that the templates have seen."""

    def group(self, number: int) -> int:
        """A user's key group."""
        return key_group_of(TENANT, name_of(number), self.groups)

    def activity(self, number: int, serial: int, time: int) -> Activity:
        """One of a user's activities; `serial` makes its id."""
        return self.alike(self.likes[number % len(self.likes)], number, serial, time)

    def alike(self, like: Activity, number: int, serial: int, time: int) -> Activity:
        """A user's activity that is like another's; its id is as little compressible as vendors' are."""
        actor = Actor(name_of(number), f"User {number}")
        name = f"{Random(serial).getrandbits(96):024x}"
        return msgspec.structs.replace(like, id=name, user=actor, time=time, ingested=time)

    def batches(self, numbers: Iterable[int], serial: int, time: int) -> list[ActivityBatch]:
        """An activity of each of the users, a millisecond apart, in a batch per key group."""
        found: dict[int, list[Activity]] = defaultdict(list)
        for offset, number in enumerate(numbers):
            found[self.group(number)].append(self.activity(number, serial + offset, time + offset))
        return [ActivityBatch(group, PARTITION, time - DAY, own) for group, own in sorted(found.items())]

    def heartbeat(self, watermark: int) -> list[ActivityBatch]:
        """To all key groups: time has come so far."""
        return [ActivityBatch(group, PARTITION, watermark, []) for group in range(self.groups)]


def name_of(number: int) -> str:
    """A user's id."""
    return f"u{number:07d}@{TENANT}.example"


def users_storage(memory: int) -> Storage[User]:
    """As the flow makes it with default settings; `memory` in bytes."""
    settings = Settings()
    expire = round(settings.expire_days * DAY)
    fold = ProfileFold(detections.load().values(), {}, expire)
    return user_storage(fold, Memory.divided(memory), Bounds(settings.hourly_cap, expire))


def simulated(folder: Path, people: int, seed: int) -> list[list[Activity]]:
    """What each of some people does in two days, in order."""
    simulate(people, 2, seed, ["none"], folder)
    by_person: dict[str, list[Activity]] = defaultdict(list)
    with (folder / "activities.jsonl").open("rb") as file:
        for line in file:
            for record in parse_line(line, "native", TENANT, Raw()):
                if isinstance(record, Activity):
                    by_person[record.user.id].append(record)
    return [sorted(own, key=lambda activity: (activity.time, activity.id)) for own in by_person.values()]


def make_templates(done: Iterable[Sequence[Activity]], size: int, seed: int) -> list[Template]:
    """Fold people's activities to users of about `size` bytes."""
    storage, chance = users_storage(0), Random(seed)
    return [template for own in done for template in _runs(own, storage, size, chance)]


def _runs(own: Sequence[Activity], storage: Storage[User], size: int, chance: Random) -> Iterator[Template]:
    """A person's activities as several users; what is left at the end and too little for one is not used."""
    user, wanted = storage.load(None), size * chance.uniform(*SPREAD)
    for activity in own:
        user.insert(activity)
        user.timeline.seal(END_OF_TIME)
        stored = storage.dump(user)
        if stored is not None and len(stored) >= wanted:
            yield Template(stored, activity)
            user, wanted = storage.load(None), size * chance.uniform(*SPREAD)


def open_store(state: Path) -> Callable[[int, Token | None], KeyGroupStore]:
    """Opens key groups' stores, as the flow does."""
    schema = max(SCHEMA.values())
    return lambda group, token: KeyGroupStore.open(state, STEP, group, token, CLUSTER, schema)


def fill(state: Path, crowd: Crowd, stored: Sequence[bytes]) -> dict[int, bytes]:
    """Write all users, a generation per key group; return the tokens."""
    numbers: dict[int, list[int]] = defaultdict(list)
    for number in range(crowd.users):
        numbers[crowd.group(number)].append(number)
    tokens = {}
    for group in range(crowd.groups):
        store = open_store(state)(group, None)
        users = KeyGroupState(_copies(stored[number % len(stored)] for number in numbers[group]), store)
        for number in numbers[group]:
            key = user_key(crowd.activity(number, 0, 0))
            users.entity(key)
            users.changed(key)
        tokens[group] = users.flush().encode()
        store.close()
    return tokens


def _copies(documents: Iterator[bytes]) -> Storage[bytes]:
    """A storage of users that are never decoded: each new one is the next of `documents`."""
    peek = users_storage(0).peek
    return Storage(lambda _: next(documents), lambda data: data, lambda _: ASLEEP, peek, Memory(2**62))


class Groups:
    """The profile step's logics of all key groups, as one Bytewax worker holds them."""

    def __init__(self, state: Path, tokens: dict[int, bytes], memory: int) -> None:
        """Resume all from their tokens; `memory` in bytes for all of them together."""
        self._stores: list[KeyGroupStore] = []
        storage = users_storage(memory)
        opened = open_store(state)

        def keep(group: int, token: Token | None) -> KeyGroupStore:
            self._stores.append(opened(group, token))
            return self._stores[-1]

        self._logics = {group: ProfileLogic(storage, keep, [PARTITION], token) for group, token in tokens.items()}

    def send(self, batches: Iterable[ActivityBatch]) -> None:
        """Process batches; what comes out goes nowhere."""
        for batch in batches:
            self._logics[batch.group].on_batch([batch])

    def snapshot(self) -> dict[int, bytes]:
        """An epoch's end: the tokens."""
        return {group: logic.snapshot() for group, logic in self._logics.items()}

    def close(self) -> None:
        """Let go of the stores."""
        for store in self._stores:
            store.close()

    def stored_bytes(self) -> int:
        """Of all keys and documents, as of the last snapshot."""
        return sum(len(key) + len(value) for store in self._stores for key, value in store.scan())

    def log_bytes(self) -> int:
        """Of all open activities, as of the last snapshot."""
        codec = user_codec()
        documents = (value for store in self._stores for _, value in store.scan(ENTITY))
        return sum(len(msgspec.msgpack.encode(codec.decode(document).log)) for document in documents)
