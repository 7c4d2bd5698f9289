"""Somebody who is about to leave takes data along (CERT's insider threat studies: most of it in the last weeks).

They look where they have no business, collect, carry out, and tidy up behind them, at their own desk, mostly.
"""

from __future__ import annotations

from activities.activity import Category
from simulator.attacks import Variant
from simulator.devices import command_line
from simulator.habits import LIBRARY_SIZE, file
from simulator.hostile import VPNS, relay
from simulator.moves import WHO_AM_I, files_in_a_row
from simulator.operations import (
    SALESFORCE,
    TEAMS,
    WORKDAY,
    aws,
    exchange,
    github,
    m365,
    named,
    other,
    settings,
    sharepoint,
)
from simulator.people import Person
from simulator.record import HOUR, MINUTE, Account, NativeDevice, NativeObject, Step
from simulator.scene import Scene, anybody, aws_person, coder, directory_admin, seller
from simulator.world import World

_PRIVATE = ("w.next.job@freemail.example", "portfolio.2026@webmail.example")


def _look_around(scene: Scene) -> None:
    scene.stage("unlike_own_habits")
    scene.wait(60, 600)
    unit = scene.rng.choice(
        [unit for unit in ("sales", "finance", "legal", "engineering") if unit != scene.victim.unit]
    )
    first = scene.rng.randrange(LIBRARY_SIZE)
    steps = [
        sharepoint("FileAccessed", file(unit, (first + number * 3) % LIBRARY_SIZE))
        for number in range(scene.number(50, 90))
    ]
    scene.spread(steps, scene.own(), 2 * HOUR)


def documents(scene: Scene) -> None:
    """Documents, shared with a private address."""
    _look_around(scene)
    scene.rest(0.25)
    scene.stage("mass_download")
    via = scene.back_at_work()
    files = files_in_a_row(scene, scene.number(180, 450))
    scene.spread([sharepoint("FileDownloaded", wanted) for wanted in files], via, scene.number(25, 50) * MINUTE)
    scene.rest(0.25)
    scene.stage("external_sharing")
    via = scene.back_at_work()
    guest = named("guest", scene.rng.choice(_PRIVATE))
    steps = [sharepoint("SharingInvitationCreated", wanted, *guest) for wanted in files[: scene.number(15, 40)]]
    scene.spread(steps, via, scene.number(15, 40) * MINUTE)
    scene.rest(0.25)
    scene.stage("mass_deletion")
    via = scene.back_at_work()
    gone = [sharepoint("FileRecycled", wanted) for wanted in files[: scene.number(120, 180)]]
    scene.spread(gone, via, scene.number(10, 30) * MINUTE)


def source_code(scene: Scene) -> None:
    """Repositories, cloned over two evenings; what was their own is then deleted."""
    _look_around(scene)
    scene.rest(0.3)
    for _ in range(2):
        scene.stage("mass_download")
        via = scene.back_at_work()
        numbers = scene.rng.sample(range(160), k=scene.number(60, 110))
        steps = [github("git.clone", *named("repository", f"service-{number:02d}")) for number in numbers]
        scene.spread(steps, via, scene.number(15, 45) * MINUTE)
        scene.rest(0.2)
    scene.stage("mass_deletion")
    via = scene.back_at_work()
    numbers = scene.rng.sample(range(80), k=scene.number(10, 25))
    scene.act_all([github("repo.destroy", *named("repository", f"service-{n:02d}")) for n in numbers], via, 2, 20)


