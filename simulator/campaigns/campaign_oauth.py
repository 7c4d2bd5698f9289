"""Consent phishing: a user lets an app in, and the app needs no password any more (Microsoft, "OAuth app phishing")."""

from __future__ import annotations

from activities.activity import Category, UserType
from simulator.attacks import Variant
from simulator.catalogue import app_id, consent, principal
from simulator.departments import DEPARTMENTS
from simulator.devices import copied, scripted
from simulator.hostile import HOMES_AWAY, PUBLIC_CLOUDS, TOR, VPNS, anywhere, home_proxy, relay, server
from simulator.moves import INBOX, files_in_a_row, read_mail
from simulator.operations import (
    SALESFORCE,
    TEAMS,
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
from simulator.people import BEFORE
from simulator.record import Account, NativeObject, NativeUser
from simulator.scene import Scene, anybody, azure_person, coder, directory_admin, seller
from simulator.world import World


def _app(title: str) -> Account:
    """The app as an actor of its own."""
    return Account(key=f"app/{title}", user=NativeUser(app_id(title), title, UserType.APP))


def administrator(world: World, account: Account) -> bool:
    """Somebody who administers Azure or the directory."""
    return azure_person(world, account) or directory_admin(world, account)


def mail_reader(scene: Scene) -> None:
    """The app reads the user's mailbox for days, and makes a rule in it."""
    title = scene.rng.choice(("Voicemail Viewer", "eFax Online", "Mailbox Upgrade"))
    scene.stage("oauth_consent")
    scene.wait(60, 900)
    scene.act_all(
        consent(title, "Mail.ReadWrite Mail.Send MailboxSettings.ReadWrite offline_access"), scene.own(), 0.2, 2
    )
    app, owner = _app(title), scene.victim.user
    via = scene.intruder(server(scene.rng, scene.city), scripted("python-requests/2.31.0"))
    for _ in range(3):
        scene.rest(0.2)
        scene.stage("oauth_app_misuse")
        for _ in range(scene.number(40, 120)):
            scene.wait(1, 9)
            scene.act(exchange("MailItemsAccessed", *INBOX, owner=owner), via, app)
    scene.stage("inbox_rule")
    scene.wait(30, 300)
    rule = settings(ForwardTo="collector@consultant-mail.example", Name="Sync", StopProcessingRules="True")
    scene.act(
        exchange("New-InboxRule", *rule), scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    )


def file_reader(scene: Scene) -> None:
    """The app takes the files that the user can see, and mails the same link to colleagues in their name."""
    title = scene.rng.choice(("OneDrive Shared Files", "Doc Secure View", "HR Benefits 2026"))
    scopes = "Files.Read.All Sites.Read.All Mail.Send offline_access"
    scene.stage("oauth_consent")
    scene.wait(60, 900)
    scene.act_all(consent(title, scopes), scene.own(), 0.2, 2)
    app = _app(title)
    via = scene.intruder(relay(scene.rng, VPNS), scripted("axios/1.7.9"))
    scene.rest(0.3)
    scene.stage("oauth_app_misuse")
    for wanted in files_in_a_row(scene, scene.number(120, 350)):
        scene.wait(0.3, 5)
        scene.act(sharepoint("FileDownloaded", wanted), via, app)
    scene.rest(0.3)
    sent = exchange("Send", *named("folder", "Sent Items"), owner=scene.victim.user)
    for _ in range(scene.number(10, 40)):
        scene.wait(1, 6)
        scene.act(sent, via, app)


def chat_reader(scene: Scene) -> None:
    """The app takes notes of meetings: it reads chats for days from a public cloud, then writes to them itself."""
    title = scene.rng.choice(("Meeting Recap AI", "Minutes Genie", "Team Notes Assistant"))
    scene.stage("oauth_consent")
    scene.wait(60, 900)
    scopes = "Chat.ReadWrite ChannelMessage.Read.All OnlineMeetings.Read offline_access"
    scene.act_all(consent(title, scopes), scene.own(), 0.2, 2)
    app = _app(title)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("node-fetch/1.0"))
    channels = [
        NativeObject("channel", f"{unit.name}-{number:02d}") for unit in DEPARTMENTS[:5] for number in range(12)
    ]
    for _ in range(3):
        scene.rest(0.25)
        scene.stage("oauth_app_misuse")
        for _ in range(scene.number(30, 70)):
            scene.wait(1, 12)
            scene.act(m365(TEAMS, "ChatRetrieved", scene.rng.choice(channels)), via, app)
    for channel in scene.rng.sample(channels, k=scene.number(8, 20)):
        scene.wait(2, 10)
        scene.act(m365(TEAMS, "MessageSent", channel), via, app)


