"""docs/scenarios.md: its examples pass, and it leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from scenarios import devices, steps
from scenarios.document import parse
from scenarios.places import KINDS
from scenarios.runner import Runner
from scenarios.schema import Entry, Expect, ExpectedAlert, ExpectedInsight, Scenario, Who

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"
TEXT = PAGE.read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
NAMED = set(re.findall(r"`([^`\n]+)`", TEXT))


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_examples_pass(number: int) -> None:
    assert Runner().run(parse(EXAMPLES[number].encode(), PAGE)).problems == ()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("part", [Scenario, Who, Entry, Expect, ExpectedAlert, ExpectedInsight])
def test_every_field_is_named(part: type[msgspec.Struct]) -> None:
    assert {field.encode_name for field in msgspec.structs.fields(part)} <= NAMED


def test_every_shortcut_device_app_and_network_is_named() -> None:
    assert steps.STEPS.keys() <= NAMED
    assert steps.APPS.keys() <= NAMED
    assert set(devices.NAMES) <= NAMED
    assert all(any(name.startswith(kind) for name in NAMED) for kind in KINDS if kind != "home")
