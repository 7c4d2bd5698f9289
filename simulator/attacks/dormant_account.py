"""An account acts again that nobody should use any more (T1078).

An account is *ended* when its owner left or it was retired, and the directory's log says that it was disabled. It
*sleeps* when nothing was seen of it for 30 days or more, which takes a simulation of at least seven weeks.
"""

from __future__ import annotations

from simulator.apis import resource
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import DEVICE_ADDED, FACTOR_ADDED, HABITS, file
from simulator.hostile import PUBLIC_CLOUDS, VPNS, anywhere, home_proxy, relay, server
from simulator.moves import INBOX, WHO_AM_I, files_in_a_row, read_files, read_mail, some_file
from simulator.operations import TEAMS, WRONG_PASSWORD, aws, directory, exchange, github, logon, m365, named, sharepoint
from simulator.people import Person
from simulator.places import office_egress
from simulator.presence import earliest, known_since, present
from simulator.record import DAY, HOUR, Account, NativeDevice, NativeObject, Step
from simulator.scene import Scene, coder
from simulator.schedule import Kind
from simulator.services import Service
from simulator.streams import zipf
from simulator.world import World

_ENDED_DAYS, _IDLE_DAYS = 2, 30
"""Days since the account did its last, at least."""
_OWN_LOGINS = ("code", "crm", "ledger", "staff")
"""Kinds of work in apps that have logins of their own, which nobody disables with the directory's."""

_POWER_BI = "PowerBI"
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/143.0.0.0"


def _leaver(scene: Scene) -> Person:
    """The victim, somebody who left.

    Raises:
        TypeError: It is a service's account.
    """
    if not isinstance(scene.victim, Person):
        msg = f"expected somebody who left, found {scene.victim.key}"
        raise TypeError(msg)
    return scene.victim


def _last_day(account: Account) -> int | None:
    if isinstance(account, Person):
        return account.leaves
    return account.ends if isinstance(account, Service) else None


def _idle(world: World, account: Account, days: int) -> bool:
    """Whether the account did something once, and its last at least that many days before attacks begin."""
    last = _last_day(account)
    begins = (earliest(world) - world.start) // DAY
    return last is not None and last + days <= begins and known_since(world, account) is not None


def left(world: World, account: Account) -> bool:
    """Somebody who left."""
    return isinstance(account, Person) and _idle(world, account, _ENDED_DAYS)


def left_repositories(world: World, account: Account) -> bool:
    """Somebody who left and had worked on the company's repositories."""
    return left(world, account) and coder(world, account)


def left_own_login(world: World, account: Account) -> bool:
    """Somebody who left, came to an office, and had worked in an app with a login of its own."""
    if not isinstance(account, Person) or account.contractor or not left(world, account):
        return False
    return any(kind in account.work.items for kind in _OWN_LOGINS)


def retired(world: World, account: Account) -> bool:
    """A retired account of a service."""
    return isinstance(account, Service) and _idle(world, account, _ENDED_DAYS)


def asleep(world: World, account: Account) -> bool:
    """An account of which nothing was seen for long."""
    return _idle(world, account, _IDLE_DAYS)


def _old_device(scene: Scene) -> NativeDevice:
    """What the account was last used with."""
    victim = scene.victim
    if isinstance(victim, Person):
        return victim.laptop(victim.leaves or 0)
    return victim.device if isinstance(victim, Service) else scripted("curl/8.5.0")


def kept_session(scene: Scene) -> None:
    """Somebody who left still has a session on their laptop, and takes files along from home."""
    via = scene.intruder(home_proxy(scene.rng, scene.city), _old_device(scene))
    read_files(scene, via, scene.number(3, 8))
    files = files_in_a_row(scene, scene.number(10, 40))
    scene.act_all([sharepoint("FileDownloaded", file) for file in files], via, 2, 30)


def enabled_again(scene: Scene) -> None:
    """The help desk is told that somebody came back, enables the account and sets a password; a stranger logs on."""
    helper, desk = scene.helper()
    user = named("user", scene.victim.user.id)
    scene.act_all(
        [directory("Enable account.", *user), directory("Reset user password.", *user)], desk, 20, 200, helper
    )
    scene.wait(300, 2_400)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country))
    scene.log_on(via)
    read_mail(scene, via, scene.number(5, 15))


