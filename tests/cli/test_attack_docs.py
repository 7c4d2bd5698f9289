"""`anput docs attacks`: the tables of attacks and campaigns say what there is, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import simulator.attacks
from flows import attack_docs
from flows.cli import app
from simulator.attacks import Attack, Variant
from simulator.scene import Scene, anybody

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"
EMPTY = """# Page

| attack | variants |
|---|---|
| `gone` | `once`: An attack that is gone |

Between.

| campaign | variants |
|---|---|"""


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["docs", "attacks", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def loud(scene: Scene) -> None:
    """With | and
    over two lines.

    Not told.
    """


def untold(scene: Scene) -> None:
    pass


def quiet(scene: Scene) -> None:
    """By night."""


def test_the_page_of_this_checkout_is_up_to_date() -> None:
    """If not: make it by `anput docs attacks`."""
    text = PAGE.read_text("utf-8")
    assert attack_docs.page(text, simulator.attacks.attacks()) == text


def test_all_variants_are_in_the_tables_and_the_rest_stays() -> None:
    known = simulator.attacks.attacks()
    made = attack_docs.page(EMPTY, known).splitlines()
    assert [line for line in made if not line.startswith("| `")] == [
        line for line in EMPTY.splitlines() if not line.startswith("| `")
    ]
    rows = {line.split("`")[1]: line for line in made if line.startswith("| `")}
    assert set(rows) == set(known)
    between = made.index("Between.")
    for name, attack in known.items():
        assert all(f"`{variant.name}`: " in rows[name] for variant in attack.variants), name
        assert (made.index(rows[name]) > between) is name.startswith("campaign_")


def test_a_row_has_the_first_paragraphs_and_what_is_held_out_last() -> None:
    variants = (Variant("quiet", anybody, quiet, held_out=True), Variant("loud", anybody, loud))
    made = attack_docs.page(EMPTY, {"noise": Attack("noise", variants)})
    assert "| `noise` | `loud`: With \\| and over two lines; **held out**: `quiet`: By night |" in made.splitlines()
    made = attack_docs.page(EMPTY, {"noise": Attack("noise", variants[:1])})
    assert "| `noise` | **held out**: `quiet`: By night |" in made.splitlines()


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match=r"noise:untold: expected a docstring .* found none"):
        attack_docs.page(EMPTY, {"noise": Attack("noise", (Variant("untold", anybody, untold),))})
    for text in ("", "# Page\n", "|---|---|\n", "| attack | variants |", "| attack | variants |\nrows\n"):
        with pytest.raises(ValueError, match=r"expected a table that begins with the lines \| attack \| variants \|"):
            attack_docs.page(text, {})


def test_it_is_written_and_checked(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert call("--page", page)[0] == 2
    page.write_text("no table")
    code, output = call("--page", page)
    assert (code, page.read_text()) == (2, "no table")
    assert f"anput: {page}: expected a table" in output
    page.write_text(EMPTY)
    assert call("--page", page, "--check") == (1, f"{page}: not up to date\n")
    assert page.read_text() == EMPTY
    assert call("--page", page) == (0, f"{page}: written\n")
    assert call("--page", page, "--check") == (0, "")
    assert call("--page", page) == (0, "")
