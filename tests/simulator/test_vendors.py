"""What each vendor would log, read back by the parsers that customers' logs are read by."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import simulator.attacks
from activities.activity import NO_RAW, Activity, Category, UserType
from activities.formats import parse_line, parse_record
from simulator.episodes import episodes
from simulator.operations import ENTRA, MICROSOFT
from simulator.record import Account, Event, rfc3339
from simulator.simulate import START, simulate
from simulator.streams import guid
from simulator.truth import Truth
from simulator.vendors import VENDORS
from simulator.vendors.vendor import Vendor
from simulator.victims import strikes
from simulator.world import World

TENANT = "acme"
WIRE = [name for name in VENDORS if name != "native"]
SHAREPOINT = f"https://{TENANT}.sharepoint.com/"
CODES = {
    "m365": {
        "500121": "AuthenticationFailedSasError",
        "50034": "UserAccountNotFound",
        "50053": "IdsLocked",
        "50057": "UserDisabled",
        "50074": "UserStrongAuthClientAuthNRequiredInterrupt",
        "50126": "InvalidUserNameOrPassword",
        "53003": "BlockedByConditionalAccess",
        "90094": "AdminConsentRequired",
        "denied": "accessdenied",
    },
    "okta": {"50034": "VERIFICATION_ERROR", "50053": "LOCKED_OUT", "50126": "INVALID_CREDENTIALS"},
}
"""How a vendor calls what another one has a number for."""
NOT_NAMED = frozenset(
    # What these vendors' records don't have, or what the parser doesn't take from them.
    "AppAddress alarm certificate channel device domain filter group instance_type ip_set load_balancer permission "
    "permission_set query resource retention_days role service serviceprincipal target_group team zone".split()
)
NOT_NAMED_BY = {
    ("cloudtrail", "AttachManagedPolicyToPermissionSet"): {"policy"},
    ("cloudtrail", "CreateAccountAssignment"): {"user"},
    ("cloudtrail", "CreateInstances"): {"bundle"},
    ("cloudtrail", "DeleteImagePipeline"): {"pipeline"},
    ("cloudtrail", "DeleteLaunchTemplate"): {"template"},
    ("cloudtrail", "DeleteRule"): {"rule"},
    ("cloudtrail", "DeleteStackSet"): {"stack"},
    ("cloudtrail", "DisassociateResolverQueryLogConfig"): {"vpc"},
    ("cloudtrail", "UnlockRule"): {"rule"},
    ("cloudtrail", "UpdateDetector"): {"feature"},
    ("cloudtrail", "UpdateTrail"): {"key"},
    ("m365", "Add administrative unit."): {"administrativeunit"},
    ("m365", "Add member to administrative unit."): {"administrativeunit"},
    ("m365", "Add scoped member to role."): {"administrativeunit"},
    ("m365", "MemberAdded"): {"guest"},
    ("m365", "MessageCreatedHasLink"): {"user"},
    ("m365", "MessageSent"): {"guest"},
    ("m365", "RecordingExported"): {"recording"},
    ("m365", "Update conditional access policy"): {"policy"},
}
"""Types that records of one operation don't have, or name by an id: of the directory's, the chat's or the meeting's."""


@pytest.fixture(scope="module")
def events() -> list[tuple[Event, Account]]:
    """Each kind of thing that anybody does, by whom: of attacks, episodes and a few days, the first of each kind."""
    world = World(150, 14, 8, START, TENANT)
    known = simulator.attacks.attacks()
    asked = {
        name: tuple(each.name for each in attack.variants if each.name != "sleeper") for name, attack in known.items()
    }

    def everything() -> Iterator[tuple[Event, Account]]:
        for strike in strikes(world, known, asked, 1):
            for event in strike.events:
                yield event, event.actor or strike.victim
        for episode in episodes(world):
            for event in episode.events:
                yield event, event.actor or world.people[0]
        for day in range(4):
            for account in world.accounts:
                for event in world.day(account, day):
                    yield event, account

    found: dict[object, tuple[Event, Account]] = {}
    for event, account in everything():
        step = event.step
        kinds = tuple(item.type for item in step.objects)
        key = (
            step.app,
            step.action,
            kinds,
            step.error,
            step.facts,
            bool(step.owner),
            account.user.type,
            bool(event.session),
        )
        found.setdefault(key, (event, account))
    return list(found.values())


def parsed(vendor: Vendor, event: Event, account: Account, uid: str) -> Activity | None:
    recorded = vendor.record(event, account, uid, event.time + 5_000)
    if recorded is None:
        return None
    found = parse_record(recorded.record, "auto", TENANT, NO_RAW)
    assert isinstance(found, Activity), found
    return found


@pytest.mark.parametrize("name", WIRE)
def test_a_vendors_record_says_the_same_as_the_native_one(name: str, events: list[tuple[Event, Account]]) -> None:
    native, vendor = VENDORS["native"](TENANT), VENDORS[name](TENANT)
    seen = Counter[str]()
    for number, (event, account) in enumerate(events):
        uid = guid("test", number)
        wire = parsed(vendor, event, account, uid)
        if wire is None:
            continue
        plain = parsed(native, event, account, uid)
        assert plain
        step = event.step
        seen[step.app] += 1
        told = (name, step.app, step.action, step.error)
        assert (wire.id, wire.category, wire.outcome, wire.ip) == (uid, plain.category, plain.outcome, plain.ip), told
        assert wire.time == plain.time // vendor.resolution * vendor.resolution
        assert wire.user.id == vendor.user(account)
        assert wire.device.user_agent == plain.device.user_agent, told
        if name in ("cloudtrail", "entra") or step.app in MICROSOFT[1:]:
            assert set(wire.tags) == set(plain.tags), told
        assert wire.error == CODES.get(name, {}).get(step.error, wire.error if name == "okta" else step.error), told
        assert (wire.impersonated and wire.impersonated.id) == (plain.impersonated and plain.impersonated.id), told
        if name != "okta" and "security info" not in step.action and wire.action != "Sign-in activity":
            assert wire.action == step.action.strip().removesuffix(".") or wire.action == step.action, told
        if name in ("entra", "okta") and step.category in (Category.LOGON, Category.FAILED_LOGON):
            place = (plain.location.country, plain.location.city, plain.location.asn)
            assert (wire.location.country, wire.location.city, wire.location.asn) == place, told
        if name == "m365" or step.category is Category.LOGON:
            assert name == "cloudtrail" or step.app == ENTRA or wire.session == plain.session, told
        names = {item.name.removeprefix(SHAREPOINT).lstrip("\\") for item in wire.objects}
        not_named = NOT_NAMED | NOT_NAMED_BY.get((name, step.action), set()) | {"FilePath"}
        wanted = {item.name for item in step.objects if item.type not in not_named}
        assert name == "okta" or wanted <= names, told
    assert sum(seen.values()) > 15
    assert len(seen) >= {"cloudtrail": 15, "m365": len(MICROSOFT)}.get(name, 1)


@pytest.mark.parametrize("name", WIRE)
def test_a_vendor_logs_its_own_services_only(name: str, events: list[tuple[Event, Account]]) -> None:
    vendor = VENDORS[name](TENANT)
    logged = [event.step.app for event, account in events if vendor.record(event, account, guid("x"), event.time)]
    if name == "cloudtrail":
        assert all(app.endswith(".amazonaws.com") for app in logged)
        assert len(logged) == sum(event.step.app.endswith(".amazonaws.com") for event, _ in events)
    elif name == "m365":
        assert len(logged) == sum(event.step.app in MICROSOFT for event, _ in events)
    else:
        assert set(logged) == {ENTRA}


class Delivered(msgspec.Struct):
    folder: Path
    activities: list[Activity]
    truth: list[Truth]
    count: int
    inputs: tuple[Path, ...]


def read(path: Path) -> list[Activity]:
    """The activities of a file, whose lines or whole content are records."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    chunks = data.splitlines() if path.name == "PT1H.json" else [data]
    found = [one for chunk in chunks for one in parse_line(chunk, "auto", TENANT, NO_RAW)]
    assert all(isinstance(one, Activity) for one in found)
    return [one for one in found if isinstance(one, Activity)]


