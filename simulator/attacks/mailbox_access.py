"""Mail is read in bulk, in many mailboxes, or deleted for good (T1114.002, T1070.008)."""

from __future__ import annotations

from activities.activity import UserType
from simulator.attacks import Variant
from simulator.attacks.anonymous_address import without_vpn
from simulator.catalogue import consent
from simulator.devices import scripted
from simulator.habits import DEVICE_ADDED, SHARED_MAILBOXES
from simulator.hostile import PUBLIC_CLOUDS, VPNS, anywhere, home_proxy, phone_line, relay, server
from simulator.moves import INBOX, READ_MAIL, read_mail, search_mail
from simulator.operations import DEVICE_CODE, LEGACY, PASSWORD_GRANT, exchange, m365, named, settings
from simulator.people import Person
from simulator.record import HOUR, MINUTE, Account, NativeUser, Step
from simulator.scene import Scene, anybody, directory_admin, part_timer
from simulator.services import Service
from simulator.world import World

_PURVIEW = "SecurityComplianceCenter"


def whole_mailbox(scene: Scene) -> None:
    """A program fetches the mailbox: hundreds of accesses within the hour."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.city))
    scene.log_on(via)
    scene.wait(5, 60)
    scene.spread([READ_MAIL] * scene.number(250, 700), via, scene.number(15, 50) * MINUTE)


def slowly(scene: Scene) -> None:
    """Stealthy: the same through the night, throttled, with a mail program on a home line."""
    scene.later(2, 8, 8)
    device = scripted("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.10730; Pro)", "Windows 10")
    via = scene.intruder(home_proxy(scene.rng, scene.city), device)
    scene.log_on(via)
    scene.spread([READ_MAIL] * scene.number(300, 600), via, 6 * HOUR)


def executives(scene: Scene) -> None:
    """An administrator reads in the mailboxes of others, one after the other."""
    scene.wait(60, 900)
    steps: list[Step] = []
    for person in scene.executives(scene.number(6, 14)):
        steps += [exchange("MailItemsAccessed", *INBOX, owner=person.user)] * scene.number(8, 25)
    scene.act_all(steps, scene.own(), 1, 12)


def traces_removed(scene: Scene) -> None:
    """After a fraud: what was sent and what was answered is deleted for good."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(3, 8))
    scene.act_all([exchange("Send", *named("folder", "Sent Items"))] * scene.number(4, 12), via, 10, 60)
    folders = [named("folder", name) for name in ("Sent Items", "Inbox", "Deleted Items")]
    steps = [exchange("HardDelete", *scene.rng.choice(folders)) for _ in range(scene.number(40, 150))]
    scene.spread(steps, via, scene.number(3, 20) * MINUTE)


def exported(scene: Scene) -> None:
    """With the tools made for lawyers: a search over all mailboxes, and its export."""
    scene.wait(60, 900)
    steps = [
        exchange(
            "New-ComplianceSearch", *settings(Name="review-7", ExchangeLocation="All", ContentMatchQuery="password")
        ),
        exchange("Start-ComplianceSearch", *settings(Identity="review-7")),
        exchange("New-ComplianceSearchAction", *settings(SearchName="review-7", Export="True", Format="FxStream")),
    ]
    steps += [
        exchange("New-MailboxExportRequest", *settings(Mailbox=person.user.id, FilePath="\\\\fs01\\pst\\"))
        for person in scene.executives(scene.number(3, 8))
    ]
    scene.act_all(steps, scene.own(), 20, 300)


