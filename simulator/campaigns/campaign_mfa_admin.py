"""From a tired administrator to the whole tenant, as reported of Lapsus$ and Scattered Spider (2022 to 2025).

A known password, pushes until one is approved or a talk with the help desk, a factor of one's own, rights, and the
logs off.
"""

from __future__ import annotations

from activities.activity import UserType
from simulator.attacks import Variant
from simulator.catalogue import app_id, principal
from simulator.devices import scripted
from simulator.habits import FACTOR_ADDED, FACTOR_REMOVED
from simulator.hostile import PUBLIC_CLOUDS, VPNS, anywhere, home_proxy, phone_line, relay, server
from simulator.moves import INBOX, files_in_a_row, read_mail
from simulator.operations import (
    DEVICE_CODE,
    MFA,
    MFA_DENIED,
    MFA_UNANSWERED,
    POLICY,
    SECOND_FACTOR,
    SECOND_FACTOR_FAILED,
    azure,
    directory,
    exchange,
    logon,
    named,
    settings,
    sharepoint,
)
from simulator.record import Account, NativeUser
from simulator.scene import Scene, Via, directory_admin


def _take_over(scene: Scene, via: Via) -> None:
    """What the administrator's account is used for."""
    scene.stage("unusual_admin_action")
    made = named("user", f"helpdesk-svc{scene.number(1, 9)}@{scene.domain}")
    role = (*made, *named("role", "Global Administrator"))
    steps = [directory("Add user.", *made), directory("Add member to role.", *role, changed=("Role.DisplayName",))]
    scene.act_all(steps, via, 30, 200)
    scene.rest(0.2)
    scene.stage("audit_logging_impaired")
    scene.act(exchange("Set-AdminAuditLogConfig", *settings(UnifiedAuditLogIngestionEnabled="False")), via)
    scene.stage("oauth_consent")
    scene.wait(200, 900)
    scene.act(directory("Add service principal credentials.", principal("Zoom"), changed=("KeyDescription",)), via)


def pushes(scene: Scene) -> None:
    """Pushes until one is approved."""
    scene.stage("mfa_fatigue")
    scene.later(1, 6)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    quiet = Via(via.address, via.device, "")
    for _ in range(scene.number(8, 25)):
        scene.act(logon(SECOND_FACTOR), quiet)
        scene.wait(15, 50)
        scene.act(logon(SECOND_FACTOR_FAILED, MFA_DENIED), quiet)
        scene.wait(10, 120)
    scene.log_on(via)
    scene.wait(20, 120)
    scene.act(FACTOR_ADDED, via)
    read_mail(scene, via, scene.number(3, 7))
    scene.rest(0.4)
    _take_over(scene, via)


def telephone(scene: Scene) -> None:
    """The help desk resets the second factor of a colleague whose voice they think they know."""
    scene.stage("mfa_fatigue")
    helper, desk = scene.helper()
    user = named("user", scene.victim.user.id)
    resets = [directory("Admin deleted security info", *user), directory("Reset user password.", *user)]
    scene.act_all(resets, desk, 20, 150, helper)
    scene.wait(100, 900)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    scene.wait(20, 120)
    scene.act(FACTOR_ADDED, via)
    scene.rest(0.3)
    _take_over(scene, via)
    scene.rest(0.2)
    scene.stage("delegation")
    owner = scene.executives(3)[0].user
    grant = settings(Identity=owner.id, User=scene.victim.user.id, AccessRights="FullAccess")
    scene.act(exchange("Add-MailboxPermission", *grant), via)
    scene.act_all([exchange("MailItemsAccessed", *INBOX, owner=owner)] * scene.number(15, 40), via, 3, 30)


