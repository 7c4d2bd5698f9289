"""The second factor is worn down, or replaced (T1621, T1556.006, T1098.005)."""

from __future__ import annotations

from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import FACTOR_ADDED, FACTOR_REMOVED
from simulator.hostile import HOMES_AWAY, PUBLIC_CLOUDS, VPNS, anywhere, home_proxy, phone_line, relay, server
from simulator.moves import read_files, read_mail
from simulator.operations import (
    DEVICE_CODE,
    LEGACY,
    MFA,
    MFA_DENIED,
    MFA_UNANSWERED,
    PASSWORD_GRANT,
    SECOND_FACTOR,
    SECOND_FACTOR_FAILED,
    TEAMS,
    directory,
    github,
    logon,
    m365,
    named,
)
from simulator.record import DAY, HOUR, Account
from simulator.scene import Scene, Via, anybody, coder, leader

_REFUSED_OF_FEW = 0.6
"""Of pushes that come one at a time, those that are refused rather than missed."""


def _push(scene: Scene, via: Via, refused: float, who: Account | None = None) -> None:
    """The password is right; the second factor is asked for, and not given."""
    fact = MFA_DENIED if scene.rng.random() < refused else MFA_UNANSWERED
    scene.act(logon(SECOND_FACTOR), Via(via.address, via.device, ""), who)
    scene.wait(15, 60)
    scene.act(logon(SECOND_FACTOR_FAILED, fact), Via(via.address, via.device, ""), who)


def bombing(scene: Scene) -> None:
    """Push after push within the hour, until one is approved to have peace (as at Uber, 2022)."""
    scene.later(0.5, 8)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country))
    for _ in range(scene.number(10, 35)):
        _push(scene, via, 0.7)
        scene.wait(10, 80)
    scene.log_on(via)
    read_mail(scene, via, scene.number(3, 9))


def at_night(scene: Scene) -> None:
    """Stealthy: a handful of pushes between two and four at night, from the victim's own city."""
    midnight = scene.time - scene.time % DAY + DAY - int(scene.city.longitude / 15 * HOUR)
    scene.time = min(midnight + 2 * HOUR + scene.number(0, HOUR), scene.world.end - 3 * HOUR)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    for _ in range(scene.number(4, 7)):
        _push(scene, via, 0.5)
        scene.wait(200, 900)
    scene.log_on(via)
    scene.wait(30, 200)
    scene.act(FACTOR_ADDED, via)
    read_mail(scene, via, scene.number(2, 5))


def help_desk(scene: Scene) -> None:
    """The help desk is talked into a reset; the caller enrols a factor and logs on (as at MGM Resorts, 2023)."""
    helper, desk = scene.helper()
    victim = named("user", scene.victim.user.id)
    resets = [directory("Reset user password.", *victim), directory("Admin deleted security info", *victim)]
    scene.act_all(resets, desk, 20, 120, helper)
    scene.wait(60, 600)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.act(logon(SECOND_FACTOR), Via(via.address, via.device, ""))
    scene.wait(20, 90)
    scene.log_on(via)
    scene.wait(20, 120)
    scene.act(FACTOR_ADDED, via)
    read_mail(scene, via, scene.number(3, 8))


def new_factor(scene: Scene) -> None:
    """With a session from a phishing kit, a factor is added to come back with, the old one removed."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.city))
    scene.log_on(via)
    scene.act_all([FACTOR_ADDED, FACTOR_REMOVED], via, 20, 200)
    scene.wait(600, 2_400)
    back = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(back)
    read_mail(scene, back, scene.number(4, 10))


def sim_swap(scene: Scene) -> None:
    """A phone number was moved to another card: the password is reset by oneself, then the factors are replaced."""
    scene.later(0.5, 8)
    device = scripted(
        "Mozilla/5.0 (Linux; Android 13; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile",
        "Android 13",
    )
    via = scene.intruder(phone_line(scene.rng, scene.city), device)
    scene.act(directory("Reset password (self-service)", *named("user", scene.victim.user.id)), via)
    scene.wait(20, 120)
    scene.log_on(via)
    scene.act_all([FACTOR_ADDED, FACTOR_REMOVED], via, 20, 150)
    read_mail(scene, via, scene.number(2, 6))


def now_and_then(scene: Scene) -> None:
    """Stealthy: a push every half-hour or so, each from another home line nearby, until one is taken for one's own."""
    scene.later(0.5, 3, 8)
    device = scene.plain_browser()
    for _ in range(scene.number(5, 8)):
        _push(scene, Via(home_proxy(scene.rng, scene.city), device, ""), _REFUSED_OF_FEW)
        scene.wait(1_100, 2_900)
    via = scene.intruder(home_proxy(scene.rng, scene.city), device)
    scene.log_on(via)
    read_mail(scene, via, scene.number(5, 12))


