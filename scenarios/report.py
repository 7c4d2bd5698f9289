"""Results of scenarios for the terminal and, as JUnit XML, for CI."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from scenarios.runner import Result
from scenarios.verdict import Problem

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold (W3C, section 2.2)."""


def tree(detection: str, results: Sequence[Result]) -> Tree:
    """The scenarios of one detection, each with what is wrong about it."""
    made = Tree(Text(detection or "scenarios", "bold"))
    for result in results:
        mark, style = ("passed", "green") if result.passed else ("ERROR", "red") if result.error else ("FAILED", "red")
        branch = made.add(
            Text.assemble((mark, style), f"  {result.path.stem}: {result.name}  ", (f"{result.seconds:.2f} s", "dim"))
        )
        if result.error:
            branch.add(Text(result.error))
        for problem in result.problems:
            leaf = branch.add(Text.assemble(("expected  ", "bold"), problem.expected))
            for line in problem.came or ("nothing",):
                leaf.add(Text.assemble(("came  ", "bold"), line))
    return made


def said(result: Result) -> Tree:
    """What a scenario's job said in the end, whether expected or not."""
    made = Tree(Text(f"{result.path.stem}: said", "dim"))
    for line in result.came or ("nothing",):
        made.add(Text(line))
    return made


def summary(results: Sequence[Result]) -> str:
    """How many passed, in words."""
    errors = sum(bool(result.error) for result in results)
    failed = sum(not result.passed for result in results) - errors
    parts = [f"{len(results)} scenarios", f"{len(results) - failed - errors} passed"]
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{errors} can't be run"] if errors else []
    return f"{', '.join(parts)} in {sum(result.seconds for result in results):.1f} s"


def console() -> Console:
    """Where trees go: not wrapped in a pipe."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=10_000)


def junit(results: Sequence[Result], file: Path) -> None:
    """Write the results as JUnit XML (the format of Ant's junitreport, as CI systems read it).

    Raises:
        OSError: it can't be written.
    """
    root = ET.Element("testsuites")
    for detection in dict.fromkeys(result.detection for result in results):
        of = [result for result in results if result.detection == detection]
        suite = ET.SubElement(
            root,
            "testsuite",
            name=detection or "scenarios",
            tests=str(len(of)),
            failures=str(sum(bool(result.problems) for result in of)),
            errors=str(sum(bool(result.error) for result in of)),
            time=f"{sum(result.seconds for result in of):.3f}",
        )
        for result in of:
            case = ET.SubElement(
                suite,
                "testcase",
                classname=f"scenarios.{detection or 'unnamed'}",
                name=_clean(result.name),
                file=str(result.path),
                time=f"{result.seconds:.3f}",
            )
            if result.error:
                ET.SubElement(case, "error", message=_clean(result.error))
            if result.problems:
                failure = ET.SubElement(case, "failure", message=_clean(f"expected {result.problems[0].expected}"))
                failure.text = _clean("\n".join(_lines(result.problems)))
    file.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _lines(problems: Sequence[Problem]) -> Iterator[str]:
    for problem in problems:
        yield f"expected {problem.expected}"
        for line in problem.came or ("nothing",):
            yield f"    came {line}"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
