"""An account is used through a network that hides who uses it (T1090.003), in a country that is not new to it."""

from __future__ import annotations

from activities.activity import Category
from simulator.attacks import Variant
from simulator.devices import copied, scripted
from simulator.habits import CONSOLE_LOGON, FACTOR_ADDED, HABITS
from simulator.hostile import TOR, VPNS, relay, server
from simulator.moves import READ_MAIL, WHO_AM_I, files_in_a_row, read_files, read_mail, some_file
from simulator.operations import (
    SALESFORCE,
    TEAMS,
    WRONG_PASSWORD,
    aws,
    directory,
    exchange,
    github,
    logon,
    m365,
    named,
    other,
    settings,
    sharepoint,
)
from simulator.people import Person
from simulator.record import Account, NativeObject
from simulator.scene import Scene, Via, anybody, aws_account, aws_person, coder, seller
from simulator.services import Service
from simulator.world import World

_TOR_BROWSER = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0"
_COUNTRIES = frozenset(exit_.city.country for exit_ in VPNS)
"""Where servers of commercial VPNs are."""


def tor(scene: Scene) -> None:
    """Tor Browser: one session, another exit every ten minutes."""
    scene.later(0.5, 7)
    first = scene.intruder(relay(scene.rng, TOR, scene.city.country), scripted(_TOR_BROWSER, "Windows 10"))
    scene.log_on(first)
    for _ in range(scene.number(2, 4)):
        via = Via(relay(scene.rng, TOR, scene.city.country), first.device, first.session)
        read_mail(scene, via, scene.number(3, 6))
        scene.wait(100, 400)


def commercial_vpn(scene: Scene) -> None:
    """An ordinary browser behind a commercial VPN that nobody of the company uses this server of."""
    scene.later(0.5, 7)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    read_files(scene, via, scene.number(5, 15))