def by_keyword(scene: Scene) -> None:
    """A part-timer's mailbox, from a phone's hotspot on what may be a day off: search, read the hits, search again."""
    scene.later(0.5, 8)
    via = scene.intruder(phone_line(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    for _ in range(scene.number(6, 9)):
        scene.wait(10, 60)
        scene.act(search_mail(scene.rng), via)
        scene.act_all([READ_MAIL] * scene.number(8, 14), via, 3, 25)


def purged(scene: Scene) -> None:
    """By an administrator: one search over all mailboxes, and what it finds is deleted in every one of them."""
    scene.wait(60, 900)
    name = f"cleanup-{scene.number(10, 99)}"
    found = settings(Name=name, ExchangeLocation="All", ContentMatchQuery="subject:(wire OR remittance)")
    steps = [
        exchange("New-ComplianceSearch", *found),
        exchange("Start-ComplianceSearch", *settings(Identity=name)),
        exchange("New-ComplianceSearchAction", *settings(SearchName=name, Purge="True", PurgeType="HardDelete")),
    ]
    scene.act_all(steps, scene.own(), 60, 900)


def own_mailbox_only(world: World, account: Account) -> bool:
    """Somebody of the company who works in no mailbox but their own."""
    return anybody(world, account) and isinstance(account, Person) and not account.mailboxes


def left_open(scene: Scene) -> None:
    """Stealthy: at their own desk, somebody reads through the shared mailboxes, which were left open to everybody."""
    scene.wait(60, 900)
    steps: list[Step] = []
    for name in scene.rng.sample(SHARED_MAILBOXES, k=scene.number(4, 5)):
        box = NativeUser(f"{name}@{scene.domain}", name, UserType.PERSON)
        steps += [exchange("MailItemsAccessed", *INBOX, owner=box)] * scene.number(14, 26)
    scene.spread(steps, scene.own(), scene.number(2, 3) * HOUR)


def others_too(world: World, account: Account) -> bool:
    """Somebody of the company who works in another mailbox, too: a shared one, or that of whom they assist."""
    return anybody(world, account) and isinstance(account, Person) and bool(account.mailboxes)


def through_assistant(scene: Scene) -> None:
    """An assistant's account, on a home line: the mailbox that they may open is what is read, from end to end."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(2, 4))
    boxes = scene.victim.mailboxes if isinstance(scene.victim, Person) else ()
    steps: list[Step] = []
    for box in boxes:
        folders = [named("folder", name) for name in ("Inbox", "Sent Items", "Archive")]
        steps += [exchange("MailItemsAccessed", *folder, owner=box) for folder in folders] * scene.number(40, 90)
    scene.spread(steps, via, scene.number(35, 80) * MINUTE)


def calendar_app(world: World, account: Account) -> bool:
    """A third-party app that works in a few shared mailboxes' calendars."""
    return isinstance(account, Service) and account.job == "calendar"


def app_reads_on(scene: Scene) -> None:
    """Stealthy: an app's leaked secret, on a public cloud: executives' mail, a little of each, for hours (T1528)."""
    scene.later(0.5, 4, 6)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("graph-python/1.12.0"))
    steps: list[Step] = []
    for person in scene.executives(scene.number(8, 14)):
        steps += [exchange("MailItemsAccessed", *INBOX, owner=person.user)] * scene.number(5, 12)
    scene.spread(steps, via, scene.number(3, 5) * HOUR)


def new_phone(scene: Scene) -> None:
    """The mailbox is set up on somebody else's phone, which fetches months of it, folder by folder."""
    scene.later(0.5, 8)
    device = scripted("Outlook-Android/2.0 (Android 13; CPH2477)", "Android 13")
    via = scene.intruder(phone_line(scene.rng, scene.city), device)
    scene.log_on(via)
    scene.wait(10, 60)
    scene.act(DEVICE_ADDED, via)
    for name in ("Inbox", "Sent Items", "Archive"):
        scene.act_all([exchange("MailItemsAccessed", *named("folder", name))] * scene.number(60, 140), via, 0.5, 6)


def spoliation(scene: Scene) -> None:
    """Stealthy: who knows that lawyers will ask deletes for good, at their desk, a subject an hour, all afternoon."""
    scene.wait(60, 900)
    for name in scene.rng.sample(("Sent Items", "Inbox", "Archive", "Deleted Items"), k=scene.number(3, 4)):
        scene.act(search_mail(scene.rng), scene.own())
        scene.wait(20, 120)
        gone = [exchange("HardDelete", *named("folder", name))] * scene.number(25, 45)
        scene.spread(gone, scene.own(), scene.number(35, 55) * MINUTE)


def by_graph(scene: Scene) -> None:
    """A phished device code, on a public cloud: searches for secrets, and all of what they find (Storm-2372, 2025)."""
    scene.later(0.5, 6)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("python-httpx/0.27.2"))
    scene.log_on(via, DEVICE_CODE)
    words = ("username", "password", "admin", "teamviewer", "anydesk", "credentials", "secret", "ministry", "gov")
    for word in scene.rng.sample(words, k=scene.number(7, 9)):
        scene.wait(2, 20)
        scene.act(exchange("SearchQueryPerformed", *named("query", word)), via)
        scene.act_all([READ_MAIL] * scene.number(25, 50), via, 0.4, 5)


def one_executive(scene: Scene) -> None:
    """Stealthy: at the help desk's own desk, one executive's mailbox is read, folder by folder, all afternoon."""
    scene.wait(60, 900)
    owner = scene.executives(3)[scene.number(0, 2)].user
    for name in ("Inbox", "Sent Items", "Archive"):
        folder = named("folder", name)
        reads = [exchange("MailItemsAccessed", *folder, owner=owner)] * scene.number(30, 50)
        scene.spread(reads, scene.own(), scene.number(45, 65) * MINUTE)