def planted_files(scene: Scene) -> None:
    """The app, on home lines nearby, reads a little every day; then it plants files and links them (OiVaVoii, 2022)."""
    title = scene.rng.choice(("Upgrade", "Shared Document", "Document Review"))
    scene.stage("oauth_consent")
    scene.wait(60, 900)
    scene.act_all(consent(title, "Mail.Read Files.ReadWrite.All Mail.Send offline_access"), scene.own(), 0.2, 2)
    app, owner = _app(title), scene.victim.user
    device = scripted("okhttp/4.12.0")
    for _ in range(3):
        scene.rest(0.2)
        scene.stage("oauth_app_misuse")
        via = scene.intruder(home_proxy(scene.rng, scene.city), device)
        scene.act_all([exchange("MailItemsAccessed", *INBOX, owner=owner)] * scene.number(8, 20), via, 20, 150, app)
    scene.rest(0.2)
    scene.stage("external_sharing")
    planted = [
        NativeObject("file", f"sites/{scene.victim.unit}/Invoices/remittance-{n:02d}.html", 48_000)
        for n in range(scene.number(4, 9))
    ]
    for lure in planted:
        scene.act_all([sharepoint("FileUploaded", lure), sharepoint("AnonymousLinkCreated", lure)], via, 2, 30, app)
    scene.stage("oauth_app_misuse")
    sent = exchange("Send", *named("folder", "Sent Items"), owner=owner)
    scene.act_all([sent] * scene.number(20, 60), via, 2, 20, app)


def miner(scene: Scene) -> None:
    """Behind a VPN, an administrator's account makes an app that may do all, and mines (Storm-1283, 2023)."""
    title = scene.rng.choice(("Cost Insights", "Resource Sync", "VM Health"))
    scene.stage("oauth_consent")
    scene.later(1, 6)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    made, key = principal(title), ("KeyDescription",)
    steps = [
        directory("Add application.", made),
        directory("Update application – Certificates and secrets management ", made, changed=key),
    ]
    scene.act_all([*steps, *consent(title, "user_impersonation offline_access")], via, 5, 90)
    scene.stage("unusual_admin_action")
    owner = (made, *named("role", "Contributor"))
    scene.act_all([azure("Microsoft.Authorization/roleAssignments/write", *owner)] * 2, via, 60, 400)
    scene.rest(0.3)
    app = _app(title)
    server_ = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("azsdk-net-ResourceManager/1.13.0"))
    for _ in range(2):
        scene.rest(0.3)
        scene.stage("vm_creation")
        numbers = range(scene.number(8, 20))
        cards = [
            azure(f"Microsoft.{kind}/write", *named("resource", f"node-{number:03d}"))
            for number in numbers
            for kind in ("Network/networkInterfaces", "Compute/virtualMachines", "Compute/virtualMachines/extensions")
        ]
        scene.act_all(cards, server_, 2, 40, app)


def called_up(scene: Scene) -> None:
    """A seller lets a caller's loader in: customers' records by VPN and Tor, then mail and files (UNC6040, 2025)."""
    scene.stage("oauth_consent")
    scene.wait(60, 900)
    app = NativeObject("app", scene.rng.choice(("My Ticket Portal", "CRM Data Fixer", "Support Loader")))
    rights = named("permission", "api refresh_token offline_access")
    scene.act(other(SALESFORCE, "ConnectedAppAuthorized", Category.ROLE_GRANT, app, *rights), scene.own())
    scene.rest(0.1)
    scene.stage("anonymous_address")
    device = scripted("Salesforce-Bulk-Loader/61.0 Python/3.11")
    kinds = ("Account", "Contact", "Opportunity", "Case", "User", "Contract")
    tried = [other(SALESFORCE, "QueryExecuted", Category.READ, NativeObject("object", kind)) for kind in kinds]
    scene.act_all(tried, scene.intruder(relay(scene.rng, VPNS), device), 20, 200)
    scene.rest(0.3)
    exits = scene.intruder(relay(scene.rng, TOR), device)
    for kind in kinds * scene.number(2, 4):
        size = NativeObject("object", kind, scene.number(20, 300) * 1_000_000)
        scene.act_all([other(SALESFORCE, "BulkJobExported", Category.DOWNLOAD, size)], exits, 30, 240)
    scene.rest(0.3)
    scene.stage("first_country")
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(8, 16))
    scene.stage("mass_download")
    files = files_in_a_row(scene, scene.number(120, 260))
    scene.act_all([sharepoint("FileDownloaded", file) for file in files], via, 0.5, 8)
    scene.wait(600, 3_000)
    demand = exchange("Send", *named("folder", "Sent Items"))
    scene.act_all([demand] * scene.number(3, 8), via, 20, 120)