def rented_server(scene: Scene) -> None:
    """A rented desktop in the victim's country, where people aren't."""
    scene.later(0.5, 7)
    via = scene.intruder(server(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(4, 12))


def api_through_tor(scene: Scene) -> None:
    """Keys of AWS are tried out through Tor on a penetration tester's system."""
    scene.wait(300, 3_000)
    device = scripted("aws-cli/2.15.22 Python/3.11.8 Linux/6.6.9-amd64 exe/x86_64.kali.2024")
    session = scene.intruder(scene.seen.address).session
    steps = [WHO_AM_I, aws("s3", "ListBuckets"), aws("ec2", "DescribeInstances"), aws("iam", "ListUsers")]
    for step in [*steps, aws("ec2", "DescribeSnapshots"), aws("rds", "DescribeDBInstances")]:
        scene.wait(4, 60)
        scene.act(step, Via(relay(scene.rng, TOR, "US"), device, session))


def repositories(scene: Scene) -> None:
    """A token that was left in a published package: a few repositories are fetched as archives, behind a VPN."""
    scene.wait(300, 2_400)
    exit_ = relay(scene.rng, VPNS, scene.rng.choice(("GB", "NL", "US")))
    via = scene.intruder(exit_, scripted("GitHub CLI 2.63.2"))
    numbers = scene.rng.sample(range(160), k=scene.number(3, 7))
    steps = [github("repo.download_zip", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.act_all(steps, via, 20, 200)


def data_loader(scene: Scene) -> None:
    """A caller had a seller approve a loader of data, which queries customers' records through Tor (UNC6040, 2025)."""
    scene.wait(600, 3_000)
    via = scene.intruder(relay(scene.rng, TOR, "US"), scripted("Salesforce-DataLoader/58.0.3", "Windows 10"))
    kinds = scene.rng.sample(("Account", "Contact", "Case", "Lead", "Opportunity", "User"), k=scene.number(3, 6))
    queries = [other(SALESFORCE, "QueryExecuted", Category.READ, NativeObject("object", kind)) for kind in kinds]
    scene.act_all(queries * scene.number(1, 3), via, 10, 120)


def without_vpn(world: World, account: Account) -> bool:
    """Somebody who uses no commercial VPN themselves, where there are servers of some."""
    mine = isinstance(account, Person) and account.privacy is None and account.city.country in _COUNTRIES
    return mine and anybody(world, account)


def help_desk_call(scene: Scene) -> None:
    """A caller has the help desk set a password and drop the factor, then logs on by VPN (Scattered Spider, 2025)."""
    helper, desk = scene.helper()
    user = named("user", scene.victim.user.id)
    resets = [directory("Reset user password.", *user), directory("Admin deleted security info", *user)]
    scene.act_all(resets, desk, 20, 150, helper)
    scene.wait(200, 1_200)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    scene.wait(20, 90)
    scene.act(FACTOR_ADDED, via)
    for words in scene.rng.sample(("vpn setup", "citrix", "network diagram", "password", "vcenter", "onboarding"), k=4):
        scene.wait(10, 90)
        scene.act(sharepoint("SearchQueryPerformed", *named("query", words)), via)
        read_files(scene, via, scene.number(1, 4))


def listening_in(scene: Scene) -> None:
    """Stealthy: with the owner's user agent behind a VPN: what those who look for intruders write (Octo Tempest)."""
    scene.later(0.3, 3, 5)
    country = scene.city.country
    via = scene.intruder(relay(scene.rng, VPNS, country), copied(scene.seen.device))
    scene.log_on(via)
    for _ in range(scene.number(3, 5)):
        channels = [NativeObject("channel", f"it-{number:02d}") for number in scene.rng.sample(range(12), k=3)]
        scene.act_all([m365(TEAMS, "ChatRetrieved", channel) for channel in channels], via, 5, 60)
        scene.act(m365(TEAMS, "SearchQueryPerformed", *named("query", "incident")), via)
        scene.wait(900, 2_400)
        via = via._replace(address=relay(scene.rng, VPNS, country))


def outbound_phish(scene: Scene) -> None:
    """Behind a VPN, whoever was ever written to gets a link in the owner's name; what was sent is thrown away."""
    scene.later(0.5, 7)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(2, 5))
    sent = named("folder", "Sent Items")
    scene.act_all([exchange("Send", *sent)] * scene.number(40, 110), via, 1, 12)
    scene.act_all([exchange("MoveToDeletedItems", *sent)] * scene.number(10, 40), via, 0.5, 4)


def programmer_without_vpn(world: World, account: Account) -> bool:
    """Somebody who works with the company's repositories, and uses no commercial VPN."""
    return without_vpn(world, account) and coder(world, account)


def night_shift(scene: Scene) -> None:
    """Stealthy: at night, behind a VPN, somebody else does a programmer's work in their name (IT workers, 2024)."""
    victim = scene.victim
    if not isinstance(victim, Person):
        msg = f"expected a person, found {victim.key}"
        raise TypeError(msg)
    scene.later(9, 13, 5)
    country, first = victim.city.country, scene.intruder(scene.seen.address, scene.plain_browser())
    for number in range(scene.number(3, 4)):
        via = first._replace(address=relay(scene.rng, VPNS, country))
        if number == 0:
            scene.log_on(via)
        steps = [HABITS["code"].step(scene.rng, victim) for _ in range(scene.number(4, 8))]
        steps += [HABITS["chat"].step(scene.rng, victim) for _ in range(scene.number(1, 3))]
        scene.act_all(steps, via, 20, 180)
        scene.wait(600, 2_000)


def aws_person_without_vpn(world: World, account: Account) -> bool:
    """An administrator of AWS who uses no commercial VPN."""
    return without_vpn(world, account) and aws_person(world, account)


def second_user(scene: Scene) -> None:
    """The AWS console behind a VPN: whose keys there are; then a user, all rights, keys of it (Scattered Spider)."""
    scene.later(0.5, 7)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.act(CONSOLE_LOGON, via)
    made = named("user", scene.rng.choice(("svc-terraform2", "cloud-health", "backup-operator")))
    steps = [WHO_AM_I, aws("iam", "ListUsers"), aws("iam", "ListAccessKeys"), aws("iam", "GetAccountSummary")]
    steps += [aws("s3", "ListBuckets"), aws("ec2", "DescribeInstances"), aws("secretsmanager", "ListSecrets")]
    steps += [aws("iam", "CreateUser", *made)]
    steps += [aws("iam", "AttachUserPolicy", *made, *named("policy", "AdministratorAccess"))]
    steps += [aws("iam", "CreateAccessKey", *made)]
    scene.act_all(steps, via, 8, 90)


def borrowed_session(scene: Scene) -> None:
    """Stealthy: no logon: the owner's session, while they work, behind a VPN: wages and banks (Storm-2657, 2025)."""
    scene.wait(120, 1_200)
    device, country = copied(scene.seen.device), scene.city.country
    for words in scene.rng.sample(("direct deposit", "payroll", "iban", "w-2", "bank details", "benefits"), k=4):
        via = scene.replayed(relay(scene.rng, VPNS, country), device)
        scene.act(exchange("SearchQueryPerformed", *named("query", words)), via)
        scene.act_all([READ_MAIL] * scene.number(3, 6), via, 8, 60)
        scene.act(sharepoint("SearchQueryPerformed", *named("query", words)), via)
        read_files(scene, via, scene.number(1, 3))
        scene.wait(500, 1_200)


def payment_thread(scene: Scene) -> None:
    """Behind a VPN, in two sittings: what is owed is looked for, its files fetched, a thread answered (IC3, 2024)."""
    scene.later(0.5, 6, 4)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    for words in scene.rng.sample(("invoice", "past due", "wire", "remittance", "iban", "statement"), k=3):
        scene.wait(15, 90)
        scene.act(exchange("SearchQueryPerformed", *named("query", words)), via)
        scene.act_all([READ_MAIL] * scene.number(3, 7), via, 8, 70)
    read_files(scene, via, scene.number(2, 5))
    scene.wait(2_400, 4_800)
    via = via._replace(address=relay(scene.rng, VPNS, scene.city.country))
    for _ in range(scene.number(3, 5)):
        scene.act_all([READ_MAIL, exchange("Send", *named("folder", "Sent Items"))], via, 60, 400)


def hidden_app(world: World, account: Account) -> bool:
    """A third-party app that looks at documents, in a country where commercial VPNs have servers."""
    if not isinstance(account, Service) or account.job != "documents":
        return False
    return account.address.location.country in _COUNTRIES


def app_secret(scene: Scene) -> None:
    """Stealthy: an app's leaked secret, its program copied, behind a VPN: other departments' files, a few at a time."""
    scene.wait(300, 2_400)
    country = scene.seen.address.location.country
    first = scene.intruder(relay(scene.rng, VPNS, country), scene.seen.device)
    for unit in scene.rng.sample(("executive", "hr", "legal", "finance"), k=scene.number(3, 4)):
        via = first._replace(address=relay(scene.rng, VPNS, country))
        files = [some_file(scene, unit) for _ in range(scene.number(3, 6))]
        scene.act_all([sharepoint("FileAccessed", wanted) for wanted in files], via, 5, 60)
        scene.wait(1_500, 2_700)


def rule_left_behind(scene: Scene) -> None:
    """Bought credentials, behind a VPN, wrong at first: files are looked for and taken; a rule goes on forwarding."""
    scene.later(0.5, 7)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.act_all([logon(WRONG_PASSWORD)] * scene.number(1, 2), via._replace(session=""), 5, 40)
    scene.wait(10, 60)
    scene.log_on(via)
    for words in scene.rng.sample(("contract", "passport", "customer list", "invoice", "salary", "vpn"), k=3):
        scene.wait(10, 90)
        scene.act(sharepoint("SearchQueryPerformed", *named("query", words)), via)
        files = files_in_a_row(scene, scene.number(3, 8))
        scene.act_all([sharepoint("FileDownloaded", wanted) for wanted in files], via, 3, 30)
    scene.wait(30, 200)
    rule = settings(ForwardTo="inbox.copy77@freemail.example", Name="..", StopProcessingRules="True")
    scene.act(exchange("New-InboxRule", *rule), via)


def pipeline_secrets(scene: Scene) -> None:
    """Stealthy: a programmer's token, behind a VPN: a pushed workflow gives secrets away (GhostAction, 2025)."""
    scene.later(0.3, 5)
    country, git = scene.city.country, scripted("git/2.47.1")
    for number in scene.rng.sample(range(80), k=scene.number(2, 3)):
        exit_, repository = relay(scene.rng, VPNS, country), named("repository", f"service-{number:02d}")
        pushing = scene.intruder(exit_, git, session=False)
        asking = scene.intruder(exit_, scripted("curl/8.9.1"), session=False)
        scene.act_all([github("git.fetch", *repository), github("git.push", *repository)], pushing, 10, 90)
        scene.act_all([github("workflows.created_workflow_run", *repository)], pushing, 2, 8)
        scene.act_all([github("artifact.download", *repository)], asking, 60, 300)
        scene.act_all([github("git.push", *repository)], pushing, 20, 120)
        scene.wait(600, 1_500)


VARIANTS = (
    Variant("tor", anybody, tor),
    Variant("commercial_vpn", anybody, commercial_vpn),
    Variant("rented_server", anybody, rented_server),
    Variant("api_through_tor", aws_account, api_through_tor),
    Variant("repositories", coder, repositories),
    Variant("data_loader", seller, data_loader),
    Variant("help_desk_call", without_vpn, help_desk_call, hours=26),
    Variant("listening_in", without_vpn, listening_in, hours=5),
    Variant("outbound_phish", without_vpn, outbound_phish, hours=3),
    Variant("night_shift", programmer_without_vpn, night_shift, hours=19),
    Variant("second_user", aws_person_without_vpn, second_user),
    Variant("borrowed_session", without_vpn, borrowed_session, hours=3),
    Variant("payment_thread", without_vpn, payment_thread, hours=4),
    Variant("app_secret", hidden_app, app_secret, hours=5),
    Variant("rule_left_behind", without_vpn, rule_left_behind, held_out=True),
    Variant("pipeline_secrets", programmer_without_vpn, pipeline_secrets, hours=3, held_out=True, quiet=True),
)