def mail_client(scene: Scene) -> None:
    """Behind a VPN, a mail program that intruders like is let in: every folder is fetched (eM Client, 2024)."""
    scene.later(0.5, 6)
    country = scene.city.country
    via = scene.intruder(relay(scene.rng, VPNS, country), scene.plain_browser())
    scene.log_on(via)
    scene.act_all(consent("eM Client", "EWS.AccessAsUser.All offline_access"), via, 0.3, 5)
    fetching = scene.intruder(via.address, scripted("eMClient/9.2.2157.0", "Windows 10"))
    scene.wait(20, 120)
    for name, count in (("Inbox", 160), ("Sent Items", 90), ("Archive", 80), ("Calendar", 20)):
        reads = [exchange("MailItemsAccessed", *named("folder", name))] * scene.number(count // 2, count)
        scene.act_all(reads, fetching, 0.3, 5)


def previews(scene: Scene) -> None:
    """Stealthy: at the help desk's own desk: lawyers' searches over all mailboxes, their hits looked at one by one."""
    scene.wait(60, 900)
    queries = ("salary", "layoff OR redundancy", "acquisition", "complaint", "bonus", "termination")
    for number, query in enumerate(scene.rng.sample(queries, k=scene.number(3, 4))):
        search = named("search", f"case {scene.number(100, 999)}-{number}")
        begun = [m365(_PURVIEW, "SearchCreated", *search, *named("query", query))]
        begun += [m365(_PURVIEW, "SearchStarted", *search), m365(_PURVIEW, "ViewedSearchPreviewed", *search)]
        scene.act_all(begun, scene.own(), 20, 120)
        items = [m365(_PURVIEW, "PreviewItemRendered", *search)] * scene.number(12, 25)
        items += [m365(_PURVIEW, "PreviewItemDownloaded", *search)] * scene.number(2, 6)
        scene.act_all(items, scene.own(), 10, 90)
        scene.wait(300, 1_200)


def by_imap(scene: Scene) -> None:
    """A leaked password over IMAP, which asks for no factor, from rented home lines: folder by folder, everything."""
    scene.later(0.5, 6)
    device = scripted("BAV2ROPC", "")
    for name in ("Inbox", "Sent Items", "Archive", "Drafts"):
        via = scene.intruder(home_proxy(scene.rng, scene.city), device)
        scene.log_on(via, LEGACY, PASSWORD_GRANT)
        scene.act_all([exchange("MailItemsAccessed", *named("folder", name))] * scene.number(70, 140), via, 0.4, 6)
        scene.wait(10, 120)


def forged_token(scene: Scene) -> None:
    """Stealthy: no logon at all: with a forged token, from one server after the other, in sips (Storm-0558, 2023)."""
    scene.later(0.5, 4, 5)
    device = scene.plain_browser()
    for _ in range(scene.number(8, 11)):
        via = scene.intruder(server(scene.rng, scene.city), device)
        folders = [named("folder", scene.rng.choice(("Inbox", "Inbox", "Sent Items", "Archive"))) for _ in range(16)]
        reads = [exchange("MailItemsAccessed", *folder) for folder in folders]
        scene.act_all(reads[: scene.number(9, 16)], via, 2, 30)
        scene.wait(700, 1_400)


VARIANTS = (
    Variant("whole_mailbox", anybody, whole_mailbox),
    Variant("slowly", anybody, slowly, hours=9),
    Variant("executives", directory_admin, executives),
    Variant("traces_removed", anybody, traces_removed),
    Variant("exported", directory_admin, exported),
    Variant("by_keyword", part_timer, by_keyword),
    Variant("purged", directory_admin, purged),
    Variant("left_open", own_mailbox_only, left_open, hours=4),
    Variant("through_assistant", others_too, through_assistant),
    Variant("app_reads_on", calendar_app, app_reads_on, hours=6),
    Variant("new_phone", anybody, new_phone),
    Variant("spoliation", anybody, spoliation, hours=5),
    Variant("by_graph", anybody, by_graph),
    Variant("one_executive", directory_admin, one_executive, hours=4),
    Variant("mail_client", without_vpn, mail_client),
    Variant("previews", directory_admin, previews, hours=5),
    Variant("by_imap", anybody, by_imap, held_out=True),
    Variant("forged_token", anybody, forged_token, hours=8, held_out=True, quiet=True),
)
