"""What each attack is: what its name says, done as its variants say."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

from activities.activity import Category, Outcome, UserType
from simulator.places import DESTINATIONS, HUBS, OFFICES
from simulator.record import DAY, HOUR, Event
from simulator.victims import Strike
from simulator.world import World

BOTNETS = ("home_lines", "basic_auth", "hacked_routers", "own_cities")
"""Variants of `password_spray` from lines of many providers."""


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


def _pairs(event: Event) -> list[tuple[str, str]]:
    """The types and names of what a step is done to."""
    return [(item.type, item.name) for item in event.step.objects]


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
    # Whoever rents phones has another with each visit; an app is where its server is.
    few = len(countries) <= {"cookie": 3, "consented_app": 2}.get(one.variant, 1)
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
    elif one.variant == "consented_app":
        consents = [number for number, event in enumerate(acts) if event.step.action == "Consent to application."]
        read = {event.step.action for event in acts[consents[0] + 1 :]}
        logons = [number for number, event in enumerate(acts) if event.step.category is Category.LOGON]
        few = few and len(consents) == 1 and logons == [0] and read == {"MailItemsAccessed"}
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
    elsewhere = ("rclone", "bulk_api", "folder_by_folder", "synchronised_at_home", "zipped_folders")
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
    if one.variant == "code_guessed":
        # Whoever is asked for the code has the password; a session is over after ten wrong ones.
        errors = [event.step.error for event in one.acts]
        asked, wrong, done = errors.count("50074"), errors.count("500121"), errors.index("")
        told = {event.step.facts for event in one.acts if event.step.error == "500121"}
        few = told == {("mfa-wrong-code",)} and 10 <= asked < wrong <= 10 * asked
        rest = {event.step.category for event in one.acts[done + 1 :]}
        logon = one.acts[done].step.category is Category.LOGON and bool(rest) and Category.LOGON not in rest
        return few and wrong >= 70 and set(errors[:done]) == {"50074", "500121"} and done == asked + wrong and logon
    kinds = [event.step.category for event in one.acts]
    failed = kinds.index(Category.LOGON)
    return failed >= 14 and set(kinds[:failed]) == {Category.FAILED_LOGON} and len(kinds) > failed + 1


def inbox_rule(one: Played) -> bool:
    if one.variant == "by_flow":
        # No rule of the mailbox's: a flow, which goes on elsewhere, names who gets what comes.
        made, runs = one.acts[:2], one.acts[2:]
        told = {item.type for event in made for item in event.step.objects}
        sent = len(runs) >= 6 and {event.step.action for event in runs} == {"Send"}
        flow = [event.step.action for event in made] == ["CreateFlow", "EditFlow"] and told == {"flow", "guest"}
        return flow and sent and not one.where(made) & one.where(runs) and not one.count(Category.MAILBOX_RULE)
    rules = [event.step for event in one.acts if event.step.category is Category.MAILBOX_RULE]
    tells = {"ForwardTo", "ForwardingSmtpAddress", "BlindCopyTo", "DeleteMessage", "MoveToFolder", "RedirectTo"}
    tells |= {"JournalEmailAddress", "ForwardAsAttachmentTo", "ForwardingAddress", "AutoForwardEnabled"}
    if one.variant == "swept":
        tells = {"DestinationFolder"}
    return bool(rules) and all(tells & {item.type for item in step.objects} for step in rules)


def oauth_consent(one: Played) -> bool:
    if one.variant == "exchange_rights":
        # Exchange has grants of its own, of which the directory says nothing.
        given = [dict(_pairs(event)) for event in one.acts if event.step.category is Category.ROLE_GRANT]
        named = {rights.get("AppId") or rights["App"] for rights in given}
        roles = [rights["Role"] for rights in given if "Role" in rights]
        app_only = len(roles) == 2 and all(role.startswith("Application Mail.") for role in roles)
        return one.at_desk and len(named) == 1 and app_only and {event.step.app for event in one.acts} == {"Exchange"}
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
    if one.variant == "recovery_codes":
        # In a session that was taken over: nobody logs on, and nobody is asked for anything.
        done = [one.actions()[f"two_factor_authentication.{name}_factor"] for name in ("add", "remove")]
        seen = one.count(Category.SECRET_READ) == 2 and one.actions()["public_key.create"] == 1
        stolen = {event.session for event in one.acts} <= {event.session for event in one.usual}
        return stolen and not one.at_desk and seen and done == [1, 1] and not logons and refused == 0
    if one.variant == "asked_in_teams":
        told = [item for event in one.acts if event.step.action == "MessageSent" for item in event.step.objects]
        asked = len(told) >= 2 and {item.type for item in told} == {"guest"} and 1 <= refused <= 3
        return asked and len(logons) == len(factors) == one.actions()["Add device."] == 1
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
    acts = one.acts
    if one.variant == "rule_left_behind":
        # Of what was bought, not every password is the right one; what is left is the rule.
        tried = [event.step.category for event in acts].index(Category.LOGON)
        hidden = hidden and 1 <= tried <= 2 and {event.step.error for event in acts[:tried]} == {"50126"}
        hidden = hidden and one.count(Category.MAILBOX_RULE) == 1 and acts[-1].step.category is Category.MAILBOX_RULE
        acts = acts[tried:]
    done = all(event.step.outcome is Outcome.SUCCESS for event in acts)
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
    least |= {"from_pipeline": 4}
    started = one.count(Category.COMPUTE_START) >= least.get(one.variant, 10)
    if one.variant == "containers":
        started = one.actions()["RunTask"] >= 15 and one.actions()["RunInstances"] >= 2
    elif one.variant == "queued_work":
        started = started and one.actions()["SubmitJob"] >= 4
    elif one.variant == "from_pipeline":
        sizes = {item.name for event in one.acts for item in event.step.objects if item.type == "instance_type"}
        started = started and one.at_desk and len(sizes) == 1 and {e.step.action for e in one.acts} == {"RunInstances"}
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
    if one.variant == "drafts":
        times = {one.actions()[action] for action in ("FileAccessed", "Create", "Update")}
        return one.at_desk and len(times) == 1 and 3 * min(times) == len(one.acts) >= 105
    return one.at_desk and len(one.acts) >= 80 and done <= harmless
