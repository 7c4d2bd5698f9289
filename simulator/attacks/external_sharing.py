"""Data is opened to others outside, or to everybody (T1567.002, T1537)."""

from __future__ import annotations

from activities.activity import Category
from simulator.apis import resource
from simulator.attacks import Variant
from simulator.catalogue import partner
from simulator.devices import scripted
from simulator.habits import FOLDER_SIZE
from simulator.hostile import PUBLIC_CLOUDS, anywhere, home_proxy, server
from simulator.moves import WHO_AM_I, files_in_a_row
from simulator.operations import (
    NETSUITE,
    TEAMS,
    aws,
    azure,
    directory,
    exchange,
    github,
    m365,
    named,
    other,
    settings,
    sharepoint,
)
from simulator.record import MINUTE, NativeObject
from simulator.scene import (
    Scene,
    anybody,
    aws_account,
    aws_person,
    aws_service,
    azure_person,
    bookkeeper,
    coder,
    directory_admin,
    leader,
)

_PRIVATE = ("k.sommer77@freemail.example", "my.backup.box@freemail.example", "jd.consulting@webmail.example")
_STRANGER = "992382704521"
_POWER_BI = "PowerBI"


def anonymous_links(scene: Scene) -> None:
    """Links that work for everybody, one file after the other."""
    scene.wait(60, 900)
    files = files_in_a_row(scene, scene.number(25, 80))
    scene.spread(
        [sharepoint("AnonymousLinkCreated", file) for file in files], scene.own(), scene.number(10, 50) * MINUTE
    )


def private_address(scene: Scene) -> None:
    """Files are shared with the user's own private address, before they leave."""
    scene.wait(60, 900)
    guest = named("guest", scene.rng.choice(_PRIVATE))
    steps = []
    for file in files_in_a_row(scene, scene.number(20, 60)):
        steps += [sharepoint("SharingInvitationCreated", file, *guest), sharepoint("AddedToSecureLink", file, *guest)]
    scene.spread(steps, scene.own(), scene.number(15, 55) * MINUTE)


def whole_site(scene: Scene) -> None:
    """Stealthy: three steps only, but a department's whole library is open to everybody who has the link."""
    scene.wait(60, 900)
    unit = scene.victim.unit
    steps = [
        sharepoint("SharingPolicyChanged", *named("site", f"sites/{unit}")),
        sharepoint("AnonymousLinkCreated", *named("folder", f"sites/{unit}/Shared Documents")),
        sharepoint("AnonymousLinkUpdated", *named("folder", f"sites/{unit}/Shared Documents")),
    ]
    scene.act_all(steps, scene.own(), 20, 200)


def snapshots(scene: Scene) -> None:
    """Disks are copied and the copies shared with the intruder's own account of AWS."""
    scene.wait(60, 900)
    via = scene.intruder(server(scene.rng, scene.city))
    account = NativeObject("account", _STRANGER)
    steps = [WHO_AM_I, aws("ec2", "DescribeVolumes")]
    for number in scene.rng.sample(range(60), k=scene.number(3, 8)):
        steps.append(aws("ec2", "CreateSnapshot", resource("ec2.amazonaws.com", "volume", number)))
        steps.append(aws("ec2", "ModifySnapshotAttribute", resource("ec2.amazonaws.com", "snapshot", number), account))
    scene.act_all(steps, via, 5, 90)


def database(scene: Scene) -> None:
    """A database's snapshot is shared, in the administrator's own session."""
    scene.wait(60, 900)
    name = f"prod-{scene.number(1, 6)}-copy"
    steps = [
        aws("rds", "CreateDBSnapshot", *named("db_snapshot", name)),
        aws("rds", "ModifyDBSnapshotAttribute", *named("db_snapshot", name), NativeObject("account", _STRANGER)),
    ]
    scene.act_all(steps, scene.shell(), 120, 900)


