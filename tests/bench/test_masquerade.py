"""The masquerade bench: what it reads and counts, and that the action profile finds masqueraders in made-up data."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from bench import masquerade, masquerade_world
from bench.masquerade_files import DataError, read_actions, read_labels
from bench.ranking import auc, hits
from stateful.models import Habits

BLOCKS = {"User1": 3, "User2": 3}
EXPECTED = {"User1": [False, True, False], "User2": [False, False, True]}


def test_lines_and_folders_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "lines.csv").write_text("user,action\nUser2,ls\nUser10,cat a,b\nUser2,vi\n")
    folder = tmp_path / "users"
    folder.mkdir()
    (folder / "User10").write_text("cat a,b\n")
    (folder / "User2").write_text("ls\nvi\n")
    (folder / "masquerade_summary.txt").write_text("0 0\n")
    expected = {"User2": ["ls", "vi"], "User10": ["cat a,b"]}
    assert read_actions(tmp_path / "lines.csv") == read_actions(folder) == expected
    assert list(read_actions(folder)) == ["User2", "User10"]


@pytest.mark.parametrize(
    "text",
    [
        "0 0\n1 0\n0 1\n",
        "User1,User2\n0,0\n1,0\n0,1\n",
        "0 1 0\n0 0 1\n",
        "1 1\n0 0\n1 0\n0 1\n",
        "user,block,label\nUser1,0,0\nUser1,1,1\nUser2,2,1\n",
        "User1,1,0\nUser1,2,1\nUser1,3,0\nUser2,3,1\n",
        "User1,0\nUser1,1\nUser1,0\nUser2,0\nUser2,0\nUser2,1\n",
    ],
)
def test_labels_in_all_forms_say_the_same(tmp_path: Path, text: str) -> None:
    path = tmp_path / "labels"
    path.write_text(text)
    assert read_labels(path, BLOCKS) == EXPECTED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected labels; found none"),
        ("0 0\n0 1\n", "expected a matrix of 3 blocks and 2 users; found 2 rows"),
        ("Eve,1,1\n", "row 1: expected user,block,label or user,label of a user of the data"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "labels"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_labels(path, BLOCKS)


def test_actions_that_cannot_be_read_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "actions"
    path.write_text("User1,ls\nno comma\n")
    with pytest.raises(DataError, match="actions:2: expected user,action; found 'no comma'"):
        read_actions(path)


def test_hits_and_area_are_counted_at_one_threshold() -> None:
    scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    labels = [False, False, False, False, False, False, False, True, False, True]
    assert auc(scores, labels) == 15 / 16
    assert hits(scores, labels, 0.0) == (0.5, 1.0)
    assert hits(scores, labels, 0.125) == (1.0, 0.8)
    assert auc(scores, [False] * 10) is None
    assert auc([1.0] * 10, labels) == 0.5


@pytest.mark.parametrize(("alike", "drift"), [(0.3, 1.0), (0.5, 2.0)])
def test_masqueraders_are_found_by_the_users_own_habits(tmp_path: Path, alike: float, drift: float) -> None:
    world = ["--seed", "11", "--users", "16", "--alike", str(alike), "--drift", str(drift)]
    masquerade_world.main([str(tmp_path), *world])
    out = tmp_path / "out.json"
    labels = str(tmp_path / "labels.txt")
    masquerade.main([str(tmp_path / "actions.csv"), "--labels", labels, "--json", str(out)])
    found = json.loads(out.read_bytes())
    assert found["blocks"] == len(found["block_scores"]) == 1600
    assert found["masquerades"] == sum(block["label"] for block in found["block_scores"])
    assert found["hits_at_5%"] >= 0.6
    assert found["auc"] >= 0.9


# The profile by itself.

OWN, OTHER = ["ls", "cd", "vi", "make", "ls", "git"], ["ssh", "scp", "tar", "nc"]


def acting(chance: Random, words: list[str], number: int) -> list[str]:
    return [word for _ in range(number) for word in ([words[0], words[1]] if chance.random() < 0.3 else words)][:number]


def test_an_intruder_is_noticed_while_acting_and_not_learnt() -> None:
    chance, habits = Random(3), Habits()
    for action in acting(chance, OWN, 3000):
        habits.add(action)
    assert habits.latest > 0.05
    noticed = [habits.latest for action in acting(chance, OTHER, 300) if habits.add(action)]
    assert noticed[1] < 0.05
    assert min(noticed) < 0.01
    for action in acting(chance, OWN, 300):
        habits.add(action)
    assert habits.latest > 0.05
    assert habits.score(acting(chance, OTHER, 100)) < 0.01


def test_a_new_job_is_learnt_after_patience() -> None:
    chance, habits = Random(4), Habits()
    for action in acting(chance, OWN, 3000):
        habits.add(action)
    for action in acting(chance, OTHER, Habits.STEP * (Habits.PATIENCE + 40)):
        habits.add(action)
    assert habits.latest > 0.05


def test_one_new_command_run_all_the_time_is_not_another_user() -> None:
    chance, habits = Random(5), Habits()
    for _ in range(40):
        habits.learn(acting(chance, OWN, 100))
    block = acting(chance, OWN, 100)
    block[40:70] = ["pytest"] * 30
    scattered = [*block[:40], *[f"command {n}" for n in range(30)], *block[70:]]
    assert habits.score(scattered) < 0.01 < habits.score(block)