def customers(scene: Scene) -> None:
    """A seller takes the customers along, a little every day, then links the files, and deletes records."""
    first, files = scene.number(0, 19_000), files_in_a_row(scene, 3 * 45)
    for day in range(3):
        scene.stage("mass_download")
        via = scene.back_at_work()
        steps: list[Step] = [sharepoint("FileDownloaded", wanted) for wanted in files[day * 45 : day * 45 + 35]]
        for _ in range(scene.number(8, 16)):
            report = NativeObject("report", f"accounts-{scene.number(0, 99):02d}", scene.number(3, 20) * 1_000_000)
            steps.append(other(SALESFORCE, "ReportExported", Category.DOWNLOAD, report))
        scene.rng.shuffle(steps)
        scene.spread(steps, via, scene.number(30, 45) * MINUTE)
        scene.rest(0.2)
    scene.stage("external_sharing")
    via = scene.back_at_work()
    links = [sharepoint("AnonymousLinkCreated", wanted) for wanted in files[: scene.number(12, 30)]]
    scene.spread(links, via, scene.number(10, 25) * MINUTE)
    scene.stage("mass_deletion")
    gone = [
        other(SALESFORCE, "RecordDeleted", Category.DELETE, NativeObject("account", f"001A{first + number:05d}"))
        for number in range(scene.number(40, 110))
    ]
    scene.spread(gone, via, scene.number(8, 25) * MINUTE)


def cloud_programmer(world: World, account: Account) -> bool:
    """An administrator of AWS who works on repositories, and uses no commercial VPN for work."""
    hidden = isinstance(account, Person) and account.privacy is not None
    return aws_person(world, account) and coder(world, account) and not hidden


def extortionist(scene: Scene) -> None:
    """An administrator who means to ask a ransom for it, at home behind a VPN (as at a maker of networks, 2020)."""
    laptop, first = scene.seen.device, relay(scene.rng, VPNS, scene.city.country)
    country = first.location.country
    scene.stage("anonymous_address")
    scene.later(3, 8)
    via = scene.intruder(first, command_line(laptop))
    looks = [WHO_AM_I, aws("s3", "ListBuckets"), aws("iam", "ListUsers"), aws("secretsmanager", "ListSecrets")]
    scene.act_all([*looks, aws("ec2", "DescribeKeyPairs"), aws("cloudtrail", "DescribeTrails")], via, 10, 120)
    scene.rest(0.3)
    scene.stage("mass_download")
    numbers = scene.rng.sample(range(160), k=scene.number(80, 150))
    clones = [github("git.clone", *named("repository", f"service-{number:02d}")) for number in numbers]
    device = NativeDevice(laptop.id, laptop.os, "git/2.47.1")
    cloning = scene.intruder(relay(scene.rng, VPNS, country), device)
    scene.spread(clones, cloning, scene.number(20, 55) * MINUTE)
    scene.rest(0.3)
    scene.stage("audit_logging_impaired")
    via = scene.intruder(relay(scene.rng, VPNS, country), command_line(laptop))
    logs, day = named("bucket", "acme-cloudtrail-logs"), named("retention_days", "1")
    steps = [aws("s3", "PutBucketLifecycleConfiguration", *logs, *day)]
    steps += [aws("logs", "PutRetentionPolicy", *named("log_group", "aws-cloudtrail-logs"), *day)]
    scene.act_all([*steps, aws("cloudtrail", "StopLogging", *named("trail", "management-events"))], via, 20, 200)


