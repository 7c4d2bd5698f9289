"""The tables of attacks and campaigns in docs/simulator.md, made from the docstrings of the variants.

Pure: the same attacks and page give the same page. What is around the tables is written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator import campaigns
from simulator.attacks import Attack, Variant

_HEADS = {False: "| attack | variants |", True: "| campaign | variants |"}
_RULE = "|---|---|"


def page(text: str, attacks: Mapping[str, Attack]) -> str:
    """`text` with the rows of both tables as `attacks` have them.

    Raises:
        ValueError: a table isn't there, or a variant has no docstring.
    """
    lines = text.splitlines()
    for of_campaigns, head in _HEADS.items():
        rows = [_row(one) for name, one in attacks.items() if name.startswith(campaigns.PREFIX) is of_campaigns]
        lines = _with_rows(lines, head, rows)
    return "\n".join(lines) + "\n"


def _with_rows(lines: Sequence[str], head: str, rows: Sequence[str]) -> list[str]:
    """The lines with the rows of the table below `head`, which ends where a line isn't of a table."""
    begins = next((number for number, line in enumerate(lines) if line == head), -1) + 2
    if lines[begins - 1 : begins] != [_RULE] or begins == 1:
        msg = f"expected a table that begins with the lines {head} and {_RULE}, found none; write them where it belongs"
        raise ValueError(msg)
    ends = next((number for number in range(begins, len(lines)) if not lines[number].startswith("|")), len(lines))
    return [*lines[:begins], *rows, *lines[ends:]]


def _row(attack: Attack) -> str:
    told = "; ".join(_variant(attack, each) for each in attack.tuned)
    apart = "; ".join(_variant(attack, each) for each in attack.held_out)
    held_out = f"**held out**: {apart}" if apart else ""
    return f"| `{attack.name}` | {'; '.join(filter(None, (told, held_out)))} |"


def _variant(attack: Attack, variant: Variant) -> str:
    paragraph = (variant.strike.__doc__ or "").strip().partition("\n\n")[0]
    said = " ".join(paragraph.split()).removesuffix(".").replace("|", "\\|")
    if not said:
        msg = f"{attack.name}:{variant.name}: expected a docstring that says what it does, found none; write one"
        raise ValueError(msg)
    return f"`{variant.name}`: {said}"
