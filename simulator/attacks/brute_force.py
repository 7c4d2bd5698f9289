"""Passwords of one account are tried until one works (T1110.001), or those leaked elsewhere (T1110.004)."""

from __future__ import annotations

from activities.activity import Category, Outcome
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import CONSOLE_LOGON, FACTOR_ADDED
from simulator.hostile import EVERYWHERE, HOMES_FAR, HOSTS, VPNS, anywhere, home_proxy, relay, server
from simulator.moves import WHO_AM_I, read_files, read_mail, some_file
from simulator.operations import (
    LEGACY,
    LOCKED,
    MFA,
    MFA_UNANSWERED,
    MFA_WRONG_CODE,
    PASSWORD_GRANT,
    POLICY,
    SALESFORCE,
    SECOND_FACTOR,
    SECOND_FACTOR_FAILED,
    WRONG_PASSWORD,
    aws,
    directory,
    exchange,
    github,
    logon,
    named,
    other,
    sharepoint,
)
from simulator.places import OFFICES
from simulator.record import MINUTE, SECOND, Account, NativeObject
from simulator.scene import (
    Scene,
    Via,
    anybody,
    aws_person,
    coder,
    contractor,
    directory_admin,
    leader,
    part_timer,
    seller,
)
from simulator.services import Service
from simulator.streams import chance
from simulator.world import World

