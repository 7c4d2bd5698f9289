"""Business e-mail compromise: a mailbox is taken over, watched for days, and used for a false invoice.

As the FBI's Internet Crime Complaint Center and Microsoft describe it: a session stolen by a phishing kit, a rule that
hides the answers, patient reading, then mail to a partner from within a real conversation.
"""

from __future__ import annotations

from activities.activity import Category
from simulator.attacks import Variant
from simulator.attacks.anonymous_address import without_vpn
from simulator.catalogue import consent, partner
from simulator.devices import scripted
from simulator.habits import FACTOR_ADDED
from simulator.hostile import HOMES_FAR, PUBLIC_CLOUDS, VPNS, anywhere, home_proxy, phone_line, relay, server
from simulator.moves import READ_MAIL, files_in_a_row, read_mail, search_mail
from simulator.operations import (
    DEVICE_CODE,
    LEGACY,
    MFA,
    NETSUITE,
    PASSWORD_GRANT,
    WORKDAY,
    WRONG_PASSWORD,
    exchange,
    logon,
    named,
    other,
    settings,
    sharepoint,
)
from simulator.people import Person
from simulator.places import OFFICES
from simulator.record import MINUTE, Account, NativeObject
from simulator.scene import Scene, Via, anybody, bookkeeper, leader
from simulator.world import World


def writes_invoices(world: World, account: Account) -> bool:
    """Somebody of finance, sales or the executives."""
    departments = ("finance", "sales", "executive")
    return anybody(world, account) and isinstance(account, Person) and account.department in departments


def _rule(scene: Scene, via: Via) -> None:
    scene.stage("inbox_rule")
    scene.wait(60, 400)
    rule = settings(MoveToFolder="RSS Subscriptions", MarkAsRead="True", Name="..", From=partner(scene.number(0, 20)))
    scene.act(exchange("New-InboxRule", *rule), via)


def _fraud(scene: Scene, via: Via) -> None:
    for _ in range(scene.number(3, 7)):
        scene.act(exchange("Send", *named("folder", "Sent Items")), via)
        scene.wait(120, 1_500)
        scene.act(READ_MAIL, via)
        scene.wait(30, 200)
    scene.stage("mailbox_access")
    scene.act_all([exchange("HardDelete", *named("folder", "Sent Items"))] * scene.number(20, 60), via, 1, 6)


def kit(scene: Scene) -> None:
    """By a phishing kit's server, later from abroad."""
    scene.stage("session_replay")
    scene.wait(60, 900)
    via = scene.replayed(server(scene.rng, scene.city), scene.plain_browser())
    read_mail(scene, via, scene.number(3, 6))
    _rule(scene, via)
    scene.rest(0.3)
    scene.stage("first_country")
    via = scene.intruder(anywhere(scene.rng, HOMES_FAR), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(10, 25))
    scene.rest(0.3)
    read_mail(scene, via, scene.number(5, 12))
    scene.rest(0.2)
    _fraud(scene, via)


def neighbour(scene: Scene) -> None:
    """Stealthy: always from home lines in the victim's own city; the mailbox is copied in the first night."""
    scene.stage("unfamiliar_access")
    scene.later(1, 5)
    avoid = frozenset({scene.seen.address.location.isp})
    via = scene.intruder(home_proxy(scene.rng, scene.city, avoid), scene.plain_browser())
    scene.log_on(via)
    scene.act_all([search_mail(scene.rng) for _ in range(3)], via, 20, 90)
    scene.stage("mailbox_access")
    scene.spread([READ_MAIL] * scene.number(150, 400), via, 50 * MINUTE)
    scene.rest(0.4)
    _rule(scene, via)
    scene.rest(0.3)
    _fraud(scene, via)


