"""An app gets rights, or an app's identity gets a key of the intruder's (T1528, T1098.001)."""

from __future__ import annotations

from activities.activity import Category, UserType
from simulator.attacks import Variant
from simulator.catalogue import COMMON_APPS, app_id, consent, principal
from simulator.devices import scripted
from simulator.hostile import HOMES_AWAY, PUBLIC_CLOUDS, VPNS, anywhere, home_proxy, phone_line, relay, server
from simulator.moves import INBOX, read_mail
from simulator.operations import ASKS_ADMIN, SALESFORCE, directory, exchange, github, logon, named, other, settings
from simulator.record import Account, NativeObject, NativeUser
from simulator.scene import Scene, anybody, coder, directory_admin, seller

_LURES = (
    "Voicemail Viewer",
    "OneDrive Shared Files",
    "eFax Online",
    "HR Benefits 2026",
    "Mailbox Upgrade",
    "Doc Secure View",
)
_SCOPES = (
    "Mail.ReadWrite Mail.Send Contacts.Read offline_access",
    "Mail.Read Files.Read.All offline_access User.Read",
    "Files.ReadWrite.All Sites.Read.All offline_access",
)
_KEYS = ("KeyDescription",)


def phished(scene: Scene) -> None:
    """A link in a mail leads to the consent page of an app that nobody ever heard of, which wants to read mail."""
    scene.wait(60, 1_200)
    scene.act_all(consent(scene.rng.choice(_LURES), scene.rng.choice(_SCOPES)), scene.own(), 0.2, 2)


def for_all(scene: Scene) -> None:
    """An administrator is tricked into consenting for everybody, with rights of the app's own."""
    scene.wait(60, 1_200)
    app = scene.rng.choice(_LURES)
    objects = (
        principal(app),
        *named("permission", scene.rng.choice(("Mail.ReadWrite", "Files.Read.All", "Mail.Send"))),
    )
    steps = [*consent(app, "Directory.Read.All Mail.ReadWrite offline_access")]
    steps += [directory("Add app role assignment to service principal.", *objects, changed=("AppRole.Value",))] * 2
    scene.act_all(steps, scene.own(), 0.2, 3)


def secret_added(scene: Scene) -> None:
    """A secret is added to an app that the company trusts; from a server, with an administrator's session."""
    scene.later(0.5, 6)
    app = principal(scene.rng.choice(COMMON_APPS[:8]))
    via = scene.intruder(server(scene.rng, scene.city))
    scene.log_on(via)
    steps = [
        directory("Add owner to service principal.", *named("user", scene.victim.user.id), app),
        directory("Update application – Certificates and secrets management ", app, changed=_KEYS),
        directory("Add service principal credentials.", app, changed=_KEYS),
    ]
    scene.act_all(steps, via, 10, 90)


def key_at_desk(scene: Scene) -> None:
    """Stealthy: a certificate is added to one app, in the administrator's own session."""
    scene.wait(60, 900)
    app = principal(scene.rng.choice(COMMON_APPS[:12]))
    scene.act(directory("Add service principal credentials.", app, changed=_KEYS), scene.own())


def source_code(scene: Scene) -> None:
    """An OAuth app, or an installed one, gets the company's repositories (as with the tokens stolen in 2022)."""
    scene.wait(60, 1_200)
    app = named("app", scene.rng.choice(("ci-insights-bot", "repo-health-check", "deploy-preview")))
    scene.act_all(
        [github("oauth_authorization.create", *app), github("integration_installation.create", *app)], scene.own(), 1, 8
    )


