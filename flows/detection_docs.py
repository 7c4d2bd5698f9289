"""docs/detections: a page for each detection and an index, made from what the detections declare.

Pure but for reading scenarios: the same declarations and scenarios give the same pages.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from activities.activity import Category
from scenarios.document import Document, ScenarioError, find, read
from stateful.attack import VERSION, Technique
from stateful.detection import Detection

INDEX = "README.md"
MARK = "<!-- Made by `anput docs detections`: change the detection, not this page. -->"


def pages(detections: Mapping[str, Detection], scenarios: Iterable[Document], out: Path) -> dict[str, str]:
    """File name -> Markdown.

    Args:
        detections: by id.
        scenarios: those of all of them.
        out: where the pages are to be, for links from there.
    """
    found = list(scenarios)
    made = {
        f"{name}.md": _page(one, [s for s in found if s.path.parent.name == name], out)
        for name, one in detections.items()
    }
    return {INDEX: _index(detections), **made}


def scenarios_in(folder: Path) -> list[Document]:
    """The scenarios in a folder; none if there is no such folder.

    Raises:
        ScenarioError: one can't be read.
    """
    try:
        files = find([folder]) if folder.is_dir() else []
    except ScenarioError:
        return []
    return [read(file) for file in files]


def outdated(out: Path, made: Mapping[str, str]) -> list[str]:
    """Names of pages in a folder that are missing, not as `made` has them, or of detections that are gone."""
    different = [
        name for name, text in made.items() if not (out / name).is_file() or (out / name).read_text("utf-8") != text
    ]
    return sorted({*different, *_gone(out, made)})


def write(out: Path, made: Mapping[str, str]) -> list[str]:
    """Make a folder's pages as `made` has them; returns the names of those that changed.

    Raises:
        OSError: it can't be written.
    """
    changed = outdated(out, made)
    out.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in made:
            (out / name).write_text(made[name], "utf-8")
        else:
            (out / name).unlink()
    return changed


def _gone(out: Path, made: Mapping[str, str]) -> list[str]:
    """Pages that were made once and aren't any more. Others' files are left alone."""
    return [page.name for page in out.glob("*.md") if page.name not in made and MARK in page.read_text("utf-8")]


def _index(detections: Mapping[str, Detection]) -> str:
    rows = [
        f"| [{one.title}]({name}.md) | `{name}` | {one.severity.value} | {_ids(one.techniques)} | {_learning(one)} |"
        for name, one in detections.items()
    ]
    lines = [
        MARK,
        "# Detections",
        "",
        f"{len(detections)} detections; techniques are of MITRE ATT&CK v{VERSION}. To write one: "
        "[docs/architecture.md](../architecture.md#adding-a-detection).",
        "",
        "| | id | severity | ATT&CK | learns for |",
        "|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def _page(one: Detection, scenarios: list[Document], out: Path) -> str:
    lines = [
        MARK,
        f"# {one.title}",
        "",
        one.description,
        "",
        "| | |",
        "|---|---|",
        f"| id | `{one.id}`, version {one.version} |",
        f"| severity | {one.severity.value} |",
        f"| ATT&CK v{VERSION} | {'; '.join(map(_technique, one.techniques)) or 'none'} |",
        f"| learns for | {_learning(one)} |",
        f"| looks at | {_categories(one)} |",
        f"| features | {', '.join(f'`{feature.name}`' for feature in one.features) or 'none'} |",
        f"| quiet | {_cell(one.quiet) or 'nothing quiets it'} |",
        "",
        "## Settings",
        "",
        *_settings(one),
    ]
    if one.runbook:
        lines += ["", "## What to do", ""]
        lines += [f"{number}. {step}" for number, step in enumerate(one.runbook, 1)]
    if scenarios:
        lines += ["", "## Scenarios", "", "| | expects |", "|---|---|"]
        lines += [f"| [{_cell(s.scenario.name)}]({_link(s.path, out)}) | {_expects(s)} |" for s in scenarios]
    return "\n".join(lines) + "\n"


def _settings(one: Detection) -> list[str]:
    if not one.settings:
        return ["It has no thresholds; `enabled = false` under `[detections." + one.id + "]` turns it off."]
    values = ", ".join(f"{name} = {value:g}" for name, value in one.settings.items())
    return [
        "In `anput.toml`, with their defaults:",
        "",
        "```toml",
        f"[detections.{one.id}]",
        f"settings = {{ {values} }}",
        "```",
    ]


def _technique(technique: Technique) -> str:
    place = technique.id.replace(".", "/")
    return f"[{technique.id}](https://attack.mitre.org/techniques/{place}/) {technique.name} ({technique.tactic})"


def _ids(techniques: Iterable[Technique]) -> str:
    return ", ".join(dict.fromkeys(technique.id for technique in techniques))


def _learning(one: Detection) -> str:
    if not one.learning_days:
        return "not at all"
    days = f"{one.learning_days:g} day{'s' * (one.learning_days != 1)}"
    return f"{days}; before, what peers and tenant find rare too" if one.judged_by_others else days


def _categories(one: Detection) -> str:
    """In the order of their declaration; all but a few by what is left out."""
    if not one.categories or len(one.categories) == len(Category):
        return "all activities"
    few = len(Category) // 2
    if len(one.categories) > few:
        return "all but " + ", ".join(f"`{each.value}`" for each in Category if each not in one.categories)
    return ", ".join(f"`{each.value}`" for each in Category if each in one.categories)


def _expects(scenario: Document) -> str:
    expect, own = scenario.scenario.expect, scenario.scenario.detection
    said = [one for one in (*expect.alerts, *expect.findings) if (one.detection or own) == own and not one.closed]
    if expect.suppressed:
        return f"suppressed by {', '.join(expect.suppressed)}"
    if not said:
        return "silence"
    severities = dict.fromkeys(one.severity.value for one in said if one.severity)
    return "a finding" if not expect.alerts else "an alert" + (f", {', '.join(severities)}" if severities else "")


def _link(file: Path, out: Path) -> str:
    return Path(os.path.relpath(file, out)).as_posix().replace(" ", "%20")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