def temporary_pass(scene: Scene) -> None:
    """The help desk hands out a temporary pass; rights over the cloud are taken, and the laptops' passwords."""
    scene.stage("mfa_fatigue")
    helper, desk = scene.helper()
    user = named("user", scene.victim.user.id)
    scene.act(directory("Add temporary access pass", *user), desk, helper)
    scene.wait(100, 900)
    via = scene.intruder(phone_line(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    scene.wait(20, 120)
    scene.act(FACTOR_ADDED, via)
    scene.rest(0.3)
    scene.stage("unusual_admin_action")
    role = (*user, *named("role", "Hybrid Identity Administrator"))
    elevated = "User has elevated their access to User Access Administrator for their Azure Resources"
    steps = [directory("Add member to role.", *role, changed=("Role.DisplayName",)), directory(elevated)]
    scene.act_all(steps, via, 30, 200)
    scene.stage("audit_logging_impaired")
    scene.wait(60, 600)
    scene.act(directory("Disable PIM alert"), via)
    scene.rest(0.3)
    scene.stage("secret_retrieval")
    laptops = [person.laptops[0][1].id for person in scene.executives(scene.number(12, 20)) if not person.contractor]
    recovered = [
        directory("Recover device local administrator password", *named("device", laptop)) for laptop in laptops
    ]
    scene.act_all(recovered, via, 10, 90)


def changed_number(scene: Scene) -> None:
    """The help desk changes a number; a trusted domain; mail of who hunts, then unrecorded (Octo Tempest, 2023)."""
    scene.stage("mfa_fatigue")
    user = named("user", scene.victim.user.id)
    helper, desk = scene.helper()
    scene.act(directory("Admin updated security info", *user), desk, helper)
    scene.wait(100, 900)
    agent = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile"
    phone = scene.intruder(phone_line(scene.rng, scene.city), scripted(agent, "Android 14"))
    scene.act(directory("Reset password (self-service)", *user), phone)
    scene.wait(20, 120)
    scene.log_on(phone)
    scene.act_all([directory("Add Passkey (device-bound) credential", *user)], phone, 30, 200)
    scene.rest(0.3)
    scene.stage("unusual_admin_action")
    via = scene.intruder(relay(scene.rng, VPNS), scene.plain_browser())
    scene.log_on(via)
    steps = [directory(action) for action in ("Add unverified domain.", "Verify domain.", "Set domain authentication.")]
    scene.act_all(steps, via, 60, 400)
    scene.rest(0.2)
    scene.stage("mailbox_access")
    team = [person for person in scene.world.people if person.department == "it" and person.key != scene.victim.key]
    for owner in (person.user for person in team[:6]):
        grant = settings(Identity=owner.id, User=scene.victim.user.id, AccessRights="FullAccess")
        scene.act_all([exchange("Add-MailboxPermission", *grant)], via, 10, 60)
        reads = scene.number(8, 20)
        scene.act_all([exchange("MailItemsAccessed", *INBOX, owner=owner)] * reads, via, 3, 30)
    scene.stage("audit_logging_impaired")
    scene.wait(200, 1_200)
    unrecorded = settings(Identity=scene.victim.user.id, AuditBypassEnabled="True")
    scene.act(exchange("Set-MailboxAuditBypassAssociation", *unrecorded), via)


def whole_cloud(scene: Scene) -> None:
    """Two accounts are refused, the third approves: then subscriptions, their keys, and backups (Storm-0501, 2025)."""
    scene.stage("mfa_fatigue")
    scene.later(1, 6)
    address = relay(scene.rng, VPNS)
    via = scene.intruder(address, scene.plain_browser())
    quiet = Via(via.address, via.device, "")
    for tried in (scene.colleague(), scene.colleague()):
        scene.act(logon(POLICY), quiet, tried)
        scene.wait(60, 600)
    for _ in range(scene.number(2, 4)):
        scene.act(logon(SECOND_FACTOR), quiet)
        scene.wait(30, 90)
        scene.act(logon(SECOND_FACTOR_FAILED, MFA_UNANSWERED), quiet)
        scene.wait(60, 400)
    scene.log_on(via)
    scene.act_all([FACTOR_ADDED], via, 20, 200)
    scene.rest(0.3)
    scene.stage("unusual_admin_action")
    via = scene.intruder(relay(scene.rng, VPNS), via.device)
    scene.log_on(via)
    steps = [azure("Microsoft.Authorization/elevateAccess/action")]
    steps += [azure("Microsoft.Authorization/roleAssignments/write", *named("role", "Owner"))] * scene.number(2, 4)
    scene.act_all(steps, via, 30, 300)
    scene.rest(0.3)
    scene.stage("secret_retrieval")
    keys = "Microsoft.Storage/storageAccounts/listKeys/action"
    stores = [named("resource", f"store-{number:02d}") for number in range(scene.number(14, 25))]
    scene.act_all([azure(keys, *store) for store in stores], via, 5, 60)
    scene.wait(2_000, 6_000)
    scene.stage("resource_destruction")
    steps = [azure("Microsoft.Compute/snapshots/delete", *named("resource", f"snap-{n:02d}")) for n in range(12)]
    steps += [azure("Microsoft.Authorization/locks/delete", *named("resource", f"lock-{n:02d}")) for n in range(3)]
    steps += [azure("Microsoft.Storage/storageAccounts/delete", *store) for store in stores]
    scene.act_all(steps, via, 3, 40)


def spoken_codes(scene: Scene) -> None:
    """A caller is told codes, some too late; what IT wrote is taken, a colleague rules, mail leaves (Retool, 2023)."""
    scene.stage("mfa_fatigue")
    scene.later(1, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    quiet = Via(via.address, via.device, "")
    for _ in range(scene.number(2, 4)):
        scene.act(logon(SECOND_FACTOR), quiet)
        scene.act_all([logon(SECOND_FACTOR_FAILED)] * scene.number(1, 3), quiet, 20, 60)
        scene.wait(30, 200)
    scene.log_on(via)
    scene.act_all([FACTOR_ADDED, directory("User changed default security info")], via, 20, 120)
    scene.rest(0.2)
    scene.stage("mass_download")
    via = scene.intruder(relay(scene.rng, VPNS), scene.plain_browser())
    scene.log_on(via)
    for _ in range(scene.number(3, 5)):
        files = files_in_a_row(scene, scene.number(30, 60), "it")
        steps = [sharepoint("SearchQueryPerformed"), *(sharepoint("FileDownloaded", file) for file in files)]
        scene.act_all(steps, via, 1, 8)
    scene.rest(0.3)
    scene.stage("unusual_admin_action")
    user, role = named("user", scene.colleague().user.id), named("role", "Global Administrator")
    granted = directory("Add member to role in PIM completed (permanent)", *user, *role, changed=("Role.DisplayName",))
    scene.act_all([directory("Reset user password.", *user), granted], via, 60, 400)
    scene.rest(0.2)
    scene.stage("mailbox_access")
    for name in ("contracts", "insurance"):
        searched = settings(Name=name, ExchangeLocation="All")
        exported = settings(SearchName=name, Export="True")
        steps = [exchange(action, *searched) for action in ("New-ComplianceSearch", "Start-ComplianceSearch")]
        scene.act_all([*steps, exchange("New-ComplianceSearchAction", *exported)], via, 30, 300)
    scene.stage("audit_logging_impaired")
    alerts = settings(Identity="eDiscovery search started or exported")
    scene.act_all([exchange(f"{verb}-ProtectionAlert", *alerts) for verb in ("Disable", "Remove")], via, 60, 600)


def joined_device(scene: Scene) -> None:
    """A phished code joins a device, whose key is the factor; roles, an app of theirs, mail (Storm-2372, 2025)."""
    scene.stage("mfa_fatigue")
    scene.later(1, 6)
    home = home_proxy(scene.rng, scene.city)
    first = scene.intruder(home, scripted("Dsreg/10.0 (Windows 10.0.19044.1826)", "Windows 10"))
    scene.log_on(first, DEVICE_CODE, MFA)
    laptop, user = named("device", f"DESKTOP-{scene.rng.getrandbits(28):07X}"), named("user", scene.victim.user.id)
    steps = [directory("Add device.", *laptop), directory("Add registered owner to device.", *laptop, *user)]
    steps.append(directory("Add Windows Hello for Business credential.", *user))
    scene.act_all(steps, first, 5, 60)
    scene.rest(0.2)
    scene.stage("unusual_admin_action")
    via = scene.intruder(home, scene.plain_browser())
    scene.log_on(via)
    role = (*user, *named("role", "Privileged Role Administrator"))
    steps = [directory("Add member to role completed (PIM activation)", *role, changed=("Role.DisplayName",))]
    ruler = (*user, *named("role", "Global Administrator"))
    steps.append(directory("Add member to role.", *ruler, changed=("Role.DisplayName",)))
    scene.act_all(steps, via, 60, 300)
    scene.rest(0.3)
    scene.stage("oauth_consent")
    title = scene.rng.choice(("Graph Health Monitor", "Mail Flow Insights", "Directory Sync Test"))
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), via.device)
    scene.log_on(via)
    made, rights = principal(title), named("permission", "Mail.ReadWrite")
    steps = [
        directory("Add application.", made),
        directory("Add service principal.", made),
        directory("Add service principal credentials.", made, changed=("KeyDescription",)),
        directory("Add app role assignment to service principal.", made, *rights, changed=("AppRole.Value",)),
    ]
    scene.act_all(steps, via, 15, 150)
    scene.rest(0.3)
    scene.stage("oauth_app_misuse")
    app = Account(key=f"app/{title}", user=NativeUser(app_id(title), title, UserType.APP))
    cloud = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("python-httpx/0.28.1"))
    for owner in (person.user for person in scene.executives(scene.number(6, 10))):
        reads = [exchange("MailItemsAccessed", *INBOX, owner=owner)] * scene.number(8, 20)
        scene.act_all(reads, cloud, 1, 12, app)
    scene.stage("audit_logging_impaired")
    scene.wait(200, 900)
    scene.act(exchange("Set-OrganizationConfig", *settings(AuditDisabled="True")), via)