_NO_CONSOLE_LOGON = CONSOLE_LOGON._replace(
    category=logon(WRONG_PASSWORD).category, outcome=logon(WRONG_PASSWORD).outcome, error="Failed authentication"
)
_PROGRAMS = (
    ("Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) Mobile Safari/537.36", "Windows Phone 10"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:94.0) Gecko/20100101 Firefox/94.0", "Linux"),
    ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.3031", "Windows 10"),
    ("Apple-iPhone12C1/1903.89", "iOS 15.3"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/15.1 Safari/605.1.15", "macOS 12"),
    ("azsdk-python-identity/1.12.0 Python/3.10.6", "Linux"),
)


def guessing(scene: Scene) -> None:
    """15 to 60 tries in 10 to 30 minutes, from a few rented servers in a country with an office."""
    scene.later(0, 8)
    city = scene.rng.choice(OFFICES).city
    sources = [server(scene.rng, city) for _ in range(scene.number(1, 4))]
    device = scene.intruder(sources[0]).device
    tries = [logon(WRONG_PASSWORD)] * scene.number(15, 60)
    scene.spread(tries, lambda: Via(scene.rng.choice(sources), device, ""), scene.number(10, 30) * MINUTE)
    scene.wait(3, 60)
    via = scene.intruder(scene.rng.choice(sources), device)
    scene.log_on(via)
    read_mail(scene, via, scene.number(3, 10))


def slowly(scene: Scene) -> None:
    """A try every few minutes for hours, so that nothing is locked, over a protocol without a second factor."""
    scene.later(0, 4, 8)
    via = Via(server(scene.rng, scene.city), scripted("BAV2ROPC", ""), "")
    for _ in range(scene.number(40, 70)):
        scene.act(logon(WRONG_PASSWORD, LEGACY, PASSWORD_GRANT), via)
        scene.wait(140, 420)
    via = scene.intruder(via.address, via.device)
    scene.log_on(via, LEGACY, PASSWORD_GRANT)
    read_mail(scene, via, scene.number(6, 20), 1, 20)


def stuffing(scene: Scene) -> None:
    """Each try from another home line, a leaked password each; somebody's old one still works."""
    scene.later(0, 8)
    city = scene.rng.choice(OFFICES).city
    device = scene.plain_browser()
    far = chance(scene.rng, 0.3)

    def source() -> Via:
        return Via(anywhere(scene.rng, HOMES_FAR) if far else home_proxy(scene.rng, city), device, "")

    scene.spread([logon(WRONG_PASSWORD)] * scene.number(14, 30), source, scene.number(5, 25) * MINUTE)
    scene.wait(5, 90)
    via = scene.intruder(source().address, device)
    scene.log_on(via, MFA)
    read_files(scene, via, scene.number(3, 9))


def console(scene: Scene) -> None:
    """The sign-in page of AWS, a word list, and what the account may do."""
    scene.later(0, 8)
    via = Via(server(scene.rng, scene.elsewhere()), scripted("Mozilla/5.0 (X11; Linux x86_64; rv:128.0)"), "")
    scene.spread([_NO_CONSOLE_LOGON] * scene.number(18, 50), via, scene.number(6, 25) * MINUTE)
    scene.wait(2, 30)
    via = scene.intruder(via.address, via.device)
    scene.act(CONSOLE_LOGON, via)
    looks = [WHO_AM_I, aws("iam", "GetAccountSummary"), aws("ec2", "DescribeInstances"), aws("s3", "ListBuckets")]
    scene.act_all(looks, via, 3, 40)


def botnet(scene: Scene) -> None:
    """Stealthy: a try every few minutes for hours, each from another line somewhere in the world; then spam is sent."""
    scene.later(0, 4, 9)
    device = scripted("BAV2ROPC", "")
    for _ in range(scene.number(30, 55)):
        via = Via(anywhere(scene.rng, EVERYWHERE), device, "")
        scene.act(logon(WRONG_PASSWORD, LEGACY, PASSWORD_GRANT), via)
        scene.wait(200, 560)
    via = scene.intruder(anywhere(scene.rng, EVERYWHERE), device)
    scene.log_on(via, LEGACY, PASSWORD_GRANT)
    scene.act_all([exchange("Send", *named("folder", "Sent Items"))] * scene.number(8, 30), via, 4, 40)


def lockouts(scene: Scene) -> None:
    """A tool that doesn't count: a contractor's account is locked twice within the hour; then the guess is right."""
    scene.later(0, 7)
    via = Via(anywhere(scene.rng, HOSTS), scripted("Go-http-client/2.0"), "")
    for _ in range(2):
        scene.spread([logon(WRONG_PASSWORD)] * scene.number(10, 20), via, 40 * SECOND)
        scene.spread([logon(LOCKED)] * scene.number(10, 40), via, MINUTE)
        scene.wait(700, 1_500)
    scene.spread([logon(WRONG_PASSWORD)] * scene.number(3, 8), via, 20 * SECOND)
    scene.wait(1, 6)
    via = scene.intruder(via.address, via.device)
    scene.log_on(via)
    read_files(scene, via, scene.number(5, 20), 2, 20)


def fasthttp(scene: Scene) -> None:
    """A fast library in Go, from lines mostly in Brazil (fasthttp, 2025); the buyer of what was right reads files."""
    scene.later(0, 7, 3)
    device, brazil = scripted("fasthttp"), next(office.city for office in OFFICES if office.city.country == "BR")

    def source() -> Via:
        near = chance(scene.rng, 0.65)
        return Via(home_proxy(scene.rng, brazil) if near else anywhere(scene.rng, EVERYWHERE), device, "")

    locked = [chance(scene.rng, 0.15) for _ in range(scene.number(60, 110))]
    tries = [logon(LOCKED if wait else WRONG_PASSWORD, PASSWORD_GRANT) for wait in locked]
    scene.spread(tries, source, scene.number(25, 70) * MINUTE)
    scene.wait(5, 40)
    scene.act(logon("0", PASSWORD_GRANT), source())
    scene.wait(300, 1_500)
    via = scene.intruder(server(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    read_files(scene, via, scene.number(5, 14))


def colleague_guesses(scene: Scene) -> None:
    """Stealthy: a colleague, at their own desk, guesses a password of finance or the board, in a few sittings."""
    near = [one for one in scene.world.people if one.city == scene.city and one.key != scene.victim.key]
    found = scene.at_work(near)
    via = (found[1] if found else scene.own())._replace(session="")
    for _ in range(scene.number(3, 4)):
        scene.act_all([logon(WRONG_PASSWORD)] * scene.number(5, 9), via, 8, 50)
        scene.wait(240, 900)
    scene.wait(10, 40)
    via = scene.intruder(via.address, via.device)
    # On the company's own laptops, no second factor is asked for.
    scene.act(logon("0"), via)
    read_mail(scene, via, scene.number(5, 12), 10, 90)


def factor_in_the_way(scene: Scene) -> None:
    """A guess is right, but a factor is asked for: as one program after the other, until one isn't (MFASweep)."""
    scene.later(0, 7)
    via = Via(server(scene.rng, scene.elsewhere()), scripted("python-requests/2.31.0"), "")
    scene.spread([logon(WRONG_PASSWORD)] * scene.number(25, 60), via, scene.number(8, 25) * MINUTE)
    for agent, system in scene.rng.sample(_PROGRAMS, k=scene.number(4, 6)):
        scene.wait(4, 40)
        refusal = POLICY if chance(scene.rng, 0.3) else SECOND_FACTOR
        scene.act(logon(refusal), via._replace(device=scripted(agent, system)))
    scene.wait(5, 60)
    via = scene.intruder(via.address, scripted("BAV2ROPC", ""))
    scene.log_on(via, LEGACY, PASSWORD_GRANT)
    read_mail(scene, via, scene.number(5, 15), 1, 20)


def same_scheme(scene: Scene) -> None:
    """A programmer's passwords follow a scheme, and one leaked: GitHub's is guessed, a key is added (Gentoo, 2018)."""
    scene.later(0, 6, 3)
    via = Via(home_proxy(scene.rng, scene.elsewhere()), scene.plain_browser(), "")
    failed = github("user.failed_login")._replace(outcome=Outcome.FAILURE)
    for _ in range(scene.number(4, 5)):
        scene.act_all([failed] * scene.number(4, 8), via, 6, 40)
        scene.wait(240, 720)
    via = scene.intruder(via.address, via.device)
    scene.act(github("user.login"), via)
    scene.wait(20, 90)
    scene.act(github("public_key.create", *named("key", "id_rsa")), via)
    numbers = scene.rng.sample(range(80), k=scene.number(3, 7))
    steps = [github("repo.download_zip", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.act_all(steps, via, 10, 90)


def office_app(world: World, account: Account) -> bool:
    """A service account or app that works with mail, files or chats, and never logs on like a person."""
    return isinstance(account, Service) and account.job in ("backup", "calendar", "chat", "documents")


def service_account(scene: Scene) -> None:
    """An automation's password, which no second factor guards, is guessed; then it is used like a person's."""
    scene.later(0.5, 6)
    agent = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4412"
    sources = [server(scene.rng, scene.elsewhere()) for _ in range(2)]
    tries = [logon(WRONG_PASSWORD, PASSWORD_GRANT)] * scene.number(35, 90)
    device = scripted(agent, "Windows 10")
    scene.spread(tries, lambda: Via(scene.rng.choice(sources), device, ""), scene.number(15, 50) * MINUTE)
    scene.wait(2, 30)
    via = scene.intruder(sources[0], device)
    scene.log_on(via, PASSWORD_GRANT)
    for unit in ("finance", "hr", "it"):
        scene.act(
            sharepoint("SearchQueryPerformed", *named("query", scene.rng.choice(("password", "vpn", "iban")))), via
        )
        files = [some_file(scene, unit) for _ in range(scene.number(3, 7))]
        scene.act_all([sharepoint("FileAccessed", wanted) for wanted in files], via, 4, 40)


def below_lockout(scene: Scene) -> None:
    """Stealthy: three or four tries every quarter of an hour, never locked; then a push is taken for one's own."""
    scene.later(0.2, 3, 8)
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = Via(home_proxy(scene.rng, scene.city, lines), scene.plain_browser(), "")
    for _ in range(scene.number(13, 17)):
        scene.act_all([logon(WRONG_PASSWORD)] * scene.number(3, 4), via, 8, 40)
        scene.wait(800, 1_150)
    scene.act_all([logon(SECOND_FACTOR), *[logon(SECOND_FACTOR_FAILED, MFA_UNANSWERED)] * 2], via, 30, 90)
    scene.wait(60, 300)
    via = scene.intruder(via.address, via.device)
    scene.log_on(via)
    scene.wait(20, 90)
    scene.act(FACTOR_ADDED, via)
    read_mail(scene, via, scene.number(5, 12))


def turning_exits(scene: Scene) -> None:
    """A commercial VPN, another exit every few tries; a push is asked for, and taken for one's own (T1110.001)."""
    scene.later(0, 7, 3)
    device, country = scene.plain_browser(), scene.city.country
    for _ in range(scene.number(7, 11)):
        via = Via(relay(scene.rng, VPNS, country if chance(scene.rng, 0.4) else ""), device, "")
        scene.act_all([logon(WRONG_PASSWORD)] * scene.number(3, 7), via, 3, 25)
        scene.wait(30, 200)
    via = scene.intruder(relay(scene.rng, VPNS, country), device)
    scene.act_all([logon(SECOND_FACTOR), logon(SECOND_FACTOR_FAILED, MFA_UNANSWERED)], via, 20, 70)
    scene.wait(30, 120)
    scene.log_on(via)
    read_mail(scene, via, scene.number(5, 12))
    read_files(scene, via, scene.number(2, 6))


def app_of_its_own(scene: Scene) -> None:
    """Stealthy: Salesforce's own page, which no directory guards: a few tries each quarter of an hour, then lists."""
    scene.later(0.2, 3, 5)
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = Via(home_proxy(scene.rng, scene.city, lines), scene.plain_browser(), "")
    failed = other(SALESFORCE, "Login", Category.FAILED_LOGON)._replace(outcome=Outcome.FAILURE, error="INVALID_LOGIN")
    for _ in range(scene.number(8, 10)):
        scene.act_all([failed] * scene.number(3, 4), via, 10, 60)
        scene.wait(600, 950)
    via = scene.intruder(via.address, via.device)
    scene.act(other(SALESFORCE, "Login", Category.LOGON), via)
    for number in scene.rng.sample(range(100), k=scene.number(5, 9)):
        report = NativeObject("report", f"accounts-{number:02d}", scene.number(2, 30) * 1_000_000)
        looked, taken = (("ReportRun", Category.READ), ("ReportExported", Category.DOWNLOAD))
        scene.act_all([other(SALESFORCE, *step, report) for step in (looked, taken)], via, 20, 150)


def admin_at_night(scene: Scene) -> None:
    """At night, by a word list, an administrator's password; then one more administrator is made, to come back by."""
    scene.later(9, 13, 3)
    sources = [server(scene.rng, scene.city) for _ in range(3)]
    device = scene.plain_browser()
    locked = [chance(scene.rng, 0.1) for _ in range(scene.number(30, 80))]
    tries = [logon(LOCKED if wait else WRONG_PASSWORD) for wait in locked]
    scene.spread(tries, lambda: Via(scene.rng.choice(sources), device, ""), scene.number(15, 50) * MINUTE)
    scene.wait(5, 60)
    via = scene.intruder(scene.rng.choice(sources), device)
    # By an exception that was forgotten, no second factor is asked for.
    scene.act(logon("0"), via)
    made = named("user", f"sync.admin{scene.number(1, 9)}@{scene.domain}")
    role = named("role", "Privileged Authentication Administrator")
    steps = [directory("Add user.", *made), directory("Reset user password.", *made)]
    steps += [directory("Add member to role.", *made, *role, changed=("Role.DisplayName",))]
    scene.act_all(steps, via, 20, 150)


def code_guessed(scene: Scene) -> None:
    """Stealthy: the password is known; the six digits are guessed, ten a session, without a push (AuthQuake, 2024)."""
    scene.later(0.3, 3, 4)
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = Via(home_proxy(scene.rng, scene.city, lines), scene.plain_browser(), "")
    for _ in range(scene.number(9, 13)):
        scene.act(logon(SECOND_FACTOR), via)
        scene.act_all([logon(SECOND_FACTOR_FAILED, MFA_WRONG_CODE)] * scene.number(8, 10), via, 2, 10)
        scene.wait(300, 700)
    scene.act_all([logon(SECOND_FACTOR), logon(SECOND_FACTOR_FAILED, MFA_WRONG_CODE)], via, 2, 10)
    scene.wait(2, 10)
    via = scene.intruder(via.address, via.device)
    scene.log_on(via)
    read_mail(scene, via, scene.number(4, 9))


VARIANTS = (
    Variant("guessing", anybody, guessing),
    Variant("slowly", anybody, slowly, hours=8),
    Variant("stuffing", anybody, stuffing),
    Variant("console", aws_person, console),
    Variant("botnet", part_timer, botnet, hours=9),
    Variant("lockouts", contractor, lockouts),
    Variant("fasthttp", anybody, fasthttp, hours=3),
    Variant("colleague_guesses", leader, colleague_guesses, hours=26),
    Variant("factor_in_the_way", anybody, factor_in_the_way),
    Variant("same_scheme", coder, same_scheme, hours=3),
    Variant("service_account", office_app, service_account),
    Variant("below_lockout", anybody, below_lockout, hours=8),
    Variant("turning_exits", anybody, turning_exits, hours=3),
    Variant("app_of_its_own", seller, app_of_its_own, hours=6),
    Variant("admin_at_night", directory_admin, admin_at_night, hours=15, held_out=True),
    Variant("code_guessed", anybody, code_guessed, hours=7, held_out=True, quiet=True),
)
