"""A rule forwards mail or hides it from its owner (T1114.003, T1564.008)."""

from __future__ import annotations

from activities.activity import Category
from simulator.attacks import Variant
from simulator.catalogue import partner
from simulator.devices import scripted
from simulator.habits import FACTOR_ADDED
from simulator.hostile import PUBLIC_CLOUDS, VPNS, anywhere, home_proxy, phone_line, relay, server
from simulator.moves import READ_MAIL, read_mail, search_mail
from simulator.operations import WORKDAY, exchange, m365, named, other, settings
from simulator.people import Person
from simulator.record import MINUTE, Account, NativeObject
from simulator.scene import Scene, anybody, directory_admin, leader
from simulator.world import World

_DROPS = ("payments.team@consultant-mail.example", "archive2291@freemail.example", "j.walker.acc@freemail.example")
_FLOW = "MicrosoftFlow"
_MONEY = "invoice;payment;wire;iban;remittance;bank details"


def hidden_replies(scene: Scene) -> None:
    """From a server: mail about money is deleted by a rule whose name is a dot, before a fraud begins."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.city))
    scene.log_on(via)
    read_mail(scene, via, scene.number(3, 7))
    scene.wait(20, 120)
    rule = settings(
        DeleteMessage="True", MarkAsRead="True", StopProcessingRules="True", Name=scene.rng.choice((".", "..", ","))
    )
    scene.act(exchange("New-InboxRule", *rule, *settings(SubjectOrBodyContainsWords=_MONEY)), via)


def forwarded(scene: Scene) -> None:
    """From a home line in the same country: everything goes to an address outside."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(2, 6))
    scene.wait(20, 120)
    scene.act(exchange("New-InboxRule", *settings(ForwardTo=scene.rng.choice(_DROPS), Name="Sync")), via)


def mailbox_setting(scene: Scene) -> None:
    """In the owner's own session, by a program that took it over: the mailbox itself forwards, and keeps a copy."""
    scene.wait(60, 900)
    via = scene.own()
    address = f"smtp:{scene.rng.choice(_DROPS)}"
    parameters = settings(ForwardingSmtpAddress=address, DeliverToMailboxAndForward="True")
    scene.act(exchange("Set-Mailbox", *parameters, *settings(Identity=scene.victim.user.id)), via)


def out_of_sight(scene: Scene) -> None:
    """Stealthy: in the owner's own session, answers of one partner go to a folder that nobody opens."""
    scene.wait(60, 900)
    via = scene.own()
    folder = scene.rng.choice(("RSS Feeds", "Conversation History", "Junk Email", "Archive"))
    rule = settings(MoveToFolder=folder, MarkAsRead="True", Name="a", From="ap@adatum-audit.example")
    scene.act(exchange("New-InboxRule", *rule), via)
    scene.wait(100, 400)
    scene.act(exchange("Set-InboxRule", *rule, *settings(StopProcessingRules="True")), via)


def in_transport(scene: Scene) -> None:
    """By an administrator: a rule of the whole organisation sends a blind copy of mail about money outside."""
    scene.wait(60, 600)
    via = scene.own()
    rule = settings(BlindCopyTo=scene.rng.choice(_DROPS), Name="Compliance copy", SubjectContainsWords=_MONEY)
    scene.act(exchange("New-TransportRule", *rule), via)


def redirected(scene: Scene) -> None:
    """From a phone in the same country: what an executive gets about one purchase goes outside only."""
    scene.later(0.5, 6)
    device = scripted("Outlook-iOS/723.4027091.prod.iphone (4.28.0)", "iOS 17.6")
    via = scene.intruder(phone_line(scene.rng, scene.city), device)
    scene.log_on(via)
    scene.act_all([search_mail(scene.rng) for _ in range(scene.number(1, 4))], via, 10, 90)
    scene.wait(20, 200)
    rule = settings(RedirectTo=scene.rng.choice(_DROPS), Name="Travel", SubjectContainsWords="acquisition;term sheet")
    scene.act(exchange("New-InboxRule", *rule), via)


def journal(scene: Scene) -> None:
    """By an administrator, at their own desk: a journal of all that an executive sends and gets is kept outside."""
    scene.wait(60, 900)
    boss = scene.executives(4)[0].user.id
    rule = settings(Name="Retention 7y", Recipient=boss, JournalEmailAddress=scene.rng.choice(_DROPS), Scope="Global")
    scene.act(exchange("New-JournalRule", *rule), scene.own())


