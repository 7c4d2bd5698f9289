"""Access to a mailbox is delegated, to act in another's name (T1098.002)."""

from __future__ import annotations

from activities.activity import UserType
from simulator.attacks import Variant
from simulator.catalogue import app_id
from simulator.devices import scripted
from simulator.hostile import PUBLIC_CLOUDS, VPNS, anywhere, home_proxy, phone_line, relay, server
from simulator.moves import INBOX, read_mail
from simulator.operations import directory, exchange, named, settings
from simulator.people import BEFORE
from simulator.record import MINUTE, NativeUser
from simulator.scene import Scene, Via, anybody, directory_admin, leader

_POWERSHELL = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.20348.2849"


def full_access(scene: Scene) -> None:
    """An administrator's stolen session gives itself the mailbox of somebody in finance, and reads it."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    owner = scene.executives(8)[-1].user
    scene.wait(20, 200)
    grant = settings(Identity=owner.id, User=scene.victim.user.id, AccessRights="FullAccess", AutoMapping="False")
    scene.act(exchange("Add-MailboxPermission", *grant), via)
    scene.wait(60, 400)
    scene.act_all([exchange("MailItemsAccessed", *INBOX, owner=owner)] * scene.number(8, 25), via, 3, 40)


def impersonation(scene: Scene) -> None:
    """Stealthy: one cmdlet lets an account act in every mailbox."""
    scene.wait(60, 900)
    grant = settings(Name="svc-migration", Role="ApplicationImpersonation", User=scene.victim.user.id)
    scene.act(exchange("New-ManagementRoleAssignment", *grant), scene.own())


def in_anothers_name(scene: Scene) -> None:
    """The right to send as an executive is given, and used for an urgent payment."""
    scene.wait(60, 900)
    via = scene.own()
    boss = scene.executives(4)[0].user
    grant = settings(Identity=boss.id, Trustee=scene.victim.user.id, AccessRights="SendAs")
    scene.act(exchange("Add-RecipientPermission", *grant), via)
    sent = exchange("SendAs", *named("folder", "Sent Items"), owner=boss)
    scene.act_all([sent] * scene.number(2, 6), via, 120, 600)


def open_folders(scene: Scene) -> None:
    """In a mailbox that was taken over, every folder is opened to everybody of the company, to come back by."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.city))
    scene.log_on(via)
    read_mail(scene, via, scene.number(2, 6))
    rights = settings(User="Default", AccessRights="Owner")
    folders = scene.rng.sample(
        ("Inbox", "Sent Items", "Archive", "Calendar", "Top of Information Store"), k=scene.number(2, 5)
    )
    steps = [
        exchange("Add-MailboxFolderPermission", *settings(Identity=f"{scene.victim.user.id}:\\{name}"), *rights)
        for name in folders
    ]
    scene.act_all(steps, via, 5, 60)


def on_behalf(scene: Scene) -> None:
    """An executive's stolen session, on a phone: a colleague, taken over too, may send in the executive's name."""
    scene.later(0.5, 6)
    device = scripted("Outlook-Android/2.0 (Android 14; SM-A546B)", "Android 14")
    via = scene.intruder(phone_line(scene.rng, scene.city), device)
    scene.log_on(via)
    read_mail(scene, via, scene.number(1, 4))
    scene.wait(20, 200)
    grant = settings(Identity=scene.victim.user.id, GrantSendOnBehalfTo=scene.colleague().user.id)
    scene.act(exchange("Set-Mailbox", *grant), via)


def many_boxes(scene: Scene) -> None:
    """Stealthy: at the help desk's own desk, between tickets: an auditor gets half a dozen people's mailboxes."""
    scene.wait(60, 600)
    auditor = f"ext.auditor{scene.number(1, 9)}@{scene.domain}"
    steps = [
        exchange("Add-MailboxPermission", *settings(Identity=owner.user.id, User=auditor, AccessRights="FullAccess"))
        for owner in scene.executives(scene.number(5, 9))
    ]
    scene.spread(steps, scene.own(), scene.number(40, 90) * MINUTE)


