"""An app's own credentials are used by somebody else (T1550.001)."""

from __future__ import annotations

from activities.activity import Category, UserType
from simulator.attacks import Variant
from simulator.catalogue import principal
from simulator.departments import DEPARTMENTS
from simulator.devices import copied, scripted
from simulator.hostile import HOMES_FAR, HOSTS, PUBLIC_CLOUDS, TOR, VPNS, anywhere, home_proxy, relay, server
from simulator.moves import INBOX, files_in_a_row
from simulator.operations import (
    SALESFORCE,
    TEAMS,
    directory,
    exchange,
    github,
    m365,
    named,
    other,
    settings,
    sharepoint,
)
from simulator.people import BEFORE
from simulator.places import OFFICES
from simulator.record import MINUTE, Account, NativeObject, Step
from simulator.scene import Scene
from simulator.services import Service
from simulator.world import World


def app(world: World, account: Account) -> bool:
    """An app that reads files or mail of Microsoft 365, or customers' records."""
    return (
        isinstance(account, Service)
        and account.user.type is UserType.APP
        and account.ends is None
        and account.starts == BEFORE
        and account.job in ("calendar", "documents", "chat")
    )


def crm_app(world: World, account: Account) -> bool:
    """The app that synchronises customers' records; any other app where that one is taken."""
    return isinstance(account, Service) and (account.job == "sync" or app(world, account))


def documents_app(world: World, account: Account) -> bool:
    """An app that handles documents."""
    return app(world, account) and isinstance(account, Service) and account.job == "documents"


def other_provider(scene: Scene) -> None:
    """A stolen client secret is used on a rented server by a program of the intruder's: mailbox after mailbox."""
    scene.wait(300, 3_000)
    via = scene.intruder(server(scene.rng, scene.rng.choice(OFFICES).city))
    steps: list[Step] = []
    for person in scene.executives(scene.number(8, 20)):
        steps += [exchange("MailItemsAccessed", *INBOX, owner=person.user)] * scene.number(3, 9)
    scene.act_all(steps, via, 1, 15)


def downloads(scene: Scene) -> None:
    """Stealthy: from the app's own address, which was taken over; it reads as always, but begins to download."""
    scene.wait(300, 1_800)
    files = files_in_a_row(scene, scene.number(150, 450), "finance")
    scene.spread([sharepoint("FileDownloaded", file) for file in files], scene.own(), scene.number(20, 50) * MINUTE)


def customers(scene: Scene) -> None:
    """Tokens of an integration are used through Tor to export customers' records (as at Salesloft Drift, 2025)."""
    scene.wait(300, 1_800)
    device = scripted("python-requests/2.32.4")
    kinds = ("Account", "Contact", "Opportunity", "Case", "User", "Attachment")
    via = scene.intruder(relay(scene.rng, TOR, "US"), device)
    counts = [other(SALESFORCE, "QueryExecuted", Category.READ, NativeObject("object", kind)) for kind in kinds]
    exports = [
        other(
            SALESFORCE,
            "BulkJobExported",
            Category.DOWNLOAD,
            NativeObject("object", kind, scene.number(20, 400) * 1_000_000),
        )
        for kind in kinds
    ]
    scene.act_all(counts, via, 2, 20)
    scene.act_all(exports * scene.number(1, 3), via, 30, 200)


def files_by_vpn(scene: Scene) -> None:
    """Through a commercial VPN, an app that handles documents takes all of a department's."""
    scene.wait(300, 1_800)
    via = scene.intruder(relay(scene.rng, VPNS), scripted("axios/1.7.9"))
    files = files_in_a_row(scene, scene.number(80, 250), scene.rng.choice(("legal", "hr", "finance")))
    scene.spread([sharepoint("FileDownloaded", file) for file in files], via, scene.number(10, 40) * MINUTE)


def chats(scene: Scene) -> None:
    """A token that a supplier lost is used on a public cloud: every channel is fetched (Salesloft, 2025)."""
    scene.wait(300, 3_000)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("Python/3.11 aiohttp/3.12.15"))
    channels = [f"{unit.name}-{number:02d}" for unit in DEPARTMENTS for number in range(12)]
    channels = scene.rng.sample(channels, k=scene.number(50, 100))
    steps = [m365(TEAMS, "ChatRetrieved", NativeObject("channel", name)) for name in channels]
    scene.spread(steps, via, scene.number(8, 40) * MINUTE)


def sends(scene: Scene) -> None:
    """Stealthy: from the app's own address, by whoever runs it now: mail is sent in the names of its users."""
    scene.wait(300, 1_800)
    sent = named("folder", "Sent Items")
    people = [scene.colleague() for _ in range(scene.number(25, 60))]
    scene.act_all([exchange("Send", *sent, owner=person.user) for person in people], scene.own(), 2, 30)