def warnings_hidden(scene: Scene) -> None:
    """From a server: who answers that this looks like phishing goes unread; then dozens get it (Storm-1167, 2023)."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(1, 4))
    scene.wait(20, 150)
    words = settings(SubjectOrBodyContainsWords="hacked;phish;spam;suspicious;did you send;virus;link")
    rule = settings(MoveToFolder="Conversation History", MarkAsRead="True", Name="abc", StopProcessingRules="True")
    scene.act(exchange("New-InboxRule", *rule, *words), via)
    scene.act_all([exchange("Send", *named("folder", "Sent Items"))] * scene.number(30, 90), via, 2, 20)


def on_windows(world: World, account: Account) -> bool:
    """Somebody whose laptops run Windows."""
    if not isinstance(account, Person) or account.contractor:
        return False
    return all(laptop.os.startswith("Windows") for _, laptop in account.laptops)


def by_outlook(scene: Scene) -> None:
    """Stealthy: malware on the owner's own laptop, through Outlook: a rule without a name that no web page shows."""
    scene.wait(60, 1_800)
    via = scene.program("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)")
    rule = settings(ForwardTo=scene.rng.choice(_DROPS), RuleOperation="AddMailboxRule", RuleState="Enabled")
    scene.act(exchange("UpdateInboxRules", *rule, *settings(RuleCondition="HasAttachment")), via)


def two_rules(scene: Scene) -> None:
    """Behind a VPN: mail about money goes out as an attachment; a second rule deletes what the first one bounces."""
    scene.later(0.5, 6)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(3, 8))
    scene.wait(20, 150)
    out = settings(ForwardAsAttachmentTo=scene.rng.choice(_DROPS), Name="Updates", SubjectOrBodyContainsWords=_MONEY)
    hide = settings(DeleteMessage="True", Name="Updates 2", FromAddressContainsWords="postmaster;mailer-daemon")
    scene.act_all([exchange("New-InboxRule", *out), exchange("New-InboxRule", *hide)], via, 30, 200)


def by_contact(scene: Scene) -> None:
    """Stealthy: an administrator makes a contact with a name like one inside; executives' mail is copied to it."""
    scene.wait(60, 900)
    via = scene.own()
    name = scene.rng.choice(("Board Archive", "Journal Mailbox", "Legal Hold"))
    made = settings(Name=name, ExternalEmailAddress=scene.rng.choice(_DROPS), HiddenFromAddressListsEnabled="True")
    steps = [exchange("New-MailContact", *made)]
    for boss in scene.executives(scene.number(1, 3)):
        copied = settings(ForwardingAddress=name, DeliverToMailboxAndForward="True", Identity=boss.user.id)
        steps.append(exchange("Set-Mailbox", *copied))
    scene.act_all(steps, via, 20, 200)