def by_group(scene: Scene) -> None:
    """Stealthy: somebody of the help desk joins the group that may open the board's mailboxes, looks, and leaves it."""
    scene.wait(60, 900)
    via = scene.own()
    member = (*named("user", scene.victim.user.id), *named("group", "grp-board-mailboxes"))
    changed = ("Group.DisplayName",)
    scene.act(directory("Add member to group.", *member, changed=changed), via)
    # It takes a while until the directory's change reaches the mailboxes.
    scene.wait(1_200, 3_600)
    for owner in scene.executives(scene.number(2, 4)):
        scene.act_all([exchange("MailItemsAccessed", *INBOX, owner=owner.user)] * scene.number(3, 9), via, 10, 90)
    scene.wait(30, 300)
    scene.act(directory("Remove member from group.", *member, changed=changed), via)


def folder_rights(scene: Scene) -> None:
    """Stealthy: a program on an executive's laptop, in their session: folders are opened by the mailbox's own API."""
    scene.wait(120, 1_800)
    via = scene.program("ExchangeServicesClient/15.00.0913.015")
    folders = scene.rng.sample(("Inbox", "Sent Items", "Archive", "Drafts"), k=scene.number(2, 3))
    steps = [exchange("AddFolderPermissions", *named("folder", name)) for name in folders]
    steps.append(exchange("UpdateCalendarDelegation", *named("folder", "Calendar")))
    scene.act_all(steps, via, 1, 15)


def new_box(scene: Scene) -> None:
    """An administrator's password, PowerShell on a rented server: a new account gets the executives' mailboxes."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.city), scripted(_POWERSHELL, "Windows 10"))
    scene.log_on(via)
    made = f"svc.mailarchive{scene.number(1, 9)}@{scene.domain}"
    steps = [exchange("New-Mailbox", *settings(Name="Mail Archive", MicrosoftOnlineServicesID=made))]
    for owner in scene.executives(scene.number(3, 7)):
        rights = settings(Identity=owner.user.id, User=made, AccessRights="FullAccess", InheritanceType="All")
        steps.append(exchange("Add-MailboxPermission", *rights))
    scene.act_all(steps, via, 4, 60)


def left_ajar(scene: Scene) -> None:
    """Stealthy: an administrator lets everybody read a few executives' inboxes, so that nobody is named (APT29)."""
    scene.wait(60, 900)
    steps = []
    for owner in scene.executives(scene.number(3, 5)):
        for folder in ("Top of Information Store", "Inbox"):
            rights = settings(User="Default", AccessRights="Reviewer")
            given = settings(Identity=f"{owner.user.id}:\\{folder}")
            steps.append(exchange("Set-MailboxFolderPermission", *given, *rights))
    scene.spread(steps, scene.program("PowerShell/7.4.6"), scene.number(15, 60) * MINUTE)


def second_account(scene: Scene) -> None:
    """An executive's account, behind a VPN: folders are opened to a colleague, taken over too, who reads on in them."""
    scene.later(0.5, 6)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(2, 5))
    owner, reader = scene.victim.user, scene.colleague()
    rights = settings(User=reader.user.id, AccessRights="Editor")
    for name in ("Top of Information Store", "Inbox", "Sent Items"):
        given = settings(Identity=f"{owner.id}:\\{name}")
        scene.act_all([exchange("Add-MailboxFolderPermission", *given, *rights)], via, 10, 90)
    scene.wait(300, 1_200)
    second = scene.intruder(via.address, via.device)
    scene.log_on(second, actor=reader)
    folders = [named("folder", scene.rng.choice(("Inbox", "Sent Items"))) for _ in range(scene.number(15, 45))]
    reads = [exchange("MailItemsAccessed", *folder, owner=owner) for folder in folders]
    scene.act_all(reads, second, 3, 40, reader)