def ransomed_code(scene: Scene) -> None:
    """A programmer lets a "job portal" in: by its token code is fetched, guards fall, repositories go (Gitloker, 2024).

    What the app does, it does in the programmer's name.
    """
    scene.stage("oauth_consent")
    scene.wait(60, 900)
    app = named("app", scene.rng.choice(("github-careers", "gitsecurityapp", "developer-jobs-portal")))
    scene.act(github("oauth_authorization.create", *app), scene.own())
    scene.rest(0.1)
    scene.stage("mass_download")
    device = scripted("python-requests/2.31.0")
    cloud = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), device)
    scene.act_all([github("api.request")] * scene.number(4, 10), cloud, 1, 10)
    names = [f"service-{number:02d}" for number in scene.rng.sample(range(80), k=scene.number(35, 60))]
    clones = [github("git.clone", *named("repository", name)) for name in names]
    scene.act_all(clones, cloud, 2, 25)
    scene.rest(0.4)
    scene.stage("unusual_admin_action")
    via = scene.intruder(relay(scene.rng, VPNS), device)
    guest = named("user", f"gl-restore-{scene.number(100, 999)}")
    owned = [github("repo.add_member", *named("repository", name), *guest) for name in names[:6]]
    scene.act_all(owned, via, 5, 60)
    scene.rest(0.3)
    scene.stage("mass_deletion")
    for name in names[: scene.number(20, 30)]:
        repository = named("repository", name)
        steps = ("protected_branch.destroy", "git.push", "repo.destroy")
        scene.act_all([github(action, *repository) for action in steps], via, 1, 10)
    note = named("repository", "README-restore-your-code")
    scene.act_all([github("repo.create", *note), github("git.push", *note)], via, 5, 40)


def trusted_app(scene: Scene) -> None:
    """Stealthy: at the desk, a trusted app gets a key and a right; elsewhere, it reads executives' mail slowly."""
    apps = [one for one in scene.world.services if one.job == "calendar" and one.starts == BEFORE]
    app = scene.rng.choice(apps)
    title = principal(app.user.name)
    rights = (title, *named("permission", "Mail.Read"))
    scene.stage("oauth_consent")
    scene.wait(60, 900)
    steps = [
        directory("Add service principal credentials.", title, changed=("KeyDescription",)),
        directory("Add app role assignment to service principal.", *rights, changed=("AppRole.Value",)),
    ]
    scene.act_all(steps, scene.own(), 20, 200)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), copied(app.device))
    for _ in range(3):
        scene.rest(0.25)
        scene.stage("oauth_app_misuse")
        for person in scene.executives(scene.number(3, 5)):
            reads = [exchange("MailItemsAccessed", *INBOX, owner=person.user)] * scene.number(4, 8)
            scene.act_all(reads, via, 40, 240, app)
    scene.rest(0.25)
    for unit in ("executive", "legal"):
        files = files_in_a_row(scene, scene.number(15, 25), unit)
        scene.act_all([sharepoint("FileDownloaded", wanted) for wanted in files], via, 10, 80, app)


VARIANTS = (
    Variant("mail_reader", anybody, mail_reader, hours=12, days=4),
    Variant("file_reader", anybody, file_reader, hours=12, days=4),
    Variant("chat_reader", anybody, chat_reader, hours=12, days=4),
    Variant("planted_files", anybody, planted_files, hours=12, days=4),
    Variant("miner", administrator, miner, hours=12, days=4),
    Variant("called_up", seller, called_up, hours=12, days=4),
    Variant("ransomed_code", coder, ransomed_code, hours=12, days=4),
    Variant("trusted_app", directory_admin, trusted_app, hours=12, days=4, held_out=True, quiet=True),
)
