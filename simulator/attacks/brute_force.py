"""Passwords of one account are tried until one works (T1110.001), or those leaked elsewhere (T1110.004)."""

from __future__ import annotations

from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import CONSOLE_LOGON
from simulator.hostile import EVERYWHERE, HOMES_FAR, HOSTS, anywhere, home_proxy, server
from simulator.moves import WHO_AM_I, read_files, read_mail
from simulator.operations import LEGACY, LOCKED, MFA, PASSWORD_GRANT, WRONG_PASSWORD, aws, exchange, logon, named
from simulator.places import OFFICES
from simulator.record import MINUTE, SECOND
from simulator.scene import Scene, Via, anybody, aws_person, contractor, leader, part_timer
from simulator.streams import chance

_NO_CONSOLE_LOGON = CONSOLE_LOGON._replace(
    category=logon(WRONG_PASSWORD).category, outcome=logon(WRONG_PASSWORD).outcome, error="Failed authentication"
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


VARIANTS = (
    Variant("guessing", anybody, guessing),
    Variant("slowly", anybody, slowly, hours=8),
    Variant("stuffing", anybody, stuffing),
    Variant("console", aws_person, console),
    Variant("botnet", part_timer, botnet, hours=9),
    Variant("lockouts", contractor, lockouts),
    Variant("fasthttp", anybody, fasthttp, hours=3, held_out=True),
    Variant("colleague_guesses", leader, colleague_guesses, hours=26, held_out=True),
)