def texted_link(scene: Scene) -> None:
    """A link by text: the factor is replaced; a colleague reads executives' mail; nothing is kept (0ktapus, 2022)."""
    scene.stage("mfa_fatigue")
    scene.later(1, 6)
    kit = scene.intruder(server(scene.rng, scene.city))
    scene.log_on(kit)
    scene.act_all([FACTOR_ADDED, FACTOR_REMOVED], kit, 20, 150)
    scene.rest(0.2)
    scene.stage("unusual_admin_action")
    via = scene.intruder(relay(scene.rng, VPNS), scene.plain_browser())
    scene.log_on(via)
    second = scene.colleague()
    user, role = named("user", second.user.id), named("role", "Exchange Administrator")
    steps = [directory("Reset user password.", *user), directory("Admin registered security info", *user)]
    steps.append(directory("Add member to role.", *user, *role, changed=("Role.DisplayName",)))
    scene.act_all(steps, via, 30, 240)
    scene.rest(0.3)
    scene.stage("inbox_rule")
    other = scene.intruder(relay(scene.rng, VPNS), via.device)
    scene.log_on(other, actor=second)
    hidden = settings(Name="Quarantine noise", SubjectContainsWords="new sign-in;password reset", DeleteMessage="True")
    scene.act_all([exchange("New-TransportRule", *hidden)], other, 60, 400, second)
    scene.stage("mailbox_access")
    for owner in (person.user for person in scene.executives(scene.number(4, 6))):
        grant = settings(Identity=owner.id, User=second.user.id, AccessRights="FullAccess", AutoMapping="False")
        scene.act_all([exchange("Add-MailboxPermission", *grant)], other, 20, 120, second)
        reads = [exchange("MailItemsAccessed", *INBOX, owner=owner)] * scene.number(15, 35)
        scene.act_all(reads, other, 2, 20, second)
    scene.rest(0.2)
    scene.stage("audit_logging_impaired")
    kept = settings(Identity="Administrators", RetentionDuration="ThreeMonths")
    steps = [exchange(f"{verb}-UnifiedAuditLogRetentionPolicy", *kept) for verb in ("Set", "Remove")]
    steps.append(exchange("Set-AdminAuditLogConfig", *settings(UnifiedAuditLogIngestionEnabled="False")))
    scene.act_all(steps, other, 20, 200, second)


VARIANTS = (
    Variant("pushes", directory_admin, pushes, hours=12, days=4),
    Variant("telephone", directory_admin, telephone, hours=26, days=4),
    Variant("temporary_pass", directory_admin, temporary_pass, hours=26, days=4),
    Variant("changed_number", directory_admin, changed_number, hours=26, days=4),
    Variant("whole_cloud", directory_admin, whole_cloud, hours=12, days=4),
    Variant("spoken_codes", directory_admin, spoken_codes, hours=12, days=4),
    Variant("joined_device", directory_admin, joined_device, hours=12, days=4),
    Variant("texted_link", directory_admin, texted_link, hours=12, days=4, held_out=True),
)