def overwrites(scene: Scene) -> None:
    """From the app's own address, by whoever runs it now: files are overwritten until no old version is left."""
    scene.wait(300, 1_800)
    files = files_in_a_row(scene, scene.number(40, 90), scene.rng.choice(("engineering", "finance", "sales")))
    times = scene.number(3, 5)
    steps = [sharepoint("FileModified", file) for file in files for _ in range(times)]
    scene.spread(steps, scene.own(), scene.number(15, 60) * MINUTE)


def code_app(world: World, account: Account) -> bool:
    """What delivers the company's code; any other app where that one is taken."""
    return isinstance(account, Service) and (account.job == "delivery" or app(world, account))


def clones(scene: Scene) -> None:
    """Behind a VPN, an integration's token of GitHub clones one private repository after the other (Heroku, 2022)."""
    scene.wait(300, 3_000)
    via = scene.intruder(relay(scene.rng, VPNS), scripted("git/2.34.1"))
    numbers = scene.rng.sample(range(80), k=scene.number(35, 70))
    scene.act_all([github("api.request")] * scene.number(2, 5), via, 2, 15)
    steps = [github("git.clone", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.act_all(steps, via, 3, 35)


def own_pace(scene: Scene) -> None:
    """Stealthy: on one home line abroad, at the app's pace and under its name: executives' mail (Midnight Blizzard)."""
    scene.wait(300, 1_800)
    via = scene.intruder(anywhere(scene.rng, HOMES_FAR), copied(scene.seen.device))
    steps: list[Step] = []
    for person in scene.executives(scene.number(4, 7)):
        steps.append(exchange("SearchQueryPerformed", *named("query", "credentials"), owner=person.user))
        steps += [exchange("MailItemsAccessed", *INBOX, owner=person.user)] * scene.number(2, 4)
    scene.spread(steps, via, scene.number(150, 220) * MINUTE)


def more_apps(scene: Scene) -> None:
    """A forgotten app's secret, from a rented server: who there is, then apps of the intruder's (Midnight Blizzard)."""
    scene.wait(300, 3_000)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("python-requests/2.31.0"))
    steps = [directory(f"Download {what} - Started (bulk)") for what in ("users", "groups")]
    for title in scene.rng.sample(("Mail Health Test", "Tenant Probe", "AAD Sync Staging"), k=scene.number(1, 2)):
        made = principal(title)
        rights = (made, *named("permission", "full_access_as_app"))
        steps += [directory("Add application.", made), directory("Add service principal.", made)]
        steps += [
            directory("Update application – Certificates and secrets management ", made, changed=("KeyDescription",)),
            directory("Add app role assignment to service principal.", *rights, changed=("AppRole.Value",)),
        ]
    scene.act_all(steps, via, 15, 240)
    for person in scene.executives(scene.number(3, 6)):
        scene.act_all([exchange("MailItemsAccessed", *INBOX, owner=person.user)] * scene.number(5, 12), via, 2, 20)


def support_cases(scene: Scene) -> None:
    """Stealthy: in another cloud, under the app's own name: cases are searched for keys, the traces deleted (UNC6395).

    An app that has nothing to do with customers has never asked for such records at all.
    """
    scene.wait(300, 1_800)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), copied(scene.seen.device))
    kinds = ("Case", "EmailMessage", "CaseComment", "User", "ContentVersion", "LoginHistory")
    steps: list[Step] = []
    for kind in scene.rng.sample(kinds, k=scene.number(4, 6)):
        size = NativeObject("object", kind, scene.number(2, 30) * 1_000_000)
        steps += [other(SALESFORCE, "QueryExecuted", Category.READ, NativeObject("object", kind))] * scene.number(1, 3)
        steps += [
            other(SALESFORCE, "BulkJobCreated", Category.CREATE, NativeObject("object", kind)),
            other(SALESFORCE, "BulkJobExported", Category.DOWNLOAD, size),
            other(SALESFORCE, "BulkJobDeleted", Category.DELETE, NativeObject("object", kind)),
        ]
    scene.act_all(steps, via, 60, 400)


def backup_app(world: World, account: Account) -> bool:
    """The app that makes backups; any other app where that one is taken."""
    return isinstance(account, Service) and (account.job == "backup" or app(world, account))


def vendors_secret(scene: Scene) -> None:
    """A supplier lost its customers' secrets: from abroad, who there is, mail, then files (Commvault, 2025)."""
    scene.wait(300, 3_000)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("python-httpx/0.27.2"))
    steps = [directory(f"Download {what} - Started (bulk)") for what in ("users", "groups", "devices")]
    for person in scene.executives(scene.number(6, 10)):
        word = scene.rng.choice(("password", "vpn", "wire transfer", "contract"))
        steps.append(exchange("SearchQueryPerformed", *named("query", word), owner=person.user))
        steps += [exchange("MailItemsAccessed", *INBOX, owner=person.user)] * scene.number(3, 7)
    scene.act_all(steps, via, 1, 20)
    for unit in ("it", "legal", "executive"):
        scene.act_all([sharepoint("SearchQueryPerformed")], via, 10, 90)
        files = files_in_a_row(scene, scene.number(15, 45), unit)
        scene.act_all([sharepoint("FileDownloaded", file) for file in files], via, 0.5, 6)