def app_role(scene: Scene) -> None:
    """Stealthy: two cmdlets let an app that the company knows read all mail, which it then does (RBAC for apps)."""
    scene.wait(60, 900)
    known = [one for one in scene.world.services if one.job == "documents" and one.starts == BEFORE]
    app = scene.rng.choice(known)
    given = settings(Name=f"{app.user.name} mail", App=app_id(app.user.name), Role="Application Mail.Read")
    steps = [
        exchange("New-ServicePrincipal", *settings(AppId=app_id(app.user.name), DisplayName=app.user.name)),
        exchange("New-ManagementRoleAssignment", *given),
    ]
    scene.act_all(steps, scene.program("PowerShell/7.4.6"), 30, 300)
    # It takes a while until the right is there.
    scene.wait(1_800, 3_600)
    via = Via(app.address, app.device, scene.intruder(app.address).session)
    for owner in scene.executives(scene.number(3, 6)):
        reads = [exchange("MailItemsAccessed", *INBOX, owner=owner.user)] * scene.number(5, 12)
        scene.act_all(reads, via, 2, 30, app)


def accounts_payable(scene: Scene) -> None:
    """The help desk's stolen session, on a server abroad: the mailbox for invoices is theirs, to read and to send."""
    scene.later(0.5, 5, 3)
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scene.plain_browser())
    scene.log_on(via)
    me, box = scene.victim.user.id, NativeUser(f"accounts@{scene.domain}", "accounts", UserType.PERSON)
    given = settings(Identity=box.id, User=me, AccessRights="FullAccess", AutoMapping="False")
    named_too = settings(Identity=box.id, Trustee=me, AccessRights="SendAs")
    steps = [exchange("Add-MailboxPermission", *given), exchange("Add-RecipientPermission", *named_too)]
    scene.act_all(steps, via, 20, 150)
    scene.wait(120, 900)
    for folder in ("Inbox", "Sent Items", "Inbox"):
        reads = [exchange("MailItemsAccessed", *named("folder", folder), owner=box)] * scene.number(6, 14)
        scene.act_all(reads, via, 5, 50)
    sent = exchange("SendAs", *named("folder", "Sent Items"), owner=box)
    scene.act_all([sent] * scene.number(3, 8), via, 60, 300)


def given_and_taken(scene: Scene) -> None:
    """Stealthy: the help desk, at their own desk: one executive's mailbox is opened, read, closed; the next one."""
    scene.wait(60, 900)
    via, me = scene.own(), scene.victim.user.id
    for owner in scene.executives(scene.number(3, 4)):
        right = settings(Identity=owner.user.id, User=me, AccessRights="FullAccess", AutoMapping="False")
        scene.act(exchange("Add-MailboxPermission", *right), via)
        scene.wait(90, 400)
        reads = [exchange("MailItemsAccessed", *INBOX, owner=owner.user)] * scene.number(6, 15)
        scene.act_all(reads, via, 8, 60)
        scene.wait(20, 120)
        scene.act(exchange("Remove-MailboxPermission", *right), via)
        scene.wait(300, 900)


def every_box(scene: Scene) -> None:
    """An administrator's password, PowerShell on a home line abroad: a loop gives them dozens of mailboxes."""
    scene.later(0.5, 5, 3)
    via = scene.intruder(home_proxy(scene.rng, scene.elsewhere()), scripted(_POWERSHELL, "Windows 10"))
    scene.log_on(via)
    scene.wait(20, 120)
    me, owners = scene.victim.user.id, scene.executives(scene.number(25, 60))
    rights = settings(User=me, AccessRights="FullAccess", InheritanceType="All", AutoMapping="False")
    steps = [exchange("Add-MailboxPermission", *settings(Identity=owner.user.id), *rights) for owner in owners]
    scene.act_all(steps, via, 0.5, 4)
    scene.wait(300, 1_500)
    for owner in owners[: scene.number(3, 6)]:
        scene.act_all([exchange("MailItemsAccessed", *INBOX, owner=owner.user)] * scene.number(6, 15), via, 2, 25)