def bribed(scene: Scene) -> None:
    """Paid to, somebody looks up customers by the hundred, exports them, and shares the lists (Coinbase, 2025)."""
    for _ in range(2):
        scene.stage("unlike_own_habits")
        via = scene.back_at_work()
        numbers = scene.rng.sample(range(20_000), k=scene.number(110, 190))
        found = [NativeObject("account", f"001A{number:05d}") for number in numbers]
        viewed = [other(SALESFORCE, "RecordViewed", Category.READ, account) for account in found]
        scene.spread(viewed, via, scene.number(90, 140) * MINUTE)
        scene.rest(0.25)
    scene.stage("mass_download")
    via = scene.back_at_work()
    reports = [
        NativeObject("report", f"accounts-{number:02d}", scene.number(5, 60) * 1_000_000)
        for number in scene.rng.sample(range(100), k=scene.number(22, 45))
    ]
    exported = [other(SALESFORCE, "ReportExported", Category.DOWNLOAD, report) for report in reports]
    scene.spread(exported, via, scene.number(20, 45) * MINUTE)
    scene.rest(0.2)
    scene.stage("external_sharing")
    via, guest = scene.back_at_work(), named("guest", scene.rng.choice(_PRIVATE))
    name = scene.victim.user.id.replace("@", "_").replace(".", "_")
    for number in range(scene.number(4, 9)):
        listed = NativeObject("file", f"personal/{name}/Documents/list-{number:02d}.xlsx", 4_100_000)
        shared = [sharepoint("FileUploaded", listed), sharepoint("SharingInvitationCreated", listed, *guest)]
        scene.act_all(shared, via, 20, 150)


def to_competitor(scene: Scene) -> None:
    """Doors are tried, plans and recordings taken, mail is forwarded, traces go (Waymo v. Uber, 2016)."""
    units = [unit for unit in ("engineering", "finance", "legal", "sales", "executive") if unit != scene.victim.unit]
    scene.stage("denied_calls")
    scene.wait(60, 600)
    tried = [file(scene.rng.choice(units), scene.rng.randrange(LIBRARY_SIZE)) for _ in range(scene.number(35, 70))]
    refused = [sharepoint("FileAccessed", wanted, denied=True) for wanted in tried]
    scene.spread(refused, scene.own(), scene.number(30, 75) * MINUTE)
    scene.rest(0.25)
    scene.stage("mass_download")
    via = scene.back_at_work()
    steps = [sharepoint("FileDownloaded", wanted) for wanted in files_in_a_row(scene, scene.number(150, 320))]
    for number in scene.rng.sample(range(4_000), k=scene.number(15, 30)):
        recording = NativeObject(
            "recording", f"{scene.victim.unit}-{number:04d}.mp4", scene.number(200, 800) * 1_000_000
        )
        steps.append(m365(TEAMS, "RecordingExported", recording))
    scene.spread(steps, via, scene.number(40, 70) * MINUTE)
    scene.rest(0.2)
    scene.stage("inbox_rule")
    via, private = scene.back_at_work(), scene.rng.choice(_PRIVATE)
    scene.wait(60, 600)
    scene.act(exchange("New-InboxRule", *settings(ForwardTo=private, Name="home", BodyContainsWords="design")), via)
    scene.stage("external_sharing")
    shares = [
        sharepoint("SharingInvitationCreated", wanted, *named("guest", private))
        for wanted in files_in_a_row(scene, scene.number(20, 45))
    ]
    scene.spread(shares, via, scene.number(15, 35) * MINUTE)
    scene.rest(0.25)
    scene.stage("mailbox_access")
    via = scene.back_at_work()
    for name in ("Sent Items", "Deleted Items"):
        gone = [exchange("HardDelete", *named("folder", name))] * scene.number(60, 110)
        scene.spread(gone, via, scene.number(8, 20) * MINUTE)