def forgotten_token(scene: Scene) -> None:
    """The access token of somebody who left was never revoked: repositories are fetched with it."""
    via = scene.intruder(home_proxy(scene.rng, scene.city), scripted("git/2.43.0"))
    numbers = scene.rng.sample(range(80), k=scene.number(4, 12))
    scene.act_all([github("git.clone", *named("repository", f"service-{n:02d}")) for n in numbers], via, 5, 60)


def retired_service(scene: Scene) -> None:
    """The secret of a retired import job is still in a script, and somebody found it."""
    via = scene.intruder(server(scene.rng, scene.city), _old_device(scene))
    read_files(scene, via, scene.number(15, 40), 1, 15)


def sleeper(scene: Scene) -> None:
    """An account that slept for weeks is used from a home line with a browser like everybody's."""
    via = scene.intruder(home_proxy(scene.rng, scene.city), scripted(_BROWSER, "Windows 10"))
    scene.log_on(via)
    read_mail(scene, via, scene.number(4, 10))
    read_files(scene, via, scene.number(3, 10))


def retired_mail(scene: Scene) -> None:
    """The retired job's app could read mail, too: mailboxes are gone through from a public cloud."""
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("python-msal/1.31.0"))
    steps: list[Step] = []
    for person in scene.executives(scene.number(4, 8)):
        steps += [exchange("MailItemsAccessed", *INBOX, owner=person.user)] * scene.number(4, 10)
    scene.act_all(steps, via, 1, 12)


def old_phone(scene: Scene) -> None:
    """Stealthy: the phone of somebody who left was never wiped: at home, it goes on fetching mail and chats."""
    victim = _leaver(scene)
    last = victim.leaves or 0
    via = scene.intruder(victim.home(last), victim.phone(last))
    for _ in range(scene.number(4, 7)):
        read_mail(scene, via, scene.number(1, 3), 1, 10)
        scene.wait(1, 5)
        channel = NativeObject("channel", f"{victim.department}-{scene.number(0, 5):02d}")
        scene.act(m365(TEAMS, "ChatRetrieved", channel), via)
        scene.wait(900, 1_900)


def _in_the_office(scene: Scene, victim: Person) -> NativeDevice:
    """The laptop of somebody who is at work in the victim's office now or next; the clock moves there."""
    world, egress = scene.world, office_egress(victim.city)
    near = [one for one in world.people if one.city == victim.city and not one.contractor and one.key != victim.key]
    near = scene.rng.sample(near, k=min(12, len(near)))
    day = (scene.time - world.start) // DAY
    for ahead in range(day, world.days + 1):
        for one in near:
            for event in present(world, one, ahead, Kind.WORK):
                if event.address == egress and scene.time < event.time < world.end - 2 * HOUR:
                    scene.time = event.time
                    return event.device
    return _old_device(scene)


def handed_on(scene: Scene) -> None:
    """Stealthy: in the office, a successor goes on working with the login of somebody who left, as they used to."""
    victim = _leaver(scene)
    device = _in_the_office(scene, victim)
    via = scene.intruder(office_egress(victim.city), device)
    habit = HABITS[scene.rng.choice([kind for kind in _OWN_LOGINS if kind in victim.work.items])]
    scene.act_all([habit.step(scene.rng, victim) for _ in range(scene.number(18, 40))], via, 15, 120)


def reset_and_enrolled(scene: Scene) -> None:
    """Somebody who left is still in the self-service: a new password, an own factor and device (APT29, AA24-057A)."""
    via = scene.intruder(home_proxy(scene.rng, scene.city), scripted(_BROWSER, "Windows 10"))
    scene.act(directory("Reset password (self-service)", *named("user", scene.victim.user.id)), via)
    scene.wait(20, 120)
    scene.act(logon("0"), via)
    scene.act_all([FACTOR_ADDED, DEVICE_ADDED], via, 20, 150)
    scene.wait(300, 1_800)
    read_mail(scene, via, scene.number(4, 12))