def bursts(scene: Scene) -> None:
    """Three bursts of pushes with hours between, while "support" calls; then own phones are added (Cisco, 2022)."""
    scene.later(0.5, 2, 9)
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scene.plain_browser())
    for _ in range(3):
        for _ in range(scene.number(3, 6)):
            _push(scene, via, 0.6)
            scene.wait(20, 150)
        scene.wait(3_000, 8_000)
    _push(scene, via, 1.0)
    scene.wait(20, 60)
    scene.log_on(via)
    scene.act_all([FACTOR_ADDED] * scene.number(2, 3), via, 40, 400)
    read_mail(scene, via, scene.number(2, 5))


def device_key(scene: Scene) -> None:
    """Stealthy: no push: a code is phished, a device registered with it, whose key is a factor (Storm-2372, 2025)."""
    scene.later(0.5, 6)
    device = scripted("Dsreg/10.0 (Windows 10.0.19044.1826)", "Windows 10")
    home = home_proxy(scene.rng, scene.city)
    first = scene.intruder(home, device)
    scene.log_on(first, DEVICE_CODE, MFA)
    laptop = named("device", f"DESKTOP-{scene.rng.getrandbits(28):07X}")
    owner = named("user", scene.victim.user.id)
    key = directory("Add Windows Hello for Business credential.", *owner)
    scene.act_all(
        [directory("Add device.", *laptop), directory("Add registered owner to device.", *laptop, *owner)], first, 3, 30
    )
    scene.act_all([key], first, 20, 120)
    scene.wait(900, 3_000)
    back = scene.intruder(home, scene.plain_browser())
    scene.log_on(back)
    read_mail(scene, back, scene.number(3, 8))


def while_working(scene: Scene) -> None:
    """On a home line abroad, pushes while the victim is at work and may be asked anyway; one is taken for that."""
    scene.wait(60, 600)
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scene.plain_browser())
    for _ in range(scene.number(3, 6)):
        _push(scene, via, _REFUSED_OF_FEW)
        scene.wait(40, 240)
    scene.act(logon(SECOND_FACTOR), Via(via.address, via.device, ""))
    scene.wait(10, 40)
    scene.log_on(via)
    scene.act_all([FACTOR_ADDED, directory("User changed default security info")], via, 30, 240)
    read_mail(scene, via, scene.number(4, 10))
    scene.act_all([FACTOR_REMOVED], via, 30, 240)


def guessed_codes(scene: Scene) -> None:
    """Stealthy: nobody is asked: one-time codes are guessed, ten to a session, until one is right (AuthQuake, 2024)."""
    scene.later(0.5, 6, 4)
    device = scene.plain_browser()
    address = anywhere(scene.rng, PUBLIC_CLOUDS)
    for _ in range(scene.number(5, 9)):
        quiet = Via(address, device, "")
        scene.act(logon(SECOND_FACTOR), quiet)
        scene.act_all([logon(SECOND_FACTOR_FAILED)] * scene.number(8, 10), quiet, 1, 6)
        scene.wait(60, 500)
    via = scene.intruder(address, device)
    scene.log_on(via)
    read_mail(scene, via, scene.number(4, 9))
    read_files(scene, via, scene.number(3, 8))


def whole_team(scene: Scene) -> None:
    """One VPN address asks a dozen people whose passwords were bought, a few times each; one approves (Lapsus$)."""
    scene.later(0.5, 6, 4)
    via = scene.intruder(relay(scene.rng, VPNS), scene.plain_browser())
    quiet = Via(via.address, via.device, "")
    for person in scene.colleagues(scene.number(8, 12)):
        for _ in range(scene.number(1, 3)):
            _push(scene, quiet, _REFUSED_OF_FEW, person)
            scene.wait(20, 150)
    for _ in range(scene.number(1, 2)):
        _push(scene, quiet, _REFUSED_OF_FEW)
        scene.wait(20, 100)
    scene.act(logon(SECOND_FACTOR), quiet)
    scene.wait(10, 40)
    scene.log_on(via)
    scene.act_all([FACTOR_ADDED], via, 20, 150)
    read_mail(scene, via, scene.number(4, 10))
    read_files(scene, via, scene.number(3, 9))


def app_password(scene: Scene) -> None:
    """Stealthy: nothing is asked at all: the victim makes an app password for a caller's mail program (UNC6293, 2025).

    It is made at the victim's desk; hours later the program logs on with it, on a strange line, without a factor.
    """
    scene.wait(60, 900)
    scene.act(directory("Create app password for user", *named("user", scene.victim.user.id)), scene.own())
    scene.later(1, 5, 3)
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.9.2"
    via = scene.intruder(home_proxy(scene.rng, scene.city, lines), scripted(agent, "Windows 10"))
    scene.log_on(via, LEGACY, PASSWORD_GRANT)
    read_mail(scene, via, scene.number(20, 45), 1, 10)


