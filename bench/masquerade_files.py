"""Reads masquerade data: who did what, in order, and which blocks were somebody else."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

Actions = dict[str, list[str]]
Labels = dict[str, list[bool]]


class DataError(ValueError):
    """A file isn't what was expected; the message names it."""


def read_actions(path: Path) -> Actions:
    """Actions by user, in order.

    Args:
        path: a file of `user,action` lines; or a folder with a file of one action a line for each user, named as the
            user, as the data of Schonlau et al. (Computer Intrusion: Detecting Masquerades, Statistical Science 2001)
            are distributed.

    Raises:
        DataError: there are no actions in it, or a line of another form.
    """
    found: Actions = {}
    if path.is_dir():
        users = filter(_is_user, path.iterdir())
        for file in sorted(users, key=lambda entry: natural(entry.stem)):
            found[file.stem] = [line.strip() for line in _lines(file) if line.strip()]
    else:
        for number, line in enumerate(_lines(path), 1):
            user, comma, action = line.strip().partition(",")
            if not line.strip() or (number == 1 and (user.lower(), action.lower()) in _HEADERS):
                continue
            if not comma:
                msg = f"{path}:{number}: expected user,action; found {line.strip()[:80]!r}"
                raise DataError(msg)
            found.setdefault(user.strip(), []).append(action.strip())
    if not any(found.values()):
        msg = (
            f"{path}: expected a file of user,action lines or a folder with a file of actions for each user; found none"
        )
        raise DataError(msg)
    return found


def read_labels(path: Path, blocks: dict[str, int]) -> Labels:
    """Whether each block behind the training was somebody else, by user.

    Args:
        path: a matrix of 0 and 1, blocks down and users across (as in Schonlau's `masquerade_summary.txt`) or the other
            way round, separated by blanks or commas, users in the order of the data; or lines `user,block,label`,
            blocks counted from 0 or 1, unnamed ones being the user's own; or lines `user,label`, blocks in order.
        blocks: user -> blocks behind the training. Where there are labels for the blocks of the training, too, the last
            ones count.

    Raises:
        DataError: it is of another form or another size.
    """
    rows = [[cell.strip() for cell in row] for row in _rows(path)]
    if rows and not _is_binary(rows[0][-1]):
        rows = rows[1:]
    if not rows:
        msg = f"{path}: expected labels; found none"
        raise DataError(msg)
    if all(_is_binary(cell) for row in rows for cell in row):
        return _from_matrix(path, rows, blocks)
    named: dict[str, list[bool]] = {user: [] for user in blocks}
    placed: list[tuple[str, int, bool]] = []
    for number, row in enumerate(rows, 1):
        if row[0] not in blocks or len(row) not in (2, 3) or not _is_binary(row[-1]):
            msg = f"{path}: row {number}: expected user,block,label or user,label of a user of the data; found {row!r}"
            raise DataError(msg)
        if len(row) == 2:  # noqa: PLR2004
            named[row[0]].append(float(row[1]) > 0)
        else:
            placed.append((row[0], int(row[1]), float(row[2]) > 0))
    first = min((block for _, block, _ in placed), default=0)
    for user, block, label in placed:
        known = named[user]
        known.extend([False] * (block - min(first, 1) + 1 - len(known)))
        known[block - min(first, 1)] = label
    return {user: _fitted(path, user, labels, blocks[user]) for user, labels in named.items()}


def natural(name: str) -> list[tuple[int, str]]:
    """A key by which User2 comes before User10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.findall(r"\d+|\D+", name)]


_HEADERS = {("user", "action"), ("user", "command"), ("user", "cmd")}


def _from_matrix(path: Path, rows: list[list[str]], blocks: dict[str, int]) -> Labels:
    width = {len(row) for row in rows}
    if width == {len(blocks)} and len(rows) >= max(blocks.values()):
        columns = list(zip(*rows, strict=True))
    elif len(rows) == len(blocks) and min(width) >= max(blocks.values()):
        columns = [tuple(row) for row in rows]
    else:
        msg = (
            f"{path}: expected a matrix of {max(blocks.values())} blocks and {len(blocks)} users; "
            f"found {len(rows)} rows of {sorted(width)} columns"
        )
        raise DataError(msg)
    return {
        user: _fitted(path, user, [float(cell) > 0 for cell in column], blocks[user])
        for user, column in zip(blocks, columns, strict=True)
    }


def _fitted(path: Path, user: str, labels: list[bool], number: int) -> list[bool]:
    if not labels:
        return [False] * number
    if len(labels) < number:
        return labels + [False] * (number - len(labels))
    return labels[len(labels) - number :]


def _rows(path: Path) -> Iterator[list[str]]:
    for line in _lines(path):
        if line.strip():
            yield next(csv.reader([line])) if "," in line else line.split()


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from file


def _is_binary(cell: str) -> bool:
    return cell in ("0", "1", "0.0", "1.0")


def _is_user(path: Path) -> bool:
    return path.is_file() and path.suffix in ("", ".txt") and not re.search("summary|label|readme", path.stem.lower())
