"""What each attack is: what its name says, done as its variants say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

import simulator.attacks
from activities.activity import Category, Outcome, UserType
from simulator.people import Person
from simulator.places import DESTINATIONS, HUBS, OFFICES
from simulator.record import DAY, HOUR, Event
from simulator.simulate import START
from simulator.victims import Strike, strikes
from simulator.world import World

KNOWN = simulator.attacks.attacks()
USERS, DAYS = 250, 16
SEEDS = (21, 22)
ABROAD = "by_console containers disk_mounted everywhere micro_nodes notebooks one_region queued_work trickle".split()
"""Variants of `vm_creation` in regions that the company never uses."""
BOTNETS = ("home_lines", "basic_auth", "hacked_routers", "own_cities")
"""Variants of `password_spray` from lines of many providers."""
LISTED = ("from_inside", "hacked_routers", "own_cities")
"""Variants of `password_spray` by who is inside, or has a list from a leak: they know which names there are."""


class Played:
    """An attack, and what its victim does otherwise."""

    def __init__(self, world: World, strike: Strike) -> None:
        self.world, self.variant, self.victim = world, strike.variant, strike.victim
        self.acts, self.stages = strike.events, strike.stages
        self.usual = world.life(strike.victim)

    def count(self, *categories: Category) -> int:
        return sum(event.step.category in categories for event in self.acts)

    def actions(self) -> Counter[str]:
        return Counter(event.step.action for event in self.acts)

    def where(self, events: list[Event]) -> set[str]:
        return {event.address.ip for event in events}

    @property
    def at_desk(self) -> bool:
        """Whether all of it comes from where and with what the victim works."""
        seen = {(event.address, event.session) for event in self.usual}
        return all((event.address, event.session) in seen for event in self.acts)


def kilometres(here: Event, there: Event) -> float:
    """By the haversine formula."""
    (lat1, lon1), (lat2, lon2) = (
        (math.radians(one.address.location.latitude or 0), math.radians(one.address.location.longitude or 0))
        for one in (here, there)
    )
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(half))


def impossible_travel(one: Played) -> bool:
    first = one.acts[0]
    before = [event for event in one.usual if event.time < first.time][-1]
    fast = kilometres(before, first) / max(1, first.time - before.time) * HOUR > 1_000
    return fast and first.address.location.country in {office.city.country for office in OFFICES}


def first_country(one: Played) -> bool:
    countries = {event.address.location.country for event in one.acts}
    tenant = {city.country for city in (*DESTINATIONS, *HUBS.values(), *one.world.cities)}
    # Whoever rents phones has another with each visit.
    few = len(countries) <= (3 if one.variant == "cookie" else 1)
    acts = one.acts
    if one.variant == "document_hunt":
        # Of what was bought, not every password is the right one.
        tried = [event.step.category for event in acts].index(Category.LOGON)
        few = few and tried >= 1 and {event.step.error for event in acts[:tried]} == {"50126"}
        acts = acts[tried:]
    elif one.variant == "same_calls":
        # Their own calls are refused now and then; the three that are for the key aren't.
        acts = [event for event in acts[:-3] if event.step.outcome is not Outcome.DENIED] + acts[-3:]
        few = few and len(acts) > len(one.acts) / 2
    return few and not countries & tenant and all(e.step.outcome is Outcome.SUCCESS for e in acts)


def mass_download(one: Played) -> bool:
    """In objects or in bytes, far more than in the victim's own hours."""
    hours, sizes = Counter[int](), Counter[int]()
    for event in one.usual:
        if event.step.category is Category.DOWNLOAD:
            hours[event.time // HOUR] += 1
            sizes[event.time // HOUR] += sum(item.bytes or 0 for item in event.step.objects)
    own, own_bytes = max(hours.values(), default=0), max(sizes.values(), default=0)
    taken = [event for event in one.acts if event.step.category is Category.DOWNLOAD]
    moved = sum(item.bytes or 0 for event in taken for item in event.step.objects)
    distinct = len({event.step.objects for event in taken})
    things = len(taken) if one.variant == "snapshot_blocks" else distinct
    much = things >= 25 and (things > 2 * own or moved > 3 * own_bytes)
    elsewhere = ("rclone", "bulk_api", "folder_by_folder", "synchronised_at_home")
    return much and one.at_desk is (one.variant not in elsewhere)


def password_spray(one: Played) -> bool:
    tries = Counter(e.actor.user.id for e in one.acts if e.step.category is Category.FAILED_LOGON and e.actor)
    success = [event for event in one.acts if event.step.category is Category.LOGON and not event.step.error]
    breached = one.variant not in ("in_vain", "stopped")
    nets = {event.address.location.asn for event in one.acts}
    few = max(tries.values()) <= (1 if one.variant == "hacked_routers" else 3)
    few = few and (len(nets) > 6) is (one.variant in BOTNETS)
    return (
        len(tries) >= {"one_team": 15, "stopped": 36, "from_inside": 38}.get(one.variant, 40)
        and few
        and bool(success) is breached
        and all(e.actor is None for e in success)
    )


def brute_force(one: Played) -> bool:
    kinds = [event.step.category for event in one.acts]
    failed = kinds.index(Category.LOGON)
    return failed >= 14 and set(kinds[:failed]) == {Category.FAILED_LOGON} and len(kinds) > failed + 1


def inbox_rule(one: Played) -> bool:
    rules = [event.step for event in one.acts if event.step.category is Category.MAILBOX_RULE]
    tells = {"ForwardTo", "ForwardingSmtpAddress", "BlindCopyTo", "DeleteMessage", "MoveToFolder", "RedirectTo"}
    tells |= {"JournalEmailAddress", "ForwardAsAttachmentTo", "ForwardingAddress", "AutoForwardEnabled"}
    if one.variant == "swept":
        tells = {"DestinationFolder"}
    return bool(rules) and all(tells & {item.type for item in step.objects} for step in rules)


def oauth_consent(one: Played) -> bool:
    return any(
        event.step.category in (Category.ROLE_GRANT, Category.CREDENTIAL)
        and any(item.type in ("serviceprincipal", "app") for item in event.step.objects)
        for event in one.acts
    )


def session_replay(one: Played) -> bool:
    sessions = {event.session for event in one.acts}
    own = [event for event in one.usual if event.session in sessions]
    return len(sessions) == 1 and bool(own) and not one.where(own) & one.where(one.acts)


def mfa_fatigue(one: Played) -> bool:
    refused = sum(event.step.error == "500121" for event in one.acts)
    factors = [event for event in one.acts if "security info" in event.step.action]
    logons = [event for event in one.acts if event.step.category is Category.LOGON and not event.step.error]
    keys = one.actions()["Add Windows Hello for Business credential."]
    if one.variant == "app_password":
        # Whoever logs on with one is asked for no second factor.
        return one.actions()["Create app password for user"] == 1 == len(logons) and "mfa" not in logons[0].step.facts
    if one.variant == "each_evening":
        pushed = [event.time for event in one.acts if event.step.error == "50074"]
        apart = [after - before for before, after in pairwise(pushed)]
        asked = refused == 2 and len(pushed) == 3 and all(23 * HOUR < pause < 25 * HOUR for pause in apart)
        return asked and len(logons) == 1 == len(factors)
    replaced = len(factors) >= 2 or (one.variant == "device_key" and keys == one.actions()["Add device."] == 1)
    return (refused >= 4 or replaced) and bool(logons)


def unusual_admin_action(one: Played) -> bool:
    return one.count(Category.ROLE_GRANT) >= 1


def anonymous_address(one: Played) -> bool:
    """Whoever is talked into help acts as themselves."""
    helped = [event for event in one.acts if event.actor]
    hidden = all(
        event.actor or {"tor", "anonymous", "hosting"} & set(event.address.location.tags) for event in one.acts
    )
    done = all(event.step.outcome is Outcome.SUCCESS for event in one.acts)
    return hidden and done and len(helped) == (2 if one.variant == "help_desk_call" else 0)


def unfamiliar_access(one: Played) -> bool:
    own = {(e.address.location.isp, e.device.user_agent) for e in one.usual}
    isps, agents = {isp for isp, _ in own}, {agent for _, agent in own}
    new = all(e.address.location.isp not in isps and e.device.user_agent not in agents for e in one.acts)
    here = {event.address.location.country for event in one.usual}
    return new and all(event.address.location.country in here for event in one.acts)


def mass_deletion(one: Played) -> bool:
    unreadable = one.actions()["FileRenamed"] + one.actions()["CopyObject"]
    if one.variant == "one_version":
        sealed = Counter(event.step.objects for event in one.acts if event.step.action == "FileModified")
        return one.actions()["ListUpdated"] == 1 and len(sealed) >= 90 and min(sealed.values()) >= 2
    if one.variant == "gone_tomorrow":
        days = [item for event in one.acts for item in event.step.objects if item.type == "retention_days"]
        return len(days) == one.actions()["PutBucketLifecycleConfiguration"] >= 7 and {item.name for item in days} == {
            "1"
        }
    return one.count(Category.DELETE) >= 15 or unreadable >= 100


def external_sharing(one: Played) -> bool:
    if one.variant == "outside_member":
        return one.actions()["org.add_outside_collaborator"] >= 3
    return one.count(Category.SHARE) >= 1


def audit_logging_impaired(one: Played) -> bool:
    return one.count(Category.AUDIT_CONFIG) >= 1


def dormant_account(one: Played) -> bool:
    """Nothing of the account for days, and its end is in the log, unless it only sleeps."""
    idle = one.acts[0].time - one.usual[-1].time
    return idle > (30 * DAY if one.variant == "sleeper" else DAY)


def rare_api(one: Played) -> bool:
    new = {event.step.action for event in one.acts} - {event.step.action for event in one.usual}
    if one.variant == "domains_moved":
        return len(new) == 6 and one.actions()["RetrieveDomainAuthCode"] >= 2
    return len(new) >= 8


def denied_calls(one: Played) -> bool:
    refused = [event for event in one.acts if event.step.outcome is not Outcome.SUCCESS]
    return len(refused) >= 25 and all(event.step.error for event in refused)


def secret_retrieval(one: Played) -> bool:
    if one.variant == "far_copies":
        actions = ("ReplicateSecretToRegions", "GetSecretValue", "RemoveRegionsFromReplication")
        return len({one.actions()[action] for action in actions}) == 1 and one.count(Category.SECRET_READ) >= 7
    return one.count(Category.SECRET_READ) >= 10


def vm_creation(one: Played) -> bool:
    least = {"one_region": 2, "trickle": 5, "notebooks": 8, "resized": 5, "disk_mounted": 1, "queued_work": 3}
    started = one.count(Category.COMPUTE_START) >= least.get(one.variant, 10)
    if one.variant == "containers":
        started = one.actions()["RunTask"] >= 15 and one.actions()["RunInstances"] >= 2
    elif one.variant == "queued_work":
        started = started and one.actions()["SubmitJob"] >= 4
    return started and one.actions()["AttachVolume"] == (one.variant == "disk_mounted")


def resource_destruction(one: Played) -> bool:
    if one.variant == "expiring":
        cut = one.actions()["UpdateRecoveryPointLifecycle"] >= 18
        return cut and one.actions()["PutBucketLifecycleConfiguration"] >= 4
    return one.count(Category.DELETE, Category.COMPUTE_STOP) >= 4


def mailbox_access(one: Played) -> bool:
    if one.variant == "previews":
        return one.at_desk and one.actions()["PreviewItemRendered"] >= 36
    reads, deletes = one.actions()["MailItemsAccessed"], one.actions()["HardDelete"]
    return reads >= 40 or deletes >= 40 or one.variant in ("exported", "purged")


def delegation(one: Played) -> bool:
    return one.count(Category.ROLE_GRANT) >= 1 and {event.step.app for event in one.acts} <= {
        "Exchange",
        "AzureActiveDirectory",
    }


def oauth_app_misuse(one: Played) -> bool:
    """The integration that clones is that of the service account which delivers the code."""
    delivers = one.variant == "clones" and one.victim.key == "svc-delivery"
    return (one.victim.user.type is UserType.APP or delivers) and all(event.actor is None for event in one.acts)


def unlike_own_habits(one: Played) -> bool:
    """At the victim's desk, many steps, none of which changes or takes anything away; or many of an ordinary kind."""
    harmless = {Category.READ, Category.LIST, Category.DOWNLOAD, Category.CREATE, Category.EXECUTE}
    done = {event.step.category for event in one.acts}
    if one.variant == "payees":
        paid = one.actions()["VendorPaymentCreated"] == one.actions()["VendorBankDetailsEdited"] >= 18
        return one.at_desk and paid and done == {Category.READ, Category.MODIFY, Category.CREATE}
    if one.variant == "sent_home":
        sent = one.actions()["Send"] == one.actions()["FileAccessed"] >= 45
        return one.at_desk and sent and done <= {Category.READ, Category.SEND, Category.DELETE}
    if one.variant == "altered":
        times = {one.actions()[action] for action in ("FileAccessed", "FileModified", "FileVersionsAllRecycled")}
        return one.at_desk and len(times) == 1 and 3 * min(times) == len(one.acts) >= 105
    return one.at_desk and len(one.acts) >= 80 and done <= harmless


def campaign_bec(one: Played) -> bool:
    if one.variant == "mail_program":
        deceived = one.actions()["Consent to application."] == 1 and one.count(Category.SHARE) >= 25
    elif one.variant == "guessed_executive":
        deceived = one.actions()["SendOnBehalf"] >= 4 and one.actions()["HardDelete"] >= 20
    else:
        deceived = one.actions()["Send"] >= 3 and one.actions()["HardDelete"] > 0
    return one.count(Category.MAILBOX_RULE) == 1 and deceived


def campaign_insider(one: Played) -> bool:
    if one.variant == "extortionist":
        laptops = {event.device.id for event in one.usual}
        own = all(event.device.id in laptops and "anonymous" in event.address.location.tags for event in one.acts)
        return own and one.count(Category.DOWNLOAD) >= 80 and one.count(Category.AUDIT_CONFIG) >= 1
    if one.variant == "bribed":
        shared = one.count(Category.DOWNLOAD) >= 22 and one.count(Category.SHARE) >= 4
        return one.at_desk and one.actions()["RecordViewed"] >= 220 and shared
    return one.at_desk and one.count(Category.DOWNLOAD) > 100 and one.count(Category.DELETE) >= 10


def campaign_ci_ransomware(one: Played) -> bool:
    own = one.where(one.usual)
    if one.variant == "poisoned_action":
        inside = {event.step.category for event in one.acts if event.address.ip in own}
        return inside == {Category.SECRET_READ} and one.count(Category.DELETE) >= 13
    if one.variant == "build_server":
        early = [event.step for event in one.acts if event.address.ip in own]
        harmless = {Category.READ, Category.LIST, Category.SECRET_READ}
        taken = one.actions()["GetObject"] == one.actions()["DeleteObject"] >= 200
        return bool(early) and {step.category for step in early} <= harmless and taken
    if one.variant == "by_mail":
        gone = one.actions()["GetObject"] == one.actions()["DeleteObject"] >= 100 and one.actions()["SendEmail"] >= 3
    elif one.variant == "public_secrets":
        gone = one.actions()["DeleteObject"] >= 200 and one.actions()["PutBucketReplication"] == 3
    else:
        gone = one.actions()["CopyObject"] >= 100
    return not own & one.where(one.acts) and gone


def campaign_oauth(one: Played) -> bool:
    apps = {event.actor.user.id for event in one.acts if event.actor}
    if one.variant == "miner":
        made = [event for event in one.acts if event.actor and event.step.category is Category.COMPUTE_START]
        return len(apps) == 1 and len(made) >= 16 and one.acts[1].step.action == "Add application."
    if one.variant == "called_up":
        let_in = not apps and one.acts[0].step.action == "ConnectedAppAuthorized"
        return let_in and one.actions()["BulkJobExported"] >= 12
    if one.variant == "ransomed_code":
        let_in = not apps and one.acts[0].step.action == "oauth_authorization.create"
        return let_in and one.actions()["git.clone"] >= 35 and one.actions()["repo.destroy"] >= 20
    return len(apps) == 1 and one.acts[0].step.action == "Add service principal."


def campaign_mfa_admin(one: Played) -> bool:
    if one.variant == "whole_cloud":
        harm = one.count(Category.SECRET_READ) >= 14 and one.count(Category.DELETE) >= 29
    elif one.variant == "spoken_codes":
        harm = one.count(Category.AUDIT_CONFIG) == 2 and one.count(Category.DOWNLOAD) >= 90
    else:
        harm = one.count(Category.AUDIT_CONFIG) == 1
    return one.count(Category.ROLE_GRANT) >= 1 and harm


STORIES: dict[str, Callable[[Played], bool]] = {
    story.__name__: story
    for story in (
        impossible_travel, first_country, mass_download, password_spray, brute_force, inbox_rule, oauth_consent,
        session_replay, mfa_fatigue, unusual_admin_action, anonymous_address, unfamiliar_access, mass_deletion,
        external_sharing, audit_logging_impaired, dormant_account, rare_api, denied_calls, secret_retrieval,
        vm_creation, resource_destruction, mailbox_access, delegation, oauth_app_misuse, unlike_own_habits,
        campaign_bec, campaign_insider, campaign_ci_ransomware, campaign_oauth, campaign_mfa_admin,
    )
}  # fmt: skip


@pytest.fixture(scope="module")
def played() -> dict[str, list[Played]]:
    """All variants of all attacks, of two seeds."""
    found: dict[str, list[Played]] = {name: [] for name in KNOWN}
    for seed in SEEDS:
        world = World(USERS, DAYS, seed, START, "acme")
        asked = {
            name: tuple(each.name for each in attack.variants if each.name != "sleeper")
            for name, attack in KNOWN.items()
        }
        for strike in strikes(world, KNOWN, asked, 1):
            found[strike.attack].append(Played(world, strike))
    return found


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_an_attack_is_what_its_name_says(played: dict[str, list[Played]], name: str) -> None:
    wrong = [one.variant for one in played[name] if not STORIES[name](one)]
    assert not wrong


def test_spray_tries_each_account_seldom_and_names_that_do_not_exist(played: dict[str, list[Played]]) -> None:
    for one in played["password_spray"]:
        people = {person.user.id for person in one.world.people}
        unknown = {e.actor.user.id for e in one.acts if e.actor and e.actor.user.id not in people}
        assert bool(unknown) is (one.variant not in LISTED)
        errors = {e.step.error for e in one.acts if e.actor and e.actor.user.id in unknown}
        assert errors <= {"50034", "50053"}


def test_what_is_refused_for_a_second_factor_says_whether_it_was_denied(played: dict[str, list[Played]]) -> None:
    for one in played["mfa_fatigue"]:
        facts = {e.step.facts for e in one.acts if e.step.error == "500121"}
        # A code that is wrong is neither: nobody was asked.
        assert facts <= ({()} if one.variant == "guessed_codes" else {("mfa-denied",), ("mfa-unanswered",)})


def test_an_insider_stays_until_the_work_is_done_and_sleeps_in_between(played: dict[str, list[Played]]) -> None:
    for one in played["campaign_insider"]:
        assert isinstance(one.victim, Person)
        pauses = [after.time - before.time for before, after in pairwise(one.acts)]
        assert sum(pause > 8 * HOUR for pause in pauses) >= 1


def test_campaigns_are_made_of_stages_in_order(played: dict[str, list[Played]]) -> None:
    for name in (name for name in KNOWN if name.startswith("campaign_")):
        for one in played[name]:
            begins = [stage.events[0].time for stage in one.stages]
            assert begins == sorted(begins)
            assert len({stage.attack for stage in one.stages}) >= 2


def test_a_spree_abroad_names_a_region_that_the_company_never_uses(played: dict[str, list[Played]]) -> None:
    for one in played["vm_creation"]:
        regions = {event.step.region for event in one.acts} - {""}
        assert bool(regions) is (one.variant in ABROAD)
        assert not regions & {event.step.region for event in one.usual}