def called_in(scene: Scene) -> None:
    """Behind a VPN, pushes are all refused; so the help desk is called, and registers another phone (UNC3944, 2023)."""
    scene.wait(60, 900)
    via = scene.intruder(relay(scene.rng, VPNS), scene.plain_browser())
    for _ in range(scene.number(5, 10)):
        _push(scene, via, 0.8)
        scene.wait(20, 150)
    helper, desk = scene.helper()
    victim = named("user", scene.victim.user.id)
    changes = [directory(f"Admin {what} security info", *victim) for what in ("deleted", "registered")]
    scene.act_all(changes, desk, 20, 120, helper)
    scene.wait(60, 600)
    scene.act(logon(SECOND_FACTOR), Via(via.address, via.device, ""))
    scene.wait(10, 40)
    scene.log_on(via)
    scene.act_all([directory("User changed default security info")], via, 20, 120)
    read_mail(scene, via, scene.number(5, 12))
    read_files(scene, via, scene.number(4, 10))


def each_evening(scene: Scene) -> None:
    """Stealthy: one push an evening, at the same hour, from one server; the third is approved (APT29, 2021)."""
    midnight = scene.time - scene.time % DAY - int(scene.city.longitude / 15 * HOUR)
    evening = midnight + scene.number(19, 21) * HOUR
    evening += DAY * (evening < scene.time) - DAY * (evening - DAY > scene.time)
    via = scene.intruder(server(scene.rng, scene.city), scene.plain_browser())
    for number in range(2):
        scene.time = evening + number * DAY
        scene.wait(60, 1_500)
        _push(scene, via, _REFUSED_OF_FEW)
    scene.time = evening + 2 * DAY
    scene.wait(60, 1_500)
    scene.act(logon(SECOND_FACTOR), Via(via.address, via.device, ""))
    scene.wait(15, 50)
    scene.log_on(via)
    scene.act_all([FACTOR_ADDED], via, 30, 200)
    read_mail(scene, via, scene.number(6, 14))


def asked_in_teams(scene: Scene) -> None:
    """Who poses as the help desk in Teams is told the number on the screen; a device joins (Midnight Blizzard)."""
    scene.wait(60, 900)
    stranger = named("guest", f"helpdesk@ms-online-support{scene.number(10, 99)}.example")
    scene.act_all([m365(TEAMS, "MessageSent", *stranger)] * scene.number(2, 4), scene.own(), 30, 200)
    via = scene.intruder(home_proxy(scene.rng, scene.elsewhere()), scene.plain_browser())
    quiet = Via(via.address, via.device, "")
    for _ in range(scene.number(1, 3)):
        _push(scene, quiet, 0)
        scene.wait(30, 150)
    scene.act(logon(SECOND_FACTOR), quiet)
    scene.wait(15, 60)
    scene.log_on(via)
    laptop, owner = named("device", f"DESKTOP-{scene.rng.getrandbits(28):07X}"), named("user", scene.victim.user.id)
    joined = [directory("Add device.", *laptop), directory("Add registered owner to device.", *laptop, *owner)]
    scene.act_all([FACTOR_ADDED, *joined], via, 20, 150)
    read_mail(scene, via, scene.number(4, 10))


def recovery_codes(scene: Scene) -> None:
    """Stealthy: a programmer's cookie of GitHub, on a line nearby: recovery codes are taken, the factor is theirs.

    Nobody is asked for anything; repositories are fetched with a key of their own afterwards (T1556.006).
    """
    scene.wait(300, 2_400)
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = scene.replayed(home_proxy(scene.rng, scene.city, lines), scene.plain_browser())
    names = "recovery_codes_viewed recovery_codes_downloaded add_factor remove_factor"
    steps = [github(f"two_factor_authentication.{name}") for name in names.split()]
    scene.act_all([*steps, github("public_key.create")], via, 30, 240)
    scene.wait(300, 1_500)
    numbers = scene.rng.sample(range(80), k=scene.number(3, 6))
    fetches = [github("git.fetch", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.act_all(fetches, via, 20, 150)


VARIANTS = (
    Variant("bombing", anybody, bombing, hours=3),
    Variant("at_night", anybody, at_night, hours=26),
    Variant("help_desk", anybody, help_desk, hours=26),
    Variant("new_factor", anybody, new_factor),
    Variant("sim_swap", anybody, sim_swap),
    Variant("now_and_then", leader, now_and_then, hours=8),
    Variant("bursts", anybody, bursts, hours=10),
    Variant("device_key", anybody, device_key, hours=3),
    Variant("while_working", anybody, while_working),
    Variant("guessed_codes", anybody, guessed_codes, hours=4),
    Variant("whole_team", anybody, whole_team, hours=5),
    Variant("app_password", anybody, app_password, hours=9),
    Variant("called_in", anybody, called_in, hours=26),
    Variant("each_evening", anybody, each_evening, hours=76),
    Variant("asked_in_teams", anybody, asked_in_teams, held_out=True),
    Variant("recovery_codes", coder, recovery_codes, hours=3, held_out=True, quiet=True),
)
