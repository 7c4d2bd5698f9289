"""The same history through two settings: what is new, gone and changed."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from flows.cli import app

START, HOUR = 1_767_571_200_000, 3_600_000


def downloads(path: Path) -> None:
    """Ten days of a few downloads by each of three; then a hundred and sixty, and fifty, in an hour."""
    found = []
    for day in range(10):
        found += [
            (day * 24 + 9 + k / 10, f"u{n}@example.com", f"{day}-{k}")
            for n in range(3)
            for k in range(1 + (day + n) % 3)
        ]
    found += [(250 + k / 1000, "u0@example.com", f"many-{k}") for k in range(160)]
    found += [(250 + k / 1000, "u1@example.com", f"some-{k}") for k in range(50)]
    with path.open("w") as file:
        for hour, user, name in sorted(found):
            entry = {
                "tenant": "acme", "id": f"{user} {name}", "time": START + round(hour * HOUR), "user": user,
                "action": "FileDownloaded", "category": "download", "app": "SharePoint", "ip": "192.0.2.1",
                "objects": [{"type": "file", "name": name, "bytes": 1000}],
            }  # fmt: skip
            file.write(json.dumps(entry) + "\n")


def test_the_difference_between_two_settings(tmp_path: Path) -> None:
    downloads(tmp_path / "log.jsonl")
    old, new, out = (tmp_path / name for name in ("old.toml", "new.toml", "out.json"))
    old.write_text("key_groups = 4\n")
    new.write_text(
        "key_groups = 4\n[[suppressions]]\nname = 'sync'\nreason = 'a sync client'\nusers = ['u0@*']\n"
        "detections = ['mass_download']\n"
    )
    files = ["--input", str(tmp_path / "log.jsonl"), "--json", str(out)]
    result = CliRunner().invoke(app, ["backtest", *files, "--baseline", str(old), "--candidate", str(new)])
    assert result.exit_code == 0, (result.output, result.stderr)
    found = json.loads(out.read_bytes())
    gone = [(d["user"], d["title"]) for d in found["differences"] if d["change"] == "gone"]
    assert gone == [("u0@example.com", "Mass download")]
    assert found["baseline"] == found["candidate"] + 1 == found["same"] + 1
    assert "1 gone" in result.stdout


def test_nobody_hears_of_it(tmp_path: Path) -> None:
    downloads(tmp_path / "log.jsonl")
    state, alerts, lines = (tmp_path / name for name in ("state", "alerts.db", "alerts.jsonl"))
    config = tmp_path / "anput.toml"
    outputs = f"state = '{state}'\nalerts = '{alerts}'\nalerts_jsonl = '{lines}'\nlanes = '{tmp_path / 'lanes'}'\n"
    config.write_text(f"key_groups = 4\nfollow = true\nalerts_webhook = 'http://127.0.0.1:9/'\n{outputs}")
    both = ["--baseline", str(config), "--candidate", str(config)]
    result = CliRunner().invoke(app, ["backtest", "--input", str(tmp_path / "log.jsonl"), *both])
    assert result.exit_code == 0, (result.output, result.stderr)
    assert "1 alerts before, 1 after: 1 the same" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["anput.toml", "log.jsonl"]


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    downloads(tmp_path / "log.jsonl")
    (tmp_path / "good.toml").write_text("")
    (tmp_path / "bad.toml").write_text("key_groups = 0\n")
    arguments = ["backtest", "--input", str(tmp_path / "log.jsonl"), "--baseline", str(tmp_path / "good.toml")]
    wrong = CliRunner().invoke(app, [*arguments, "--candidate", str(tmp_path / "bad.toml")])
    assert (wrong.exit_code, "the candidate's settings failed" in wrong.stderr) == (1, True)
    assert "setting key_groups: expected 1 to 65536" in wrong.stderr
    none = CliRunner().invoke(app, [*arguments, "--candidate", str(tmp_path / "none.toml")])
    assert (none.exit_code, "none.toml: expected a settings file" in none.stderr) == (2, True)