def old_server(scene: Scene) -> None:
    """Stealthy: the retired job's server was never shut down: through its own program, files that it never read."""
    victim = scene.victim
    address = victim.address if isinstance(victim, Service) else server(scene.rng, scene.city)
    via = scene.intruder(address, _old_device(scene))
    for unit in scene.rng.sample(("hr", "executive", "finance", "legal"), k=3):
        read_files(scene, via, scene.number(1, 3), 5, 60)
        files = files_in_a_row(scene, scene.number(5, 12), unit)
        scene.act_all([sharepoint("FileDownloaded", file) for file in files], via, 20, 200)
        scene.wait(900, 2_700)


def revenge(scene: Scene) -> None:
    """Dismissed, and GitHub was forgotten: from home, repositories go, guards first (First Republic Bank, 2020)."""
    victim = _leaver(scene)
    via = scene.intruder(victim.home(victim.leaves or 0), scripted(_BROWSER, "Windows 10"))
    scene.act(github("user.login"), via)
    repositories = [
        named("repository", f"service-{number:02d}") for number in scene.rng.sample(range(80), k=scene.number(6, 14))
    ]
    scene.act_all([github("repo.download_zip", *each) for each in repositories[:3]], via, 30, 200)
    for each in repositories:
        scene.act_all([github("protected_branch.destroy", *each), github("repo.destroy", *each)], via, 5, 90)


def borrowed_name(scene: Scene) -> None:
    """Stealthy: the help desk enables somebody who left, reads others' files in that name, and disables it again."""
    helper, desk = scene.helper()
    user = named("user", scene.victim.user.id)
    enabled = [directory("Enable account.", *user), directory("Reset user password.", *user)]
    scene.act_all(enabled, desk, 20, 120, helper)
    scene.wait(60, 400)
    via = scene.intruder(desk.address, desk.device)
    # On the company's own laptops, no second factor is asked for.
    scene.act(logon("0"), via)
    for unit in scene.rng.sample(("hr", "executive", "finance", "legal"), k=scene.number(2, 3)):
        files = [some_file(scene, unit) for _ in range(scene.number(6, 14))]
        scene.act_all([sharepoint("FileAccessed", wanted) for wanted in files], via, 10, 90)
    scene.wait(30, 300)
    scene.act(directory("Disable account.", *user), desk, helper)


def leaked_password(scene: Scene) -> None:
    """Who left is still let in, by a password that leaked elsewhere and no factor (Colonial Pipeline, 2021)."""
    via = scene.intruder(server(scene.rng, scene.city), scripted(_BROWSER, "Windows 10"))
    scene.act_all([logon(WRONG_PASSWORD)] * scene.number(2, 4), via._replace(session=""), 5, 40)
    scene.wait(5, 40)
    scene.act(logon("0"), via)
    for words in scene.rng.sample(("vpn", "password", "network diagram", "admin", "backup", "rdp"), k=4):
        scene.wait(10, 90)
        scene.act(sharepoint("SearchQueryPerformed", *named("query", words)), via)
        read_files(scene, via, scene.number(2, 5))
    files = files_in_a_row(scene, scene.number(8, 25), "it")
    scene.act_all([sharepoint("FileDownloaded", wanted) for wanted in files], via, 3, 30)


def runs_again(scene: Scene) -> None:
    """Stealthy: a retired job's secret, on a public cloud: its program reads, every half-hour, what it always did."""
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), _old_device(scene))
    for _ in range(scene.number(6, 9)):
        files = [file("finance", zipf(scene.rng, 200)) for _ in range(scene.number(2, 4))]
        scene.act_all([sharepoint("FileAccessed", wanted) for wanted in files], via, 1, 20)
        scene.wait(1_500, 1_900)