def passes_made(scene: Scene) -> None:
    """Stealthy: from the app's own address, by whoever runs it now: passes to log on as others, gone in an hour."""
    scene.wait(300, 1_800)
    via = scene.own()
    people = [named("user", person.user.id) for person in scene.executives(scene.number(3, 5))]
    scene.act_all([directory("Add temporary access pass", *person) for person in people], via, 40, 400)
    scene.wait(2_400, 4_200)
    scene.act_all([directory("Delete temporary access pass", *person) for person in people], via, 5, 60)


def spam_run(scene: Scene) -> None:
    """A leaked secret, on a server abroad: mail in the names of people by the hundred (Storm-1286, 2023)."""
    scene.wait(300, 3_000)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("python-requests/2.32.3"))
    sent = named("folder", "Sent Items")
    steps: list[Step] = []
    for person in scene.colleagues(scene.number(8, 20)):
        steps += [exchange("Send", *sent, owner=person.user)] * scene.number(10, 25)
        steps.append(exchange("SoftDelete", *sent, owner=person.user))
    scene.act_all(steps, via, 0.3, 6)


def open_links(scene: Scene) -> None:
    """Stealthy: from the app's own address, by whoever runs it now: a few contracts get links that work for anybody."""
    scene.wait(300, 1_800)
    steps: list[Step] = []
    for unit in ("legal", "finance", "executive"):
        steps.append(sharepoint("SearchQueryPerformed"))
        for wanted in files_in_a_row(scene, scene.number(4, 7), unit):
            steps += [sharepoint("FileAccessed", wanted), sharepoint("AnonymousLinkCreated", wanted)]
    scene.spread(steps, scene.own(), scene.number(60, 110) * MINUTE)


def home_routers(scene: Scene) -> None:
    """By hacked routers at homes, a few requests each: executives' mail, then units' files (Silk Typhoon, 2025)."""
    scene.wait(300, 3_000)
    device = scripted("PSGraphSDK/2.25.0 PowerShell/7.4.6", "Windows 10")
    places = [scene.rng.choice(OFFICES).city for _ in range(scene.number(6, 12))]
    routers = [scene.intruder(home_proxy(scene.rng, city), device) for city in places]
    steps: list[Step] = []
    for person in scene.executives(scene.number(5, 9)):
        steps.append(exchange("SearchQueryPerformed", *named("query", "sanctions"), owner=person.user))
        steps += [exchange("MailItemsAccessed", *INBOX, owner=person.user)] * scene.number(4, 9)
        files = files_in_a_row(scene, scene.number(8, 20), person.unit)
        steps += [sharepoint("FileDownloaded", wanted) for wanted in files]
    scene.spread(steps, lambda: scene.rng.choice(routers), scene.number(50, 100) * MINUTE)


def hidden_rules(scene: Scene) -> None:
    """Stealthy: from the app's own address, by whoever runs it now: in a few mailboxes a rule forwards (T1114.003)."""
    scene.wait(300, 1_800)
    for person in scene.executives(scene.number(4, 6)):
        rule = settings(
            Mailbox=person.user.id,
            Name="Sync",
            SubjectContainsWords="contract;invoice",
            ForwardTo="records@consultant-mail.example",
        )
        reads = [exchange("MailItemsAccessed", *INBOX, owner=person.user)] * scene.number(1, 2)
        scene.act_all([*reads, exchange("New-InboxRule", *rule)], scene.own(), 40, 300)


VARIANTS = (
    Variant("other_provider", app, other_provider),
    Variant("downloads", app, downloads),
    Variant("customers", crm_app, customers),
    Variant("files_by_vpn", app, files_by_vpn),
    Variant("chats", app, chats),
    Variant("sends", app, sends),
    Variant("overwrites", documents_app, overwrites),
    Variant("clones", code_app, clones),
    Variant("own_pace", app, own_pace, hours=5),
    Variant("more_apps", app, more_apps, hours=4),
    Variant("support_cases", crm_app, support_cases, hours=4),
    Variant("vendors_secret", backup_app, vendors_secret, hours=4),
    Variant("passes_made", app, passes_made, hours=4),
    Variant("spam_run", app, spam_run),
    Variant("open_links", app, open_links, hours=3),
    Variant("home_routers", app, home_routers, hours=4, held_out=True),
    Variant("hidden_rules", app, hidden_rules, hours=3, held_out=True, quiet=True),
)