def wages(scene: Scene) -> None:
    """Wages, not invoices: from phones, a factor is added, notices are hidden; then colleagues get mail."""
    scene.stage("unfamiliar_access")
    scene.later(0.5, 4)
    via = scene.intruder(phone_line(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(3, 8))
    scene.stage("mfa_fatigue")
    scene.wait(30, 200)
    scene.act(FACTOR_ADDED, via)
    scene.stage("inbox_rule")
    scene.wait(60, 400)
    rule = settings(DeleteMessage="True", Name="....", From="notifications@workday.example", MarkAsRead="True")
    scene.act(exchange("New-InboxRule", *rule), via)
    scene.rest(0.3)
    scene.stage("unfamiliar_access")
    via = scene.intruder(phone_line(scene.rng, scene.city), via.device)
    scene.log_on(via)
    worker = NativeObject("worker", f"W{scene.number(0, 899):05d}")
    looks = [other(WORKDAY, "WorkerViewed", Category.READ, worker)] * scene.number(2, 4)
    scene.act_all([*looks, other(WORKDAY, "PaymentElectionEdited", Category.MODIFY, worker)], via, 20, 150)
    scene.rest(0.3)
    scene.stage("mailbox_access")
    sent = named("folder", "Sent Items")
    scene.act_all([exchange("Send", *sent)] * scene.number(20, 60), via, 1, 8)
    scene.act_all([exchange("HardDelete", *sent)] * scene.number(20, 60), via, 1, 5)


def mail_program(scene: Scene) -> None:
    """An app that copies mailboxes is let in, mail forwarded; then partners get a file with new bank details."""
    scene.stage("unfamiliar_access")
    scene.later(0.5, 4)
    avoid = frozenset({scene.seen.address.location.isp})
    via = scene.intruder(home_proxy(scene.rng, scene.city, avoid), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(2, 5))
    scene.stage("oauth_consent")
    scene.act_all(consent("PERFECTDATA SOFTWARE", "EWS.AccessAsUser.All offline_access"), via, 0.2, 4)
    scene.stage("mailbox_access")
    scene.wait(200, 1_200)
    copy = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("ExchangeServicesClient/15.00.0913.015"))
    scene.spread([READ_MAIL] * scene.number(250, 600), copy, 50 * MINUTE)
    scene.rest(0.4)
    scene.stage("inbox_rule")
    rule = settings(ForwardTo="ap.desk@consultant-mail.example", Name="fw", From=partner(scene.number(0, 20)))
    scene.act(exchange("New-InboxRule", *rule), via)
    scene.rest(0.4)
    scene.stage("external_sharing")
    name = scene.victim.user.id.replace("@", "_").replace(".", "_")
    details = NativeObject("file", f"personal/{name}/Documents/Updated bank details.pdf", 93_410)
    guests = [named("guest", partner(number)) for number in scene.rng.sample(range(80), k=scene.number(25, 50))]
    shares = [sharepoint("AddedToSecureLink", details, *guest) for guest in guests]
    scene.act_all([sharepoint("FileUploaded", details), *shares], via, 2, 30)


def through_colleague(scene: Scene) -> None:
    """Behind a VPN, a first mailbox sends a link to colleagues; a bookkeeper's account changes a supplier's bank."""
    scene.stage("anonymous_address")
    scene.later(0.5, 4)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(3, 7))
    scene.stage("mailbox_access")
    sent = named("folder", "Sent Items")
    scene.act_all([exchange("Send", *sent)] * scene.number(30, 70), via, 1, 10)
    scene.act_all([exchange("HardDelete", *sent)] * scene.number(30, 70), via, 0.5, 5)
    scene.rest(0.3)
    _supplier(scene)


def _supplier(scene: Scene) -> None:
    """The bookkeeper who fell for it: at work, and on a home line at another office's."""
    world, me = scene.world, scene.victim.key
    staff = [one for one in world.people if bookkeeper(world, one) and one.leaves is None and one.key != me]
    second, desk = scene.at_work(staff) or (scene.victim, scene.own())
    here = desk.address.location.country
    city = scene.rng.choice([office.city for office in OFFICES if office.city.country != here])
    scene.stage("impossible_travel")
    scene.wait(300, 1_500)
    via = scene.intruder(home_proxy(scene.rng, city), scene.plain_browser())
    scene.log_on(via, actor=second)
    scene.act_all([search_mail(scene.rng), *[READ_MAIL] * scene.number(5, 10)], via, 10, 90, second)
    scene.stage("inbox_rule")
    rule = settings(MoveToFolder="Archive", MarkAsRead="True", Name=".", From=partner(scene.number(0, 20)))
    scene.act_all([exchange("New-InboxRule", *rule)], via, 30, 300, second)
    scene.rest(0.3)
    scene.stage("unfamiliar_access")
    supplier = NativeObject("vendor", f"V-{scene.number(0, 499):04d}")
    looks = [other(NETSUITE, "VendorViewed", Category.READ, supplier)] * scene.number(2, 5)
    steps = [*looks, other(NETSUITE, "VendorBankDetailsEdited", Category.MODIFY, supplier)]
    again = scene.intruder(home_proxy(scene.rng, city), via.device)
    scene.log_on(again, actor=second)
    scene.act_all([*steps, *[READ_MAIL] * scene.number(2, 5)], again, 20, 180, second)


