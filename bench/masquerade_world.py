"""A made-up set of masquerade data: users with tasks that drift, and blocks of other users put in between.

    python -m bench.masquerade_world OUT --seed 1 --alike 0.3

writes OUT/actions.csv (user,action) and OUT/labels.txt (blocks down, users across). Frequencies are Zipfian, users
have own preferences within a role, work in tasks (fixed scripts, or Markov chains over a few commands), and change them
now and then. As with Schonlau et al., a block after the training becomes a masquerader's with a chance of 1 %, stays so
with 80 %, and masqueraders are users who are in the data with nothing else.
"""

from __future__ import annotations

import argparse
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from math import exp
from pathlib import Path
from random import Random

Task = tuple[list[int], dict[int, list[float]]]
"""Commands, and for each the cumulated weights of what follows; none for a script, which runs from end to end."""

COMMANDS, LENGTH, TRAIN, BLOCK = 800, 15_000, 5_000, 100


class Person:
    """One who acts."""

    def __init__(self, chance: Random, role: Sequence[float], pool: Sequence[Task], alike: float, drift: float) -> None:
        """With preferences around a role's; `alike` of the tasks come from the common pool."""
        self._chance, self._pool, self._alike = chance, pool, alike
        self._cumulated = list(accumulate(weight * chance.gammavariate(0.4, 1) for weight in role))
        self._drift = drift * exp(chance.gauss(0, 1))
        self._noise = 0.08 * exp(chance.gauss(0, 0.7))
        self._tasks: list[Task] = []
        self._weights: list[float] = []
        for _ in range(chance.choice((5, 8, 12, 18))):
            self._begin()

    def act(self, number: int) -> list[int]:
        """The next commands."""
        chance, done = self._chance, list[int]()
        while len(done) < number:
            if chance.random() < 0.02 * self._drift:
                self._change()
            commands, after = chance.choices(self._tasks, self._weights)[0]
            if not after:
                for _ in range(1 + int(chance.expovariate(0.5))):
                    done += [self._draw() if chance.random() < 0.03 else command for command in commands]  # noqa: PLR2004
                continue
            command = chance.choice(commands)
            for _ in range(1 + int(chance.expovariate(1 / 40))):
                done.append(command)
                if chance.random() < self._noise:
                    done.append(self._draw())
                command = commands[bisect(after[command], chance.random() * after[command][-1])]
        return done[:number]

    def _draw(self) -> int:
        return bisect(self._cumulated, self._chance.random() * self._cumulated[-1])

    def _begin(self) -> None:
        chance = self._chance
        self._weights.append(chance.gammavariate(0.6, 1) + 0.01)
        if self._pool and chance.random() < self._alike:
            self._tasks.append(self._pool[min(len(self._pool) - 1, int(chance.expovariate(4 / len(self._pool))))])
            return
        number = max(2, int(chance.lognormvariate(1.8, 0.6)))
        self._tasks.append(make_task(chance, [self._draw() for _ in range(number)]))

    def _change(self) -> None:
        """A task begins, mostly in place of another; sometimes several at once, that then are the most of it."""
        chance = self._chance
        for _ in range(chance.choice((1, 1, 1, 1, 1, 1, 1, 3))):
            self._begin()
        if len(self._tasks) > 6 and chance.random() < 0.8:  # noqa: PLR2004
            gone = chance.randrange(len(self._tasks) - 1)
            del self._tasks[gone], self._weights[gone]
        self._weights = [weight * exp(chance.gauss(0, 0.3)) for weight in self._weights]


def make_task(chance: Random, commands: list[int]) -> Task:
    """A script or a chain over these commands."""
    if chance.random() < 0.35:  # noqa: PLR2004
        return commands[:12], {}
    return commands, {c: list(accumulate(chance.gammavariate(0.35, 1) + 1e-3 for _ in commands)) for c in set(commands)}


def make(
    seed: int, users: int = 50, others: int = 20, alike: float = 0.3, drift: float = 1.0
) -> tuple[list[list[int]], list[list[bool]]]:
    """Commands of each user, masquerades put in, and whether each block behind the training is one."""
    chance = Random(seed)
    common = [1 / (place + 2.7) ** 1.15 for place in range(COMMANDS)]
    roles = [[weight * chance.gammavariate(1.0, 1) for weight in common] for _ in range(4)]
    cumulated = list(accumulate(common))
    pool = [
        make_task(chance, [bisect(cumulated, chance.random() * cumulated[-1]) for _ in range(chance.randint(2, 12))])
        for _ in range(80)
    ]
    people = [Person(chance, chance.choice(roles), pool, alike, drift).act(LENGTH) for _ in range(users + others)]
    labels = []
    for user in people[:users]:
        marked: list[bool] = []
        intruder, place = -1, 0
        for start in range(TRAIN, LENGTH, BLOCK):
            if intruder < 0 and chance.random() < 0.01:  # noqa: PLR2004
                intruder, place = chance.randrange(others), chance.randrange(LENGTH // BLOCK - 40)
            elif intruder >= 0:
                intruder, place = (intruder, place + 1) if chance.random() < 0.8 else (-1, 0)  # noqa: PLR2004
            if intruder >= 0:
                at = place % (LENGTH // BLOCK) * BLOCK
                user[start : start + BLOCK] = people[users + intruder][at : at + BLOCK]
            marked.append(intruder >= 0)
        labels.append(marked)
    return people[:users], labels


def main(arguments: Sequence[str] | None = None) -> None:
    """Make a world and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--alike", type=float, default=0.3, help="share of tasks that users have in common")
    parser.add_argument("--drift", type=float, default=1.0)
    chosen = parser.parse_args(arguments)
    people, labels = make(chosen.seed, chosen.users, alike=chosen.alike, drift=chosen.drift)
    chosen.out.mkdir(parents=True, exist_ok=True)
    lines = [f"user{place},command{command}\n" for place, user in enumerate(people, 1) for command in user]
    (chosen.out / "actions.csv").write_text("".join(lines))
    rows = (" ".join(str(int(label)) for label in row) for row in zip(*labels, strict=True))
    (chosen.out / "labels.txt").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
