"""Standard output: tables for people, lines for programs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Console, RenderableType

PLAIN_WIDTH: Final = 10_000
"""Columns of output that no terminal shows: nothing is cut or wrapped for a pipe."""

_STEERING: Final = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that JSON leaves as they are though they steer a terminal or reorder its text."""


def display(content: RenderableType) -> None:
    """Colours and the terminal's width on a terminal; else plain, one line a row."""
    is_terminal = sys.stdout.isatty()
    console = Console(
        file=sys.stdout,
        force_terminal=is_terminal,
        color_system="auto" if is_terminal else None,
        width=None if is_terminal else PLAIN_WIDTH,
        highlight=False,
        emoji=False,
        markup=False,
    )
    with console.capture() as captured:
        console.print(content)
    write([captured.get()])


def json_lines(texts: Iterable[bytes]) -> Iterator[str]:
    """JSON texts, one a line, what steers a terminal escaped in them."""
    for text in texts:
        yield _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text.decode()) + "\n"


def write(texts: Iterable[str]) -> None:
    """To standard output in UTF-8; a reader that went away, such as `head`, is no error."""
    try:
        for text in texts:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered would fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