@pytest.fixture(scope="module", params=WIRE)
def delivered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    folder = tmp_path_factory.mktemp(request.param)
    summary = simulate(40, 11, 9, ["all"], folder, vendor=request.param)
    found: list[Activity] = []
    for source in summary.inputs:
        found += [one for path in sorted(source.rglob("*.*"), key=str) if path.is_file() for one in read(path)]
    truth = [msgspec.json.decode(line, type=Truth) for line in (folder / "truth.jsonl").read_bytes().splitlines()]
    return Delivered(folder, found, truth, summary.activities, summary.inputs)


def test_files_hold_every_record_once(delivered: Delivered) -> None:
    assert len(delivered.activities) == delivered.count
    assert len({one.id for one in delivered.activities}) == delivered.count


def test_files_of_an_input_are_in_order_of_arrival_when_read_by_name(delivered: Delivered) -> None:
    for source in delivered.inputs:
        files = sorted((path for path in source.rglob("*.*") if path.is_file()), key=str)
        newest = [max(one.time for one in read(path)) for path in files]
        # What is in a file arrived within its window; almost all of it happened shortly before.
        later = sum(after >= before - 3_600_000 for before, after in zip(newest, newest[1:], strict=False))
        assert later >= 0.8 * (len(newest) - 1)


def test_the_truth_names_records_that_the_vendor_has(delivered: Delivered) -> None:
    by_id = {one.id: one for one in delivered.activities}
    assert delivered.truth
    for entry in delivered.truth:
        first, last = by_id[entry.first], by_id[entry.last]
        assert first.time <= last.time
        assert first.user.id in (entry.users or (entry.user,))
        assert (entry.first_time, entry.last_time) == (rfc3339(first.time), rfc3339(last.time))
        assert entry.activities >= 1