def unlocked_desk(scene: Scene) -> None:
    """Stealthy: a minute at an executive's unlocked laptop opens folders to a contractor, who reads on in them."""
    scene.wait(60, 900)
    outside = [one for one in scene.world.people if one.contractor and one.leaves is None and one.joins == BEFORE]
    owner, began = scene.victim.user, scene.time
    found = scene.at_work(outside or [scene.colleague()])
    if found is None:
        return
    reader, there, then = *found, scene.time
    scene.time = began
    for name in ("Top of Information Store", "Inbox", "Sent Items", "Drafts"):
        given = settings(Identity=f"{owner.id}:\\{name}", User=reader.user.id, AccessRights="PublishingEditor")
        scene.act_all([exchange("Add-MailboxFolderPermission", *given)], scene.own(), 8, 30)
    scene.wait(900, 2_700)
    scene.time = max(scene.time, then)
    for _ in range(scene.number(2, 3)):
        folder = named("folder", scene.rng.choice(("Inbox", "Sent Items", "Drafts")))
        reads = [exchange("MailItemsAccessed", *folder, owner=owner)] * scene.number(8, 16)
        scene.act_all(reads, there, 8, 60, reader)
        scene.wait(300, 900)


def second_reader(scene: Scene) -> None:
    """The help desk's stolen token, on a public cloud: finance's mailboxes for another account, taken over too."""
    scene.later(0.5, 5, 3)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("ExchangeOnlineManagement/3.5.1", "Linux"))
    scene.log_on(via)
    reader = (scene.colleagues(1) or [scene.colleague()])[0]
    owners = [one.user for one in scene.executives(5) if one.key != reader.key][: scene.number(2, 3)]
    for owner in owners:
        given = settings(Identity=owner.id, User=reader.user.id, AccessRights="FullAccess", AutoMapping="False")
        sends = settings(Identity=owner.id, Trustee=reader.user.id, AccessRights="SendAs")
        steps = [exchange("Add-MailboxPermission", *given), exchange("Add-RecipientPermission", *sends)]
        scene.act_all(steps, via, 5, 60)
    scene.wait(900, 2_400)
    second = scene.intruder(server(scene.rng, reader.city), scene.plain_browser())
    scene.log_on(second, actor=reader)
    for owner in owners:
        scene.act_all([exchange("MailItemsAccessed", *INBOX, owner=owner)] * scene.number(8, 18), second, 4, 40, reader)
    sent = exchange("SendAs", *named("folder", "Sent Items"), owner=owners[0])
    scene.act_all([sent] * scene.number(2, 4), second, 60, 300, reader)


def guest_reader(scene: Scene) -> None:
    """Stealthy: at the help desk's own desk: a guest with a private address may read what two of the board get."""
    scene.wait(60, 900)
    via, guest = scene.own(), scene.rng.choice(("h.brandt.office@freemail.example", "m.k.private@webmail.example"))
    scene.act(directory("Invite external user", *named("user", guest)), via)
    for owner in scene.executives(scene.number(2, 3)):
        for name in ("Top of Information Store", "Inbox"):
            given = settings(Identity=f"{owner.user.id}:\\{name}", User=guest, AccessRights="Reviewer")
            scene.act_all([exchange("Add-MailboxFolderPermission", *given)], via, 40, 400)


VARIANTS = (
    Variant("full_access", directory_admin, full_access),
    Variant("impersonation", directory_admin, impersonation),
    Variant("in_anothers_name", directory_admin, in_anothers_name),
    Variant("open_folders", anybody, open_folders),
    Variant("on_behalf", leader, on_behalf),
    Variant("many_boxes", directory_admin, many_boxes),
    Variant("by_group", directory_admin, by_group, hours=3),
    Variant("folder_rights", leader, folder_rights),
    Variant("new_box", directory_admin, new_box),
    Variant("left_ajar", directory_admin, left_ajar),
    Variant("second_account", leader, second_account, hours=3),
    Variant("app_role", directory_admin, app_role, hours=3),
    Variant("accounts_payable", directory_admin, accounts_payable, hours=3),
    Variant("given_and_taken", directory_admin, given_and_taken, hours=3),
    Variant("every_box", directory_admin, every_box, hours=3),
    Variant("unlocked_desk", leader, unlocked_desk, hours=74),
    Variant("second_reader", directory_admin, second_reader, hours=4, held_out=True),
    Variant("guest_reader", directory_admin, guest_reader, held_out=True, quiet=True),
)
