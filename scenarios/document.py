"""Reads scenarios. Everything wrong with a file is said with its name, the line and the path in it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import yaml

from scenarios.phrases import UnclearError
from scenarios.schema import (
    DeviceSpec,
    Entry,
    Expect,
    ExpectedAlert,
    ExpectedInsight,
    LocationSpec,
    ObjectSpec,
    Scenario,
    UserSpec,
    Who,
)

MOST_BYTES = 1_000_000
REFERENCE = "docs/scenarios.md"

Path_ = Sequence[str | int]

_AT = re.compile(r"(?P<what>.*) - at `(?P<path>key in )?\$(?P<rest>.*)`", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


class ScenarioError(ValueError):
    """A scenario can't be read or run as it is written; the message names file, line, path and remedy."""


class _Loader(yaml.SafeLoader):
    """Texts stay texts: of YAML 1.1's guesses only true, false, null and plain numbers, so that NO and 10:30 are texts.

    A key that is given twice is refused.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(None, None, f"{key.value!r} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9]\d*)$"), list("-0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?\d+\.\d+$"), list("-0123456789"))


@dataclass(frozen=True)
class Document:
    """A scenario with where it is from."""

    path: Path
    scenario: Scenario
    _root: yaml.Node

    def fail(self, path: Path_, message: object) -> NoReturn:
        """Raise a `ScenarioError` about what is at `path`, such as `("timeline", 2, "at")`."""
        raise ScenarioError(_located(self.path, self._root, path, str(message)))

    def who(self, key: str) -> Who:
        """The entry of `who` under a key.

        Raises:
            ScenarioError: it is neither a line nor a `Who`.
        """
        value = self.scenario.who[key]
        if isinstance(value, str):
            return Who(value)
        try:
            return msgspec.convert(value, Who)
        except msgspec.ValidationError as error:
            what, path = _parted(error)
            self.fail(("who", key, *path), _explained(what, Who if not path else LocationSpec))


def read(path: Path) -> Document:
    """Read one scenario.

    Raises:
        ScenarioError: it can't be read, or isn't one.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path}: expected a scenario: {error.strerror}"
        raise ScenarioError(msg) from None
    return parse(data, path)


def parse(data: bytes, path: Path) -> Document:
    """The scenario in a file's content; `path` names it.

    Raises:
        ScenarioError: it isn't one.
    """
    if len(data) > MOST_BYTES:
        msg = f"{path}: expected a scenario of at most {MOST_BYTES} bytes, found {len(data)}"
        raise ScenarioError(msg)
    try:
        loader = _Loader(data)
        node = loader.get_single_node()
        value = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        msg = f"{where}: expected YAML: {error.problem or error.context}"
        raise ScenarioError(msg) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        msg = f"{path}: expected YAML in UTF-8: {error}"
        raise ScenarioError(msg) from None
    if node is None or not isinstance(value, dict):
        msg = f"{path}: expected a scenario with name, who, timeline and expect, found none; {REFERENCE} shows one"
        raise ScenarioError(msg)
    try:
        scenario = msgspec.convert(value, Scenario)
    except msgspec.ValidationError as error:
        what, place = _parted(error)
        raise ScenarioError(_located(path, node, place, _explained(what, _part_at(place)))) from None
    document = Document(path, scenario, node)
    if not scenario.who:
        document.fail(("who",), "expected at least one user, such as ada: weekdays 9-17 in Berlin, 30 days")
    expect = scenario.expect
    if not (expect.alerts or expect.findings or expect.insights or expect.silence or expect.suppressed):
        document.fail(("expect",), "expected alerts, findings, insights, suppressed or silence: else nothing can fail")
    return document


def find(paths: Iterable[Path]) -> list[Path]:
    """The scenario files among files and folders (searched to any depth for *.yaml and *.yml), sorted, each once.

    Raises:
        ScenarioError: a path doesn't exist, or a folder has none.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files = sorted(file for file in path.rglob("*.y*ml") if file.suffix in (".yaml", ".yml") and file.is_file())
            if not files:
                msg = f"{path}: expected scenarios, *.yaml, in this folder; found none"
                raise ScenarioError(msg)
            found.update(dict.fromkeys(files))
        elif path.exists():
            found[path] = None
        else:
            msg = f"{path}: expected a scenario or a folder of them, found nothing there"
            raise ScenarioError(msg)
    return list(found)


def _parted(error: msgspec.ValidationError) -> tuple[str, list[str | int]]:
    match = _AT.fullmatch(str(error))
    if match is None:
        return str(error), []
    path: list[str | int] = [int(index) if index else name for name, index in _STEP.findall(match["rest"])]
    return match["what"], path


def _part_at(path: Path_) -> type[msgspec.Struct]:
    """The struct that a path leads into."""
    names = [step for step in path if isinstance(step, str)]
    last: dict[str | int, type[msgspec.Struct]] = {
        "device": DeviceSpec,
        "location": LocationSpec,
        "objects": ObjectSpec,
        "impersonated": UserSpec,
    }
    if names[:1] == ["timeline"]:
        return last.get(names[-1], Entry)
    if names[:1] == ["expect"]:
        expected: dict[str, type[msgspec.Struct]] = {
            "alerts": ExpectedAlert,
            "findings": ExpectedAlert,
            "insights": ExpectedInsight,
        }
        return expected.get(names[-1], Expect)
    return Scenario


def _explained(what: str, part: type[msgspec.Struct]) -> str:
    match = _UNKNOWN.fullmatch(what)
    if match is None:
        return what
    fields = ", ".join(field.encode_name for field in msgspec.structs.fields(part))
    return f"expected one of {fields}; found {match[1]!r}; {REFERENCE} says what they mean"


def _located(file: Path, root: yaml.Node, path: Path_, message: str) -> str:
    """`file:line: $.path: message`."""
    node = root
    for step in path:
        inner = _inside(node, step)
        if inner is None:
            break
        node = inner
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return f"{file}:{node.start_mark.line + 1}: ${text}: {message}"


def _inside(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item: yaml.Node = node.value[step]
        return item
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    return None


__all__ = ["Document", "ScenarioError", "UnclearError", "find", "parse", "read"]