def own_app(scene: Scene) -> None:
    """An administrator's account, on home lines: an app of the intruder's own may read all mail (Midnight Blizzard)."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    app = principal(scene.rng.choice(("Mail Migration Test", "O365 Health Probe", "Graph Sync Staging")))
    rights = (app, *named("permission", "full_access_as_app"))
    steps = [
        directory("Add application.", app),
        directory("Add service principal.", app),
        directory("Add service principal credentials.", app, changed=_KEYS),
        directory("Add app role assignment to service principal.", *rights, changed=("AppRole.Value",)),
    ]
    scene.act_all(steps, via, 15, 150)


def connected_app(scene: Scene) -> None:
    """A seller is talked, by telephone, into connecting a loader of data to the customer database (UNC6040, 2025)."""
    scene.wait(60, 1_200)
    app = NativeObject("app", scene.rng.choice(("My Ticket Portal", "Data Loader Partner", "CRM Support Tool")))
    rights = named("permission", "api refresh_token offline_access")
    scene.act(other(SALESFORCE, "ConnectedAppAuthorized", Category.ROLE_GRANT, app, *rights), scene.own())


def trusted_issuer(scene: Scene) -> None:
    """An administrator's session, on a phone's hotspot: no secret is added, but the app trusts another's tokens."""
    scene.later(0.5, 6)
    via = scene.intruder(phone_line(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    trust = directory(
        "Add federated identity credential",
        principal(scene.rng.choice(COMMON_APPS[:8])),
        changed=("FederatedIdentityCredentials",),
    )
    scene.act_all([trust], via, 60, 600)


def mail_exporter(scene: Scene) -> None:
    """Behind a VPN, who has the password lets in a program that exports mailboxes (PerfectData Software, 2023)."""
    scene.later(0.5, 6)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    scene.wait(60, 600)
    app = scene.rng.choice(("PERFECTDATA SOFTWARE", "eM Client", "ZoomInfo Communitiez Login"))
    scene.act_all(consent(app, "EWS.AccessAsUser.All Mail.ReadWrite offline_access"), via, 0.2, 3)
    read_mail(scene, via, scene.number(2, 6))


def more_rights(scene: Scene) -> None:
    """Stealthy: at the desk, no new app and no key: one that the company trusts may read all mail and all sites."""
    scene.wait(60, 900)
    app = principal(scene.rng.choice(COMMON_APPS[6:]))
    rights = scene.rng.sample(("Mail.ReadWrite", "Sites.FullControl.All", "Files.ReadWrite.All"), k=2)
    steps = [
        directory(
            "Add app role assignment to service principal.",
            app,
            *named("permission", right),
            changed=("AppRole.Value",),
        )
        for right in rights
    ]
    scene.act_all(steps, scene.own(), 20, 240)


def injected_app(scene: Scene) -> None:
    """A user's stolen session registers an app, gives it a secret, and consents to it (GraphRunner, 2023)."""
    scene.later(0.5, 6)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("Mozilla/5.0 (Windows NT; PowerShell/7.4.6)"))
    scene.log_on(via)
    title = scene.rng.choice(("Win Defend for M365", "Outlook Sync Helper", "Graph Test App"))
    made = principal(title)
    steps = [
        directory("Add application.", made),
        directory("Add owner to application.", *named("user", scene.victim.user.id), made),
        directory("Update application – Certificates and secrets management ", made, changed=_KEYS),
    ]
    scene.act_all(steps, via, 1, 20)
    scene.wait(30, 200)
    scopes = "Mail.ReadWrite Mail.Send Files.ReadWrite.All Chat.Read Directory.Read.All offline_access"
    scene.act_all(consent(title, scopes), via, 0.2, 3)


def lookalike(scene: Scene) -> None:
    """Stealthy: a second app of a known name asks for next to nothing; its page then takes the session (Tycoon, 2025).

    The consent is at the desk, the logon minutes later from the kit's server, by its program.
    """
    scene.wait(60, 1_200)
    scene.act_all(
        consent(scene.rng.choice(("Adobe", "DocuSign eSignature", "RingCentral")), "openid profile email"),
        scene.own(),
        0.2,
        2,
    )
    scene.wait(60, 400)
    kit = scene.intruder(server(scene.rng, scene.city), scripted("axios/1.7.9"))
    scene.log_on(kit)
    read_mail(scene, kit, scene.number(2, 5), 1, 10)


def spreads(scene: Scene) -> None:
    """Who lets the app in has it mail its link to everybody they know: hours later, colleagues did too (Docs, 2017)."""
    title = scene.rng.choice(_LURES)
    made, first = consent(title, _SCOPES[0]), scene.own()
    app = Account(key=f"app/{title}", user=NativeUser(app_id(title), title, UserType.APP))
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("GuzzleHttp/7"))
    scene.wait(60, 1_200)
    scene.act_all(made, first, 0.2, 2)
    scene.wait(10, 120)
    sent = exchange("Send", *named("folder", "Sent Items"), owner=scene.victim.user)
    scene.act_all([sent] * scene.number(20, 60), via, 0.3, 3, app)
    colleagues = scene.colleagues(12, scene.victim.unit)
    for _ in range(scene.number(3, 5)):
        found = scene.at_work(colleagues)
        if found is None:
            return
        person, desk = found
        colleagues.remove(person)
        scene.act_all(made[1:], desk, 0.2, 2, person)
        scene.act_all([sent._replace(owner=person.user)] * scene.number(20, 60), via, 0.3, 3, app)


def outside_owner(scene: Scene) -> None:
    """Stealthy: at the desk, no key, no rights: a stranger, invited, owns two apps that the company trusts (T1098)."""
    scene.wait(60, 900)
    guest = named("user", f"integration.team{scene.number(10, 99)}@freemail.example")
    steps = [directory("Invite external user", *guest)]
    for title in scene.rng.sample(COMMON_APPS[:10], k=2):
        owned = (*guest, principal(title))
        steps += [directory(f"Add owner to {what}.", *owned) for what in ("application", "service principal")]
    scene.act_all(steps, scene.own(), 30, 400)