def test_the_truth_says_how_much_of_an_attack_the_vendor_has(
    delivered: Delivered, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("native")
    simulate(40, 11, 9, ["all"], folder)
    whole = [msgspec.json.decode(line, type=Truth) for line in (folder / "truth.jsonl").read_bytes().splitlines()]
    counts = {entry.attack: entry.activities for entry in whole}
    assert len(delivered.truth) < len(whole)
    assert all(entry.activities + entry.unseen == counts[entry.attack] for entry in delivered.truth)


def test_cloudtrail_is_laid_out_as_in_a_bucket(tmp_path: Path) -> None:
    summary = simulate(20, 3, 1, [], tmp_path, vendor="cloudtrail")
    files = [path for source in summary.inputs for path in source.rglob("*.json.gz")]
    for path in files:
        account, kind, region, stamp, _ = path.name.split("_")
        assert (kind, region) == ("CloudTrail", path.parts[-5])
        assert path.parts[-8:-5] == ("AWSLogs", account, "CloudTrail")
        assert "".join(path.parts[-4:-1]) == stamp[:8]
        content = msgspec.json.decode(gzip.decompress(path.read_bytes()))
        assert list(content) == ["Records"]
        assert all(record["awsRegion"] == region for record in content["Records"])
    assert len({path.parts[-5] for path in files}) >= 2


def test_what_an_earlier_simulation_left_is_removed(tmp_path: Path) -> None:
    before = simulate(20, 3, 1, [], tmp_path, vendor="okta").activities
    after = simulate(5, 2, 1, [], tmp_path, vendor="okta").activities
    assert after < before
    assert sum(len(read(path)) for path in (tmp_path / "okta").rglob("*.json")) == after


def test_services_are_known_by_their_arn_in_cloudtrail() -> None:
    world = World(1, 2, 1, START, TENANT)
    vendor = VENDORS["cloudtrail"](TENANT)
    service = next(one for one in world.services if one.user.type is UserType.SERVICE)
    assert vendor.user(service).startswith("arn:aws:iam::")
    assert vendor.user(world.people[0]) == world.people[0].user.id


def test_an_unknown_vendor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="vendor: expected one of native, cloudtrail, entra, m365, okta; found splunk"):
        simulate(1, 1, 1, [], tmp_path, vendor="splunk")