def image_and_bucket(scene: Scene) -> None:
    """A machine's image is shared, and a bucket opened to another account."""
    scene.wait(60, 900)
    account = NativeObject("account", _STRANGER)
    steps = [
        aws("ec2", "CreateImage", resource("ec2.amazonaws.com", "instance", scene.number(0, 59))),
        aws("ec2", "ModifyImageAttribute", resource("ec2.amazonaws.com", "image", scene.number(0, 59)), account),
        aws("s3", "DeleteBucketPublicAccessBlock", *named("bucket", "acme-exports")),
        aws("s3", "PutBucketPolicy", *named("bucket", "acme-exports"), account),
    ]
    scene.act_all(steps, scene.shell(), 30, 300)


def made_public(scene: Scene) -> None:
    """A worm that found a programmer's token makes private repositories public (as in npm packages, 2025)."""
    scene.wait(120, 1_800)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("octokit-rest.js/20.0.2 octokit-core.js/6.1.2"))
    numbers = scene.rng.sample(range(80), k=scene.number(4, 15))
    steps = [github("repo.access", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.act_all(steps, via, 2, 40)


def disk_links(scene: Scene) -> None:
    """In Azure, at the administrator's own desk: links to disks that anybody can download them by."""
    scene.wait(60, 600)
    numbers = scene.rng.sample(range(60), k=scene.number(3, 8))
    steps = [
        azure("Microsoft.Compute/disks/beginGetAccess/action", *named("resource", f"disk-{number:03d}"))
        for number in numbers
    ]
    steps += [azure("Microsoft.Storage/storageAccounts/listAccountSas/action", *named("resource", "store3"))]
    scene.act_all(steps, scene.own(), 40, 400)


def reports_by_mail(scene: Scene) -> None:
    """Few steps, no file: a bookkeeper has the books' reports sent to a private address, every week from now on."""
    scene.wait(60, 900)
    guest = named("guest", scene.rng.choice(_PRIVATE))
    steps = [
        other(NETSUITE, "ReportScheduled", Category.SHARE, NativeObject("report", f"ledger-{number:03d}"), *guest)
        for number in scene.rng.sample(range(300), k=scene.number(3, 8))
    ]
    scene.act_all(steps, scene.own(), 40, 400)


def let_in(scene: Scene) -> None:
    """Stealthy: inside a workload that was taken over: policies of a key, secrets and images let an account in."""
    scene.wait(60, 900)
    account = NativeObject("account", _STRANGER)
    steps = [aws("kms", "PutKeyPolicy", *named("key", f"kms-prod-{scene.number(0, 59):03d}"), account)]
    steps += [
        aws("secretsmanager", "PutResourcePolicy", *named("secret", f"secretsmanager-prod-{number:03d}"), account)
        for number in scene.rng.sample(range(60), k=scene.number(1, 4))
    ]
    images = named("repository", f"ecr-prod-{scene.number(0, 59):03d}")
    steps.append(aws("ecr", "SetRepositoryPolicy", *images, account))
    scene.act_all(steps, scene.own(), 20, 300)


def lure(scene: Scene) -> None:
    """In an account that was taken over: one file that asks for passwords is shared with every partner (2024)."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    name = scene.victim.user.id.replace("@", "_").replace(".", "_")
    bait = NativeObject("file", f"personal/{name}/Documents/RFP {scene.number(100, 999)} - Secure.pdf", 148_221)
    scene.wait(30, 300)
    scene.act(sharepoint("FileUploaded", bait), via)
    guests = [named("guest", partner(number)) for number in scene.rng.sample(range(80), k=scene.number(35, 75))]
    scene.act_all([sharepoint("AddedToSecureLink", bait, *guest) for guest in guests], via, 0.5, 12)


def replicated(scene: Scene) -> None:
    """Stealthy: from now on, a bucket is copied to an account of somebody else's, by the cloud itself (T1537)."""
    scene.wait(60, 900)
    bucket = named("bucket", f"acme-s3-data-{scene.number(0, 11)}")
    steps = [
        aws("s3", "GetBucketReplication", *bucket, error="ReplicationConfigurationNotFoundError"),
        aws("s3", "PutBucketVersioning", *bucket),
        aws("iam", "CreateRole", *named("role", "s3-mirror")),
        aws("s3", "PutBucketReplication", *bucket, NativeObject("account", _STRANGER)),
    ]
    scene.act_all(steps, scene.shell(), 20, 200)


def guest(scene: Scene) -> None:
    """In an account that was taken over, a guest is invited into the team, and folders are shared with the guest."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    address, unit = scene.rng.choice(_PRIVATE), scene.victim.unit
    guest = named("guest", address)
    scene.wait(60, 400)
    scene.act(directory("Invite external user", *named("user", address)), via)
    scene.wait(30, 300)
    scene.act(m365(TEAMS, "MemberAdded", *named("team", unit), *guest), via)
    files = files_in_a_row(scene, FOLDER_SIZE * scene.number(4, 10))
    folders = named("folder", *dict.fromkeys(file.name.rpartition("/")[0] for file in files))
    for folder in folders:
        steps = [
            sharepoint("SharingInvitationCreated", folder, *guest),
            sharepoint("AddedToSecureLink", folder, *guest),
        ]
        scene.act_all(steps, via, 2, 60)


def outside_member(scene: Scene) -> None:
    """Stealthy: at their desk, a programmer lets a private account into a few repositories (T1213.003)."""
    scene.wait(60, 900)
    member = named("user", scene.rng.choice(("kx-labs-dev", "jd-side-project", "north-wind-77")))
    numbers = scene.rng.sample(range(80), k=scene.number(3, 6))
    steps = [
        github("org.add_outside_collaborator", *named("repository", f"service-{number:02d}"), *member)
        for number in numbers
    ]
    scene.act_all(steps, scene.own(), 30, 300)


def folder_links(scene: Scene) -> None:
    """In an account that was taken over, before a ransom is asked: every folder gets a link that works for anybody."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    scene.wait(30, 200)
    files = files_in_a_row(scene, FOLDER_SIZE * scene.number(18, 35))
    for folder in named("folder", *dict.fromkeys(wanted.name.rpartition("/")[0] for wanted in files)):
        scene.wait(5, 60)
        scene.act(sharepoint("AnonymousLinkCreated", folder), via)
        if scene.number(0, 3) == 0:
            scene.act(sharepoint("AnonymousLinkUpdated", folder), via)


def published(scene: Scene) -> None:
    """Stealthy: at their desk, who never used Power BI before puts a few of the company's reports on the open web."""
    scene.wait(60, 900)
    names = ("Payroll 2026", "Margin by customer", "Board pack", "Cash forecast", "Headcount plan", "Price list EMEA")
    for report in named("report", *scene.rng.sample(names, k=scene.number(3, 5))):
        looked, public = m365(_POWER_BI, "ViewReport", report), m365(_POWER_BI, "PublishToWebReport", report)
        scene.act_all([looked, looked, public], scene.own(), 30, 240)


def open_buckets(scene: Scene) -> None:
    """A leaked key, on a rented server: bucket after bucket is opened to everybody, then listed and fetched from."""
    scene.wait(300, 1_800)
    via = scene.intruder(server(scene.rng, scene.city), scripted("Boto3/1.35.36 md/Botocore#1.35.36"))
    scene.act_all([WHO_AM_I, aws("s3", "ListBuckets")], via, 2, 20)
    for number in scene.rng.sample(range(12), k=scene.number(4, 7)):
        bucket = named("bucket", f"acme-s3-data-{number}")
        steps = [
            aws("s3", "GetBucketPolicy", *bucket),
            aws("s3", "DeleteBucketPublicAccessBlock", *bucket),
            aws("s3", "PutBucketPolicy", *bucket, NativeObject("account", "*")),
            aws("s3", "ListObjectsV2", *bucket),
        ]
        scene.act_all(steps, via, 2, 40)


def sftp_user(scene: Scene) -> None:
    """Stealthy: at the administrator's desk: stores of Azure get a door for SFTP, and a user of it from outside."""
    scene.wait(60, 900)
    for number in scene.rng.sample(range(20), k=scene.number(2, 3)):
        store = f"stexports{number:02d}"
        user = named("resource", f"{store}/localUsers/ext-{scene.rng.choice(('kx', 'jd', 'vendor7', 'mirror'))}")
        steps = [
            azure("Microsoft.Storage/storageAccounts/write", *named("resource", store)),
            azure("Microsoft.Storage/storageAccounts/localUsers/write", *user),
            azure("Microsoft.Storage/storageAccounts/localUsers/regeneratePassword/action", *user),
        ]
        scene.act_all(steps, scene.own(), 25, 240)


def to_new_employer(scene: Scene) -> None:
    """Under notice, in two sittings: folder after folder, and the team itself, for somebody at a competitor's."""
    scene.wait(60, 900)
    unit = scene.victim.unit
    guest = named("guest", scene.rng.choice(("onboarding@kestrel-rival.example", "d.frost@orbis-systems.example")))
    files = files_in_a_row(scene, FOLDER_SIZE * scene.number(10, 18))
    folders = named("folder", *dict.fromkeys(wanted.name.rpartition("/")[0] for wanted in files))
    for part in (folders[::2], folders[1::2]):
        for folder in part:
            actions = ("SharingInvitationCreated", "AddedToSecureLink")
            scene.act_all([sharepoint(action, folder, *guest) for action in actions], scene.own(), 4, 60)
        scene.wait(1_800, 3_600)
    scene.act(m365(TEAMS, "MemberAdded", *named("team", unit), *guest), scene.own())


def trusted_outside(scene: Scene) -> None:
    """Stealthy: an administrator, at their desk: calendars and the board's site are open to a domain outside."""
    scene.wait(60, 900)
    domain = scene.rng.choice(("helio-advisory.example", "meridian-desk.example"))
    shell, guest = scene.program("PowerShell/7.4.6"), named("guest", f"office@{domain}")
    related = settings(Name="Advisory", DomainNames=domain, FreeBusyAccessEnabled="True")
    steps = [
        exchange("New-OrganizationRelationship", *related, *settings(FreeBusyAccessLevel="LimitedDetails")),
        exchange(
            "Set-SharingPolicy", *settings(Identity="Default", Domains=f"{domain}:CalendarSharingFreeBusyReviewer")
        ),
    ]
    scene.act_all(steps, shell, 30, 300)
    board = named("folder", "sites/executive/Shared Documents")
    steps = [
        sharepoint("SharingPolicyChanged", *named("site", "sites/executive")),
        sharepoint("SharingInvitationCreated", *board, *guest),
        sharepoint("AddedToSecureLink", *board, *guest),
    ]
    scene.act_all(steps, scene.own(), 20, 200)


VARIANTS = (
    Variant("anonymous_links", anybody, anonymous_links),
    Variant("private_address", anybody, private_address),
    Variant("whole_site", anybody, whole_site),
    Variant("snapshots", aws_person, snapshots),
    Variant("database", aws_person, database),
    Variant("image_and_bucket", aws_person, image_and_bucket),
    Variant("made_public", coder, made_public),
    Variant("disk_links", azure_person, disk_links),
    Variant("reports_by_mail", bookkeeper, reports_by_mail),
    Variant("let_in", aws_service, let_in),
    Variant("lure", anybody, lure),
    Variant("replicated", aws_person, replicated),
    Variant("guest", anybody, guest),
    Variant("outside_member", coder, outside_member),
    Variant("folder_links", anybody, folder_links),
    Variant("published", leader, published),
    Variant("open_buckets", aws_account, open_buckets),
    Variant("sftp_user", azure_person, sftp_user),
    Variant("to_new_employer", anybody, to_new_employer, hours=4, held_out=True),
    Variant("trusted_outside", directory_admin, trusted_outside, held_out=True, quiet=True),
)
