"""docs/activities.md says everything there is, and its examples are read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from activities.activity import Activity, Category, Device, Location, Object, Outcome, Raw, User, UserType
from activities.formats import FORMATS, parse_line
from activities.tags import Tag

PAGE = Path(__file__).parents[2] / "docs" / "activities.md"
TEXT = PAGE.read_text(encoding="utf-8")
STRUCTS: list[type[msgspec.Struct]] = [Activity, User, Location, Device, Object, Raw]


def section(title: str) -> str:
    """The text under a heading, up to the next one of the same depth or above."""
    found = re.search(rf"^(#+) {title}$\n(.*?)(?=^#{{1,3}} |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"{PAGE} has no section {title!r}"
    return found[2]


def rows(title: str) -> list[str]:
    """The first column of the table in a section, header left off."""
    return re.findall(r"^\| `(\w+)` \|", section(title), re.MULTILINE)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_field_is_documented_in_order(struct: type[msgspec.Struct]) -> None:
    assert rows(struct.__name__) == list(struct.__struct_fields__)


def test_every_category_is_documented_in_order() -> None:
    assert rows("Categories") == [category.value for category in Category]


def test_every_tag_is_documented_in_order() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", section("Tags"), re.MULTILINE) == [tag.value for tag in Tag]


@pytest.mark.parametrize("value", [*Outcome, *UserType, *FORMATS])
def test_every_value_is_documented(value: str) -> None:
    assert f"`{value}`" in TEXT


def test_the_examples_are_read() -> None:
    smallest, full = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    (activity,) = parse_line(smallest.encode(), "auto", "default", Raw())
    assert isinstance(activity, Activity)
    (activity,) = parse_line(full.encode(), "auto", "default", Raw())
    assert isinstance(activity, Activity)
    assert set(json.loads(full)) == set(Activity.__struct_fields__) - {"source", "raw"}
    assert 0 < activity.ingested - activity.time < 60_000
    assert f"`{activity.time}`" in TEXT