def traitorware(scene: Scene) -> None:
    """A taken-over mailbox, from a home line abroad: it lets in one honest tool after the other (Huntress, 2025)."""
    scene.later(0.5, 6)
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(2, 5))
    tools = (
        ("SigParser", "Mail.Read Contacts.Read Calendars.Read offline_access"),
        ("CloudSponge", "Contacts.Read People.Read offline_access"),
        ("rclone", "Files.ReadWrite.All Sites.Read.All offline_access"),
        ("Fastmail", "IMAP.AccessAsUser.All SMTP.Send offline_access"),
    )
    for title, scopes in scene.rng.sample(tools, k=scene.number(2, 3)):
        scene.wait(120, 900)
        scene.act_all(consent(title, scopes), via, 0.2, 3)
    read_mail(scene, via, scene.number(2, 6))


def other_address(scene: Scene) -> None:
    """Stealthy: at the desk, no key and no consent: what trusted apps are told goes to a stranger's page (T1528).

    The apps may read mail from then on, and send those who log on to them there.
    """
    scene.wait(60, 900)
    page = NativeObject("AppAddress", f"https://login-{scene.rng.getrandbits(24):06x}.workers.dev/callback")
    steps = []
    for title in scene.rng.sample(COMMON_APPS[:12], k=2):
        owned, rights = (*named("user", scene.victim.user.id), principal(title)), named("permission", "Mail.ReadWrite")
        steps += [
            directory("Add owner to application.", *owned),
            directory("Update application.", principal(title), page, changed=("AppAddress",)),
            directory(
                "Add delegated permission grant.",
                principal(title),
                *rights,
                changed=("DelegatedPermissionGrant.Scope",),
            ),
        ]
    scene.act_all(steps, scene.own(), 20, 240)


def approved_request(scene: Scene) -> None:
    """Who may not let the app in asks for it; the help desk approves it for everybody, and it reads mail at once."""
    title = scene.rng.choice(_LURES)
    app = Account(key=f"app/{title}", user=NativeUser(app_id(title), title, UserType.APP))
    scene.wait(60, 1_200)
    scene.act_all([logon(ASKS_ADMIN)] * scene.number(1, 2), scene.own(), 2, 40)
    helper, desk = scene.helper()
    scene.wait(60, 600)
    rights = (principal(title), *named("permission", "Mail.ReadWrite"))
    allowed = directory("Add app role assignment to service principal.", *rights, changed=("AppRole.Value",))
    scene.act_all([*consent(title, _SCOPES[0]), allowed], desk, 0.2, 3, helper)
    scene.wait(120, 900)
    cloud = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("python-requests/2.32.3"))
    reads = [exchange("MailItemsAccessed", *INBOX, owner=scene.victim.user)] * scene.number(15, 40)
    scene.act_all(reads, cloud, 1, 10, app)


def exchange_rights(scene: Scene) -> None:
    """Stealthy: at the desk, no consent and no key: Exchange is told that an app may read chiefs' mail (T1098.002)."""
    scene.wait(60, 900)
    title = scene.rng.choice(COMMON_APPS[8:])
    name, app = "Regional pilot", app_id(title)
    chiefs = settings(Name=name, RecipientRestrictionFilter="Title -like 'Chief*'")
    steps = [
        exchange("New-ServicePrincipal", *settings(AppId=app, DisplayName=title)),
        exchange("New-ManagementScope", *chiefs),
    ]
    for right in ("Application Mail.ReadWrite", "Application Mail.Send"):
        given = settings(App=app, Role=right, CustomResourceScope=name)
        steps.append(exchange("New-ManagementRoleAssignment", *given))
    scene.act_all(steps, scene.own(), 30, 300)


VARIANTS = (
    Variant("phished", anybody, phished),
    Variant("for_all", directory_admin, for_all),
    Variant("secret_added", directory_admin, secret_added),
    Variant("key_at_desk", directory_admin, key_at_desk),
    Variant("source_code", coder, source_code),
    Variant("own_app", directory_admin, own_app),
    Variant("connected_app", seller, connected_app),
    Variant("trusted_issuer", directory_admin, trusted_issuer),
    Variant("mail_exporter", anybody, mail_exporter),
    Variant("more_rights", directory_admin, more_rights),
    Variant("injected_app", anybody, injected_app),
    Variant("lookalike", anybody, lookalike),
    Variant("spreads", anybody, spreads, hours=26),
    Variant("outside_owner", directory_admin, outside_owner),
    Variant("traitorware", anybody, traitorware, hours=3),
    Variant("other_address", directory_admin, other_address),
    Variant("approved_request", anybody, approved_request, hours=26, held_out=True),
    Variant("exchange_rights", directory_admin, exchange_rights, held_out=True, quiet=True),
)
