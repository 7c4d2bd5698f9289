"""A session is used from elsewhere while its owner uses it, too: its cookie or token was stolen (T1539, T1550.004)."""

from __future__ import annotations

from activities.activity import Category
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import FACTOR_ADDED
from simulator.hostile import (
    HOMES_AWAY,
    HOMES_FAR,
    HOSTS,
    PHONES_FAR,
    PUBLIC_CLOUDS,
    VPNS,
    anywhere,
    home_proxy,
    phone_line,
    relay,
    server,
)
from simulator.moves import WHO_AM_I, read_files, read_mail, some_file
from simulator.operations import (
    SALESFORCE,
    TEAMS,
    WORKDAY,
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
from simulator.places import OFFICES, vpn_egress
from simulator.record import MINUTE, NativeObject
from simulator.scene import Scene, anybody, aws_person, aws_service, azure_person, coder, directory_admin, seller


def from_server(scene: Scene) -> None:
    """A phishing kit in the middle replays the cookie from its server, with its own program."""
    scene.wait(20, 400)
    via = scene.replayed(server(scene.rng, scene.city), scene.intruder(scene.seen.address).device)
    read_mail(scene, via, scene.number(5, 15), 2, 40)


def same_browser(scene: Scene) -> None:
    """Stealthy: an information stealer's buyer copies the browser and rents a home line in the same city."""
    scene.wait(300, 2_400)
    avoid = frozenset({scene.seen.address.location.isp})
    via = scene.replayed(home_proxy(scene.rng, scene.city, avoid))
    read_mail(scene, via, scene.number(4, 9))
    read_files(scene, via, scene.number(4, 10))


def by_vpn(scene: Scene) -> None:
    """Through a commercial VPN, with a browser of another system; files are taken."""
    scene.wait(120, 1_500)
    via = scene.replayed(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    read_files(scene, via, scene.number(8, 25), 2, 25)


def cloud_keys(scene: Scene) -> None:
    """The temporary keys of an administrator's session are used on a server, beside the owner's own calls."""
    scene.wait(60, 900)
    via = scene.replayed(server(scene.rng, scene.elsewhere()), scripted("Boto3/1.34.162 md/Botocore#1.34.162"))
    looks = [WHO_AM_I, aws("s3", "ListBuckets"), aws("ec2", "DescribeInstances"), aws("iam", "ListRoles")]
    scene.act_all([*looks, aws("secretsmanager", "ListSecrets"), aws("ec2", "DescribeSnapshots")], via, 2, 30)


def workload(scene: Scene) -> None:
    """A server-side request forgery gives away a workload's keys (T1552.005), which are then used outside."""
    scene.wait(60, 900)
    via = scene.replayed(server(scene.rng, scene.city), scripted("aws-cli/2.15.30 Python/3.11.8 Linux/6.6.9-amd64"))
    bucket = named("bucket", f"acme-s3-data-{scene.number(0, 11)}")
    scene.act_all([WHO_AM_I, aws("s3", "ListBuckets"), aws("s3", "ListObjectsV2", *bucket)], via, 2, 30)
    reads = [
        aws("s3", "GetObject", *named("object", f"acme-s3-data-1/part-{number:05d}.parquet")) for number in range(9)
    ]
    scene.act_all(reads, via, 1, 10)


def source_code(scene: Scene) -> None:
    """A cookie from an information stealer: repositories as archives, and a token to come back with, from abroad."""
    scene.wait(300, 2_400)
    via = scene.replayed(anywhere(scene.rng, HOMES_AWAY))
    scene.act(github("personal_access_token.create"), via)
    numbers = scene.rng.sample(range(80), k=scene.number(5, 14))
    steps = [github("repo.download_zip", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.act_all(steps, via, 10, 120)


def chats(scene: Scene) -> None:
    """Stealthy: a token of Teams, copied off the laptop, on a line of another carrier: the team's own chats."""
    scene.wait(300, 2_400)
    carriers = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = scene.replayed(phone_line(scene.rng, scene.city, carriers))
    channels = [NativeObject("channel", f"{scene.victim.unit}-{number:02d}") for number in range(12)]
    steps = [m365(TEAMS, "ChatRetrieved", scene.rng.choice(channels)) for _ in range(scene.number(10, 24))]
    steps += [m365(TEAMS, "MessageSent", scene.rng.choice(channels)) for _ in range(scene.number(1, 3))]
    scene.act_all(steps, via, 6, 80)


def handed_on(scene: Scene) -> None:
    """The kit's server tries the cookie; who bought it reads on, behind a phone's hotspot abroad (Tycoon 2FA)."""
    scene.wait(20, 200)
    test = scene.replayed(server(scene.rng, scene.city), scripted("node-fetch/1.0 (+https://github.com/node-fetch)"))
    read_mail(scene, test, scene.number(1, 2), 1, 5)
    scene.wait(600, 2_400)
    via = scene.replayed(anywhere(scene.rng, PHONES_FAR), scene.plain_browser())
    read_mail(scene, via, scene.number(6, 14), 4, 60)
    read_files(scene, via, scene.number(2, 6), 5, 60)


def support_file(scene: Scene) -> None:
    """Stealthy: a cookie from a file sent to a vendor's support, on a line nearby: one account is made (Okta, 2023)."""
    scene.wait(300, 1_500)
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = scene.replayed(home_proxy(scene.rng, scene.city, lines))
    made = named("user", f"svc_network_backup{scene.number(1, 9)}@{scene.domain}")
    steps = [directory("Download users - Started (bulk)"), directory("Download groups - Started (bulk)")]
    steps += [directory("Add user.", *made), directory("Reset user password.", *made)]
    scene.act_all(steps, via, 60, 500)


def rule_abroad(scene: Scene) -> None:
    """On a home line abroad, the kit's cookie: who pays whom is looked for, what is answered is hidden (Storm-1167)."""
    scene.wait(120, 1_500)
    via = scene.replayed(anywhere(scene.rng, HOMES_FAR), scene.plain_browser())
    read_mail(scene, via, scene.number(8, 16), 4, 50)
    scene.wait(30, 200)
    hidden = settings(Name=".", SubjectContainsWords="invoice;payment", MoveToFolder="RSS Feeds", MarkAsRead="True")
    scene.act(exchange("New-InboxRule", *hidden), via)
    scene.act_all([exchange("Send", *named("folder", "Sent Items"))] * scene.number(2, 6), via, 60, 300)


def rotating_lines(scene: Scene) -> None:
    """Stealthy: copied browser; each few steps by another line of a proxy network in the victim's city, for hours."""
    scene.wait(120, 900)
    for _ in range(scene.number(8, 13)):
        via = scene.replayed(home_proxy(scene.rng, scene.city))
        if scene.rng.random() < 0.5:  # noqa: PLR2004
            read_mail(scene, via, scene.number(2, 4), 5, 60)
        else:
            read_files(scene, via, scene.number(2, 5), 5, 60)
        scene.wait(120, 900)


def customers(scene: Scene) -> None:
    """A seller's cookie, bought from an information stealer's log: abroad, reports on customers are exported."""
    scene.wait(120, 1_500)
    via = scene.replayed(anywhere(scene.rng, HOMES_AWAY), scene.plain_browser())
    first = scene.number(0, 19_000)
    looks = [
        other(SALESFORCE, "RecordViewed", Category.READ, NativeObject("account", f"001A{first + number * 5:05d}"))
        for number in range(scene.number(10, 25))
    ]
    names = ("all-accounts", "all-contacts", "open-deals", "renewals", "price-list", "lost-deals")
    exports = [
        other(
            SALESFORCE, "ReportExported", Category.DOWNLOAD, NativeObject("report", name, scene.number(2, 60) * 10**6)
        )
        for name in scene.rng.sample(names, k=scene.number(4, 6))
    ]
    scene.act_all([*looks, *exports], via, 6, 70)


def own_cloud(scene: Scene) -> None:
    """Stealthy: an administrator's token on a machine of the same cloud, the same agent: what there is, two keys."""
    scene.wait(120, 900)
    via = scene.replayed(anywhere(scene.rng, PUBLIC_CLOUDS[1:2]))
    looks = (
        "Microsoft.Authorization/roleAssignments/read Microsoft.KeyVault/vaults/read "
        "Microsoft.Storage/storageAccounts/read Microsoft.Compute/disks/read Microsoft.Sql/servers/read "
        "Microsoft.Automation/automationAccounts/read"
    ).split()
    steps = [
        azure(look, *named("resource", f"rg-prod-{scene.number(1, 30):02d}"))
        for look in looks
        for _ in range(scene.number(1, 3))
    ]
    keys = "Microsoft.Storage/storageAccounts/listKeys/action"
    steps += [azure(keys, *named("resource", f"store-{number:02d}")) for number in range(2)]
    scene.spread(steps, via, scene.number(30, 70) * MINUTE)


def onward(scene: Scene) -> None:
    """The kit's cookie, on a server abroad: a factor is added, and dozens get the same link (DEV-1101, 2023)."""
    scene.wait(120, 1_200)
    via = scene.replayed(anywhere(scene.rng, HOSTS), scene.plain_browser())
    read_mail(scene, via, scene.number(3, 7), 4, 50)
    scene.act_all([FACTOR_ADDED], via, 30, 200)
    hidden = settings(Name="..", DeleteMessage="True", StopProcessingRules="True")
    scene.act_all([exchange("New-InboxRule", *hidden)], via, 30, 200)
    sent = named("folder", "Sent Items")
    scene.act_all([exchange("Send", *sent)] * scene.number(30, 70), via, 0.5, 6)
    scene.act_all([exchange("SoftDelete", *sent)] * scene.number(10, 25), via, 0.5, 4)


def inside_vpn(scene: Scene) -> None:
    """Stealthy: the owner's cookie and agent, by the company's own VPN far away, while they work: what opens doors.

    The gateway is one that the company knows, of an office where the owner isn't; the computer isn't known.
    """
    scene.wait(120, 900)
    home = scene.city.country
    far = scene.rng.choice([office for office in OFFICES if office.city.country != home])
    via = scene.replayed(vpn_egress(far.hub, scene.number(0, 3)))
    for word in ("password", "vpn", "mfa", "onboarding"):
        scene.act_all([exchange("SearchQueryPerformed", *named("query", word))], via, 20, 120)
        read_mail(scene, via, 2, 10, 60)
    for unit in ("it", "executive"):
        scene.act_all([sharepoint("SearchQueryPerformed")], via, 30, 200)
        seen = [sharepoint("FileAccessed", some_file(scene, unit)) for _ in range(scene.number(4, 7))]
        scene.act_all(seen, via, 20, 200)


def payroll(scene: Scene) -> None:
    """Behind a VPN, the kit's cookie: wages go to another bank, and notices of it to the bin (Storm-2657, 2025)."""
    scene.wait(120, 1_500)
    via = scene.replayed(relay(scene.rng, VPNS), scene.plain_browser())
    read_mail(scene, via, scene.number(3, 6), 4, 50)
    hidden = settings(Name="....", From="notifications@workday.example", DeleteMessage="True")
    scene.act_all([exchange("New-InboxRule", *hidden)], via, 30, 200)
    worker = NativeObject("worker", f"W{scene.number(0, 899):05d}")
    looks = [other(WORKDAY, "WorkerViewed", Category.READ, worker)] * scene.number(1, 3)
    bank = other(WORKDAY, "PaymentElectionEdited", Category.MODIFY, worker)
    scene.act_all([*looks, bank, FACTOR_ADDED], via, 20, 150)
    read_mail(scene, via, scene.number(2, 5), 4, 50)


def own_repositories(scene: Scene) -> None:
    """Stealthy: a programmer's cookie and browser, on a line nearby: a token is made, their own code fetched."""
    scene.wait(300, 1_800)
    life = scene.world.life(scene.victim)
    via = scene.replayed(
        home_proxy(scene.rng, scene.city, frozenset(event.address.location.isp for event in life)),
    )
    own = [event.step for event in life if event.step.action in ("git.fetch", "git.push")]
    steps = [github("api.request")] * scene.number(2, 4)
    steps += [github("personal_access_token.create")]
    steps += [github("git.fetch", *scene.rng.choice(own).objects) for _ in range(scene.number(5, 9) if own else 0)]
    scene.act_all(steps, via, 40, 260)


VARIANTS = (
    Variant("from_server", anybody, from_server),
    Variant("same_browser", anybody, same_browser),
    Variant("by_vpn", anybody, by_vpn),
    Variant("cloud_keys", aws_person, cloud_keys),
    Variant("workload", aws_service, workload),
    Variant("source_code", coder, source_code),
    Variant("chats", anybody, chats),
    Variant("handed_on", anybody, handed_on),
    Variant("support_file", directory_admin, support_file),
    Variant("rule_abroad", anybody, rule_abroad),
    Variant("rotating_lines", anybody, rotating_lines, hours=6),
    Variant("customers", seller, customers),
    Variant("own_cloud", azure_person, own_cloud, hours=3),
    Variant("onward", anybody, onward),
    Variant("inside_vpn", anybody, inside_vpn, hours=3),
    Variant("payroll", anybody, payroll, held_out=True),
    Variant("own_repositories", coder, own_repositories, held_out=True, quiet=True),
)