def wages_hidden(scene: Scene) -> None:
    """From a phone's hotspot: a factor, a rule that deletes what Workday writes, then the bank (Storm-2657, 2025)."""
    scene.later(0.5, 6)
    via = scene.intruder(phone_line(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    scene.wait(20, 120)
    scene.act(FACTOR_ADDED, via)
    read_mail(scene, via, scene.number(2, 5))
    words = settings(FromAddressContainsWords="workday;payroll", SubjectContainsWords="payment election;direct deposit")
    rule = settings(DeleteMessage="True", StopProcessingRules="True", Name="....")
    scene.act_all([exchange("New-InboxRule", *rule, *words)], via, 20, 150)
    worker = NativeObject("worker", f"W{scene.number(0, 899):05d}")
    looks = [other(WORKDAY, "WorkerViewed", Category.READ, worker)] * scene.number(1, 3)
    scene.act_all([*looks, other(WORKDAY, "PaymentElectionEdited", Category.MODIFY, worker)], via, 20, 150)


def shared_box(scene: Scene) -> None:
    """Stealthy: an administrator, at their own desk: mail may be sent on to a domain outside; a shared mailbox's is."""
    scene.wait(60, 900)
    drop = scene.rng.choice(_DROPS)
    allowed = settings(Name="Partner relay", DomainName=drop.partition("@")[2])
    steps = [
        exchange("New-RemoteDomain", *allowed),
        exchange("Set-RemoteDomain", *settings(Identity="Partner relay", AutoForwardEnabled="True")),
    ]
    for name in ("accounts", "office")[: scene.number(1, 2)]:
        box = settings(Identity=f"{name}@{scene.domain}", DeliverToMailboxAndForward="True")
        steps.append(exchange("Set-Mailbox", *box, *settings(ForwardingSmtpAddress=f"smtp:{drop}")))
    scene.act_all(steps, scene.own(), 30, 300)


def thread_hijack(scene: Scene) -> None:
    """A phishing kit replays the cookie: invoices are looked for, a partner's answers hidden, the thread answered."""
    scene.wait(300, 1_800)
    via = scene.replayed(server(scene.rng, scene.city), scene.plain_browser())
    scene.act_all([search_mail(scene.rng) for _ in range(scene.number(2, 4))], via, 10, 90)
    read_mail(scene, via, scene.number(5, 12))
    scene.wait(30, 200)
    words = settings(SubjectOrBodyContainsWords=_MONEY, From=partner(scene.number(0, 20)))
    rule = settings(MoveToFolder="RSS Feeds", MarkAsRead="True", StopProcessingRules="True", Name="...")
    scene.act(exchange("New-InboxRule", *rule, *words), via)
    for _ in range(scene.number(2, 5)):
        scene.act_all([exchange("Send", *named("folder", "Sent Items")), READ_MAIL], via, 60, 400)


def swept(scene: Scene) -> None:
    """Stealthy: in the owner's session, on a line nearby: all but the last that a partner and the bank write goes."""
    scene.wait(300, 2_400)
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = scene.replayed(home_proxy(scene.rng, scene.city, lines))
    read_mail(scene, via, scene.number(2, 4))
    for sender in (partner(scene.number(0, 20)), "alerts@firstbank.example"):
        sweep = settings(Name=f"Sweep {sender}", Provider="Exchange16", Sender=sender, KeepLatest="1")
        scene.act_all([exchange("New-SweepRule", *sweep, *settings(DestinationFolder="Deleted Items"))], via, 20, 150)


def in_their_boxes(scene: Scene) -> None:
    """An administrator's password, PowerShell on a rented server: a rule in each executive's mailbox forwards."""
    scene.later(0.5, 6)
    agent = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.17763.6414"
    via = scene.intruder(server(scene.rng, scene.city), scripted(agent, "Windows 10"))
    scene.log_on(via)
    scene.wait(20, 200)
    drop, steps = scene.rng.choice(_DROPS), []
    for boss in scene.executives(scene.number(3, 6)):
        box = settings(Mailbox=boss.user.id, Name="Outlook sync", ForwardTo=drop)
        steps.append(exchange("New-InboxRule", *box, *settings(SubjectOrBodyContainsWords=_MONEY)))
    scene.act_all(steps, via, 3, 40)


def by_flow(scene: Scene) -> None:
    """Stealthy: in the owner's session, on a line nearby: a flow of Power Automate sends on what comes (DART, 2020)."""
    scene.wait(300, 1_800)
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = scene.replayed(home_proxy(scene.rng, scene.city, lines))
    flow = NativeObject("flow", "When a new email arrives (V3) - Send an email")
    drop = named("guest", scene.rng.choice(_DROPS))
    made = [m365(_FLOW, action, flow, *drop) for action in ("CreateFlow", "EditFlow")]
    scene.act_all(made, via, 40, 200)
    agent = scripted(f"azure-logic-apps/1.0 (workflow {scene.rng.getrandbits(64):016x}; version 08584)", "")
    cloud = tuple(placed for placed in PUBLIC_CLOUDS if placed[1].isp == "Microsoft")
    runs = scene.intruder(anywhere(scene.rng, cloud), agent)
    scene.spread([exchange("Send", *named("folder", "Sent Items"))] * scene.number(6, 15), runs, 75 * MINUTE)


VARIANTS = (
    Variant("hidden_replies", anybody, hidden_replies),
    Variant("forwarded", anybody, forwarded),
    Variant("mailbox_setting", anybody, mailbox_setting),
    Variant("out_of_sight", anybody, out_of_sight),
    Variant("in_transport", directory_admin, in_transport),
    Variant("redirected", leader, redirected),
    Variant("journal", directory_admin, journal),
    Variant("warnings_hidden", anybody, warnings_hidden),
    Variant("by_outlook", on_windows, by_outlook),
    Variant("two_rules", anybody, two_rules),
    Variant("by_contact", directory_admin, by_contact),
    Variant("wages_hidden", anybody, wages_hidden),
    Variant("shared_box", directory_admin, shared_box),
    Variant("thread_hijack", anybody, thread_hijack),
    Variant("swept", anybody, swept),
    Variant("in_their_boxes", directory_admin, in_their_boxes, held_out=True),
    Variant("by_flow", anybody, by_flow, hours=3, held_out=True, quiet=True),
)