def kept_keys(scene: Scene) -> None:
    """Who left still has keys of AWS: from home, machines are listed, then ended, by the dozen (Cisco, 2018)."""
    victim = _leaver(scene)
    agent = scripted("aws-cli/2.17.20 Python/3.11.9 Darwin/23.6.0 source/x86_64", "macOS 14")
    via = scene.intruder(victim.home(victim.leaves or 0), agent)
    looks = [WHO_AM_I, aws("ec2", "DescribeInstances"), aws("autoscaling", "DescribeAutoScalingGroups")]
    scene.act_all(looks, via, 5, 90)
    machines = scene.rng.sample(range(60), k=scene.number(15, 40))
    ended = [aws("ec2", "TerminateInstances", resource("ec2.amazonaws.com", "instance", each)) for each in machines]
    scene.act_all(ended, via, 1, 20)


def steady_fetch(scene: Scene) -> None:
    """Stealthy: the token of who left, in a script at their home: what they worked on is fetched, every half-hour."""
    victim = _leaver(scene)
    via = scene.intruder(victim.home(victim.leaves or 0), scripted("git/2.47.1"), session=False)
    mine = named("repository", *(f"service-{(victim.index * 7 + number) % 80:02d}" for number in range(3)))
    for _ in range(scene.number(8, 11)):
        scene.act_all([github("git.fetch", each) for each in mine[: scene.number(1, 3)]], via, 1, 6)
        scene.wait(1_750, 1_850)


def reports_at_home(scene: Scene) -> None:
    """Who left still gets in: at home, reports on customers are opened and exported, one by one (Cash App, 2022)."""
    victim = _leaver(scene)
    via = scene.intruder(victim.home(victim.leaves or 0), scripted(_BROWSER, "Windows 11"))
    scene.log_on(via)
    for number in scene.rng.sample(range(60), k=scene.number(8, 18)):
        report = NativeObject("report", f"customers-{number:02d}", scene.number(1, 40) * 500_000)
        scene.act_all([m365(_POWER_BI, action, report) for action in ("ViewReport", "ExportReport")], via, 15, 150)


def at_a_desk(scene: Scene) -> None:
    """Stealthy: a retired job's secret, by somebody inside, at their own desk: what others' departments keep."""
    staff = [one for one in scene.world.people if not one.contractor and one.leaves is None]
    found = scene.at_work(staff)
    if found is None:
        return
    address, device, _ = found[1]
    via = scene.intruder(address, NativeDevice(device.id, device.os, "PowerShell/7.4.6"))
    for unit in scene.rng.sample(("hr", "executive", "finance", "legal"), k=3):
        scene.wait(5, 60)
        files = files_in_a_row(scene, scene.number(5, 9), unit)
        scene.act_all([sharepoint("FileAccessed", wanted) for wanted in files], via, 10, 90)
        scene.act_all([sharepoint("FileDownloaded", wanted) for wanted in files[:3]], via, 5, 60)
        scene.wait(900, 2_400)


VARIANTS = (
    Variant("kept_session", left, kept_session, beside=False),
    Variant("enabled_again", left, enabled_again, hours=26, beside=False),
    Variant("forgotten_token", left_repositories, forgotten_token, beside=False),
    Variant("retired_service", retired, retired_service, beside=False),
    Variant("sleeper", asleep, sleeper, beside=False),
    Variant("retired_mail", retired, retired_mail, beside=False),
    Variant("old_phone", left, old_phone, hours=5, beside=False),
    Variant("handed_on", left_own_login, handed_on, hours=26, beside=False),
    Variant("reset_and_enrolled", left, reset_and_enrolled, beside=False),
    Variant("old_server", retired, old_server, hours=5, beside=False),
    Variant("revenge", left_repositories, revenge, beside=False),
    Variant("borrowed_name", left, borrowed_name, hours=26, beside=False),
    Variant("leaked_password", left, leaked_password, beside=False),
    Variant("runs_again", retired, runs_again, hours=6, beside=False),
    Variant("kept_keys", left_repositories, kept_keys, beside=False),
    Variant("steady_fetch", left_repositories, steady_fetch, hours=7, beside=False),
    Variant("reports_at_home", left, reports_at_home, beside=False, held_out=True),
    Variant("at_a_desk", retired, at_a_desk, hours=76, beside=False, held_out=True, quiet=True),
)