def told_of_layoff(scene: Scene) -> None:
    """The help desk hears that it must go: the board's mail, then files, no log, then nothing left (Opexus, 2025)."""
    me = scene.victim.user.id
    scene.stage("delegation")
    scene.wait(60, 900)
    owners = scene.executives(scene.number(3, 5))
    for owner in owners:
        right = settings(Identity=owner.user.id, User=me, AccessRights="FullAccess", AutoMapping="False")
        scene.act_all([exchange("Add-MailboxPermission", *right)], scene.own(), 10, 60)
    scene.stage("mailbox_access")
    scene.wait(300, 900)
    for owner in owners:
        reads = [exchange("MailItemsAccessed", *named("folder", "Inbox"), owner=owner.user)] * scene.number(20, 40)
        scene.act_all(reads, scene.own(), 3, 25)
    scene.rest(0.3)
    scene.stage("mass_download")
    via = scene.back_at_work()
    files = files_in_a_row(scene, scene.number(200, 400))
    scene.spread([sharepoint("FileDownloaded", wanted) for wanted in files], via, scene.number(20, 50) * MINUTE)
    scene.rest(0.3)
    scene.stage("audit_logging_impaired")
    via = scene.back_at_work()
    steps = [exchange("Set-MailboxAuditBypassAssociation", *settings(Identity=me, AuditBypassEnabled="True"))]
    steps += [exchange("Set-AdminAuditLogConfig", *settings(UnifiedAuditLogIngestionEnabled="False"))]
    scene.act_all(steps, via, 20, 200)
    scene.stage("mass_deletion")
    for action in ("FileRecycled", "FileDeletedFirstStageRecycleBin"):
        scene.wait(60, 300)
        scene.spread([sharepoint(action, wanted) for wanted in files], via, scene.number(8, 25) * MINUTE)


def for_rival(scene: Scene) -> None:
    """Stealthy: others' chats, then staff and customers are looked through; a few lists go (Rippling, 2025)."""
    units = [unit for unit in ("sales", "support", "marketing", "hr", "legal") if unit != scene.victim.unit]
    scene.stage("unlike_own_habits")
    scene.wait(60, 600)
    chats = [NativeObject("channel", f"{unit}-{number:02d}") for unit in units for number in range(12)]
    steps = [m365(TEAMS, "ChatRetrieved", scene.rng.choice(chats)) for _ in range(scene.number(70, 110))]
    for number in range(5, len(steps), 9):
        steps[number] = exchange("SearchQueryPerformed", *named("query", "competitor"))
    scene.spread(steps, scene.own(), scene.number(90, 140) * MINUTE)
    scene.rest(0.3)
    scene.stage("unlike_own_habits")
    via, first = scene.back_at_work(), scene.number(0, 700)
    workers = [NativeObject("worker", f"W{first + number:05d}") for number in range(scene.number(35, 55))]
    accounts = [NativeObject("account", f"001A{first * 20 + number:05d}") for number in range(scene.number(35, 55))]
    looks = [other(WORKDAY, "WorkerViewed", Category.READ, worker) for worker in workers]
    looks += [other(SALESFORCE, "RecordViewed", Category.READ, account) for account in accounts]
    scene.spread(looks, via, scene.number(90, 140) * MINUTE)
    scene.rest(0.3)
    scene.stage("external_sharing")
    via, guest = scene.back_at_work(), named("guest", scene.rng.choice(_PRIVATE))
    name = scene.victim.user.id.replace("@", "_").replace(".", "_")
    lists = [NativeObject("file", f"personal/{name}/Documents/notes-{n:02d}.xlsx", 310_000) for n in range(6)]
    for listed in lists:
        shared = [sharepoint("FileUploaded", listed), sharepoint("SharingInvitationCreated", listed, *guest)]
        scene.act_all(shared, via, 60, 400)
    scene.rest(0.2)
    scene.stage("mailbox_access")
    gone = [exchange("HardDelete", *named("folder", "Sent Items"))] * scene.number(60, 100)
    scene.spread(gone, scene.back_at_work(), scene.number(8, 20) * MINUTE)


VARIANTS = (
    Variant("documents", anybody, documents, hours=12, days=4),
    Variant("source_code", coder, source_code, hours=12, days=4),
    Variant("customers", seller, customers, hours=12, days=4),
    Variant("extortionist", cloud_programmer, extortionist, hours=12, days=4),
    Variant("bribed", seller, bribed, hours=12, days=4),
    Variant("to_competitor", anybody, to_competitor, hours=12, days=4),
    Variant("told_of_layoff", directory_admin, told_of_layoff, hours=12, days=4),
    Variant("for_rival", anybody, for_rival, hours=12, days=4, held_out=True, quiet=True),
)