def guessed_executive(scene: Scene) -> None:
    """An executive's password is guessed; folders are opened to a colleague's account, which sends in their name."""
    scene.stage("brute_force")
    scene.later(0.5, 4)
    source = server(scene.rng, scene.elsewhere())
    tries = [logon(WRONG_PASSWORD, LEGACY, PASSWORD_GRANT)] * scene.number(40, 90)
    scene.spread(tries, Via(source, scripted("BAV2ROPC", ""), ""), scene.number(20, 60) * MINUTE)
    scene.wait(2, 40)
    old = scene.intruder(source, scripted("BAV2ROPC", ""))
    scene.log_on(old, LEGACY, PASSWORD_GRANT)
    scene.stage("mailbox_access")
    scene.spread([READ_MAIL] * scene.number(180, 420), old, scene.number(25, 50) * MINUTE)
    scene.rest(0.3)
    scene.stage("delegation")
    avoid = frozenset({scene.seen.address.location.isp})
    via = scene.intruder(home_proxy(scene.rng, scene.city, avoid), scene.plain_browser())
    scene.log_on(via)
    helper = scene.colleague()
    for name in ("Top of Information Store", "Inbox", "Sent Items"):
        given = settings(Identity=f"{scene.victim.user.id}:\\{name}", User=helper.user.id, AccessRights="Owner")
        scene.act_all([exchange("Add-MailboxFolderPermission", *given)], via, 10, 90)
    named_too = settings(Identity=scene.victim.user.id, GrantSendOnBehalfTo=helper.user.id)
    scene.act_all([exchange("Set-Mailbox", *named_too)], via, 10, 90)
    scene.stage("inbox_rule")
    scene.wait(60, 300)
    rule = settings(MoveToFolder="Conversation History", MarkAsRead="True", Name=",", From=partner(scene.number(0, 20)))
    scene.act(exchange("New-InboxRule", *rule), via)
    scene.rest(0.4)
    scene.stage("unfamiliar_access")
    second = scene.intruder(via.address, via.device)
    scene.log_on(second, actor=helper)
    owner, sent = scene.victim.user, named("folder", "Sent Items")
    for _ in range(scene.number(4, 8)):
        orders = [exchange("SendOnBehalf", *sent, owner=owner), exchange("MailItemsAccessed", *sent, owner=owner)]
        scene.act_all(orders, second, 40, 400, helper)
    scene.stage("mailbox_access")
    scene.act_all([exchange("HardDelete", *sent, owner=owner)] * scene.number(20, 60), second, 1, 6, helper)


def _invoices_without_vpn(world: World, account: Account) -> bool:
    """Somebody of finance, sales or the executives who uses no commercial VPN."""
    return writes_invoices(world, account) and without_vpn(world, account)


def stolen_invoices(scene: Scene) -> None:
    """A replayed cookie; a factor of theirs; finance's invoices; hidden answers; a false one, behind a VPN, to many."""
    scene.stage("session_replay")
    scene.wait(120, 1_200)
    via = scene.replayed(server(scene.rng, scene.elsewhere()), scripted("axios/1.8.4"))
    read_mail(scene, via, scene.number(3, 6))
    scene.wait(20, 200)
    scene.act(FACTOR_ADDED, via)
    scene.rest(0.25)
    scene.stage("unfamiliar_access")
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = scene.intruder(home_proxy(scene.rng, scene.city, lines), scene.plain_browser())
    scene.log_on(via)
    scene.act_all([search_mail(scene.rng) for _ in range(scene.number(3, 5))], via, 15, 90)
    scene.stage("mass_download")
    scene.wait(60, 400)
    files = files_in_a_row(scene, scene.number(90, 200), "finance")
    scene.spread([sharepoint("FileDownloaded", wanted) for wanted in files], via, scene.number(10, 40) * MINUTE)
    _rule(scene, via)
    scene.rest(0.35)
    scene.stage("anonymous_address")
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(4, 9))
    scene.wait(300, 1_500)
    _fraud(scene, via)


def patient(scene: Scene) -> None:
    """Stealthy: by a phished code, a mail program on a carrier's lines: a few looks a day, a rule, a false answer."""
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    device = scripted("BlueMail/1.140.99 (Android 13; CPH2481)", "Android 13")
    scene.stage("unfamiliar_access")
    scene.later(1, 5)
    via = scene.intruder(phone_line(scene.rng, scene.city, lines), device)
    scene.log_on(via, DEVICE_CODE, MFA)
    read_mail(scene, via, scene.number(5, 9))
    for _ in range(2):
        scene.rest(0.2)
        scene.stage("unfamiliar_access")
        via = scene.intruder(phone_line(scene.rng, scene.city, lines), device)
        scene.log_on(via)
        read_mail(scene, via, scene.number(5, 9))
    scene.stage("inbox_rule")
    scene.wait(60, 600)
    rule = settings(Name="later", From=partner(scene.number(0, 20)), MoveToFolder="Archive", MarkAsRead="True")
    scene.act(exchange("New-InboxRule", *rule), via)
    scene.rest(0.4)
    scene.stage("unfamiliar_access")
    via = scene.intruder(phone_line(scene.rng, scene.city, lines), device)
    scene.log_on(via)
    read_mail(scene, via, scene.number(2, 4))
    _fraud(scene, via)


VARIANTS = (
    Variant("kit", writes_invoices, kit, hours=12, days=4),
    Variant("neighbour", anybody, neighbour, hours=12, days=4),
    Variant("wages", anybody, wages, hours=12, days=4),
    Variant("mail_program", writes_invoices, mail_program, hours=12, days=4),
    Variant("through_colleague", without_vpn, through_colleague, hours=12, days=4),
    Variant("guessed_executive", leader, guessed_executive, hours=12, days=4),
    Variant("stolen_invoices", _invoices_without_vpn, stolen_invoices, hours=12, days=4),
    Variant("patient", anybody, patient, hours=12, days=4, held_out=True, quiet=True),
)
