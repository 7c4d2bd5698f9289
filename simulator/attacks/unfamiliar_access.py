"""Everything about an access is new at once, and nothing of it bad by itself: provider, device and agent (T1078.004).

It comes from the victim's own city.
"""

from __future__ import annotations

from activities.activity import Category
from simulator.apis import habitual
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import CONSOLE_LOGON, code, own_file
from simulator.hostile import home_proxy, phone_line
from simulator.moves import READ_MAIL, WHO_AM_I, files_in_a_row, read_files, read_mail, search_mail
from simulator.operations import NETSUITE, SALESFORCE, TEAMS, WORKDAY, aws, github, m365, other, sharepoint
from simulator.people import Person
from simulator.places import OFFICES
from simulator.record import DAY, HOUR, MINUTE, Account, Address, NativeObject
from simulator.scene import Scene, anybody, aws_person, aws_service, bookkeeper, coder, seller
from simulator.services import Service
from simulator.world import World


def _strange_line(scene: Scene, mobile: bool = False) -> Address:
    """A line of a provider that the victim was never seen at."""
    seen = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    return phone_line(scene.rng, scene.city, seen) if mobile else home_proxy(scene.rng, scene.city, seen)


def browser(scene: Scene) -> None:
    """A browser on another system; mail and files are read for a while."""
    scene.later(0.5, 7)
    via = scene.intruder(_strange_line(scene), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(4, 9))
    read_files(scene, via, scene.number(4, 12))


def mail_client(scene: Scene) -> None:
    """A mail program, set up with stolen credentials, fetches everything."""
    scene.later(0.5, 7)
    via = scene.intruder(
        _strange_line(scene), scripted("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Thunderbird/128.5.2")
    )
    scene.log_on(via)
    read_mail(scene, via, scene.number(15, 40), 1, 8)


def phone(scene: Scene) -> None:
    """A phone in another carrier's network."""
    scene.later(0.5, 7)
    device = scripted(
        "Mozilla/5.0 (Linux; Android 12; SM-A125F) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile", "Android 12"
    )
    via = scene.intruder(_strange_line(scene, mobile=True), device)
    scene.log_on(via)
    read_mail(scene, via, scene.number(5, 12))


def programming_interface(scene: Scene) -> None:
    """Keys of AWS on somebody's own computer at home, with another toolkit than the owner's."""
    scene.later(0.5, 7)
    device = scripted("Boto3/1.34.46 md/Botocore#1.34.46 ua/2.0 os/windows#10 lang/python#3.12.1", "Windows 10")
    via = scene.intruder(_strange_line(scene), device)
    steps = [
        WHO_AM_I,
        aws("s3", "ListBuckets"),
        aws("ec2", "DescribeInstances"),
        aws("lambda", "ListFunctions20150331"),
    ]
    scene.act_all([*steps, aws("rds", "DescribeDBInstances"), aws("iam", "ListRoles")], via, 5, 80)


def customers(scene: Scene) -> None:
    """The customer database, from a home line: records are looked through, a report is run."""
    scene.later(0.5, 7)
    via = scene.intruder(_strange_line(scene), scene.plain_browser())
    scene.log_on(via)
    first = scene.number(0, 19_000)
    steps = [
        other(SALESFORCE, "RecordViewed", Category.READ, NativeObject("account", f"001A{first + number * 3:05d}"))
        for number in range(scene.number(10, 30))
    ]
    report = other(SALESFORCE, "ReportRun", Category.READ, NativeObject("report", "open-deals"))
    scene.act_all([*steps, report], via, 5, 60)


def _person(scene: Scene, things: str) -> Person:
    """The victim.

    Raises:
        TypeError: it is no person.
    """
    if not isinstance(scene.victim, Person):
        msg = f"expected a person who works with {things}, found {scene.victim.key}"
        raise TypeError(msg)
    return scene.victim


def git_client(scene: Scene) -> None:
    """Stealthy: the programmer's own repositories, fetched with a stolen key and somebody else's git."""
    victim = _person(scene, "repositories")
    scene.later(0.5, 7)
    via = scene.intruder(_strange_line(scene), scripted("git/2.39.5 (Apple Git-154)", "macOS 13"))
    repositories = list(dict.fromkeys(code(scene.rng, victim).objects for _ in range(scene.number(4, 9))))
    for repository in repositories:
        scene.wait(5, 90)
        scene.act(github("git.fetch", *repository), via)


def sync_client(scene: Scene) -> None:
    """A stranger's computer at home is linked to the victim's files: a program that synchronises fetches them."""
    victim = _person(scene, "files")
    scene.later(0.5, 7)
    device = scripted("Microsoft SkyDriveSync 24.201.1006.0005 ship; Windows NT 10.0 (19045)", "Windows 10")
    via = scene.intruder(_strange_line(scene), device)
    scene.log_on(via)
    files = dict.fromkeys(own_file(scene.rng, victim) for _ in range(scene.number(25, 60)))
    scene.spread([sharepoint("FileSyncDownloadedFull", wanted) for wanted in files], via, scene.number(5, 30) * MINUTE)


def books(scene: Scene) -> None:
    """The books, on a stranger's Chromebook at home: transactions are looked through, then what is owed."""
    scene.later(0.5, 7)
    agent = (
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
    )
    via = scene.intruder(_strange_line(scene), scripted(agent, "ChromeOS"))
    scene.log_on(via)
    first = scene.number(0, 8_000)
    steps = [
        other(NETSUITE, "TransactionViewed", Category.READ, NativeObject("record", f"TX-{first + number * 7:05d}"))
        for number in range(scene.number(12, 30))
    ]
    steps += [other(NETSUITE, "ReportRun", Category.READ, NativeObject("report", "open-payables"))]
    scene.act_all(steps, via, 6, 70)


def own_calls(scene: Scene) -> None:
    """Stealthy: a stolen key on a phone's hotspot, in Terraform; only what its owner looks at anyway is looked at."""
    victim = _person(scene, "cloud services")
    scene.later(0.5, 7)
    device = scripted(
        "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 aws-sdk-go-v2/1.32.2 os/linux lang/go#1.23.2 md/GOARCH#amd64"
    )
    via = scene.intruder(_strange_line(scene, mobile=True), device)
    looks = tuple(each for each in victim.calls if each.category in (Category.READ, Category.LIST))
    steps = [habitual(scene.rng, looks or victim.calls) for _ in range(scene.number(20, 40))]
    scene.spread(steps, via, scene.number(10, 40) * MINUTE)


def console(scene: Scene) -> None:
    """A stranger's browser on a home line, in the console of the cloud: what there is, page after page."""
    victim = _person(scene, "cloud services")
    scene.later(0.5, 7)
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0"
    via = scene.intruder(_strange_line(scene), scripted(agent, "Windows 10"))
    scene.log_on(via)
    scene.wait(5, 40)
    scene.act(CONSOLE_LOGON, via)
    looks = tuple(each for each in victim.calls if each.category in (Category.READ, Category.LIST))
    steps = [habitual(scene.rng, looks or victim.calls) for _ in range(scene.number(12, 25))]
    steps += [aws("ce", "GetCostAndUsage"), aws("ec2", "DescribeRegions"), aws("s3", "ListBuckets")]
    scene.act_all(steps, via, 4, 70)


def chat_client(scene: Scene) -> None:
    """Stealthy: no mail, no files: a stranger's tablet, by another carrier, in the team's own chats and meetings."""
    scene.later(0.5, 7)
    agent = "TeamsMobile-Android/1416/1.0.0.2025193702 (Android 13; SM-X200)"
    via = scene.intruder(_strange_line(scene, mobile=True), scripted(agent, "Android 13"))
    scene.log_on(via)
    channels = [NativeObject("channel", f"{scene.victim.unit}-{number:02d}") for number in range(12)]
    steps = [m365(TEAMS, "ChatRetrieved", scene.rng.choice(channels)) for _ in range(scene.number(12, 25))]
    steps += [m365(TEAMS, "MeetingParticipantDetail", scene.rng.choice(channels)) for _ in range(scene.number(2, 5))]
    scene.act_all(steps, via, 5, 80)


def personnel_clerk(world: World, account: Account) -> bool:
    """Somebody who works with the records of staff."""
    return anybody(world, account) and isinstance(account, Person) and "staff" in account.work.items


def personnel(scene: Scene) -> None:
    """The personnel system, on a stranger's computer at home: who works here, one by one (as Storm-2657 looks)."""
    scene.later(0.5, 7)
    via = scene.intruder(_strange_line(scene), scene.plain_browser())
    scene.log_on(via)
    first = scene.number(0, 700)
    steps = [other(WORKDAY, "Search", Category.LIST)]
    steps += [
        other(WORKDAY, "WorkerViewed", Category.READ, NativeObject("worker", f"W{first + number:05d}"))
        for number in range(scene.number(14, 30))
    ]
    scene.act_all(steps, via, 6, 70)


def office_worker(world: World, account: Account) -> bool:
    """Somebody who neither programs nor administers."""
    return anybody(world, account) and account.unit not in ("engineering", "it")


def short_visits(scene: Scene) -> None:
    """Stealthy: three visits of minutes, hours apart: a line, a Linux computer, an agent as nobody's in that office."""
    scene.later(0.3, 3, 9)
    agent = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"
    address, device = _strange_line(scene), scripted(agent, "Ubuntu")
    for _ in range(3):
        via = scene.intruder(address, device)
        scene.log_on(via)
        read_mail(scene, via, scene.number(2, 4))
        read_files(scene, via, scene.number(1, 3))
        scene.later(1, 2.5)


def taken_along(scene: Scene) -> None:
    """A browser on a stranger's Mac, at home nearby: no mail, but what the department has is searched and taken."""
    scene.later(0.5, 7)
    agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:147.0) Gecko/20100101 Firefox/147.0"
    via = scene.intruder(_strange_line(scene), scripted(agent, "macOS 12"))
    scene.log_on(via)
    for _ in range(scene.number(3, 5)):
        scene.act_all([sharepoint("SearchQueryPerformed")], via, 10, 60)
        files = files_in_a_row(scene, scene.number(5, 9))
        scene.act_all([sharepoint("FilePreviewed", wanted) for wanted in files[:3]], via, 5, 50)
        scene.act_all([sharepoint("FileDownloaded", wanted) for wanted in files], via, 2, 25)


def day_worker(world: World, account: Account) -> bool:
    """Somebody of the company who works by day."""
    return anybody(world, account) and isinstance(account, Person) and account.pattern == "regular"


def all_night(scene: Scene) -> None:
    """Stealthy: no logon: a token in a strange mail program, by another carrier: looks all night, and searches."""
    midnight = scene.time - scene.time % DAY + DAY - int(scene.city.longitude / 15 * HOUR)
    scene.time = max(scene.time, min(midnight + HOUR, scene.world.end - 7 * HOUR))
    device = scripted("Mozilla/5.0 (Linux; Android 11; moto g(9) play) K-9 Mail/6.804", "Android 11")
    via = scene.intruder(_strange_line(scene, mobile=True), device)
    for _ in range(scene.number(11, 14)):
        scene.act_all([READ_MAIL] * scene.number(1, 3), via, 2, 20)
        if scene.rng.random() < 0.4:  # noqa: PLR2004
            scene.act_all([search_mail(scene.rng), READ_MAIL], via, 5, 60)
        scene.wait(1_000, 2_000)


def two_devices(scene: Scene) -> None:
    """A stranger's tablet, then their old computer on the same line: mail, then chats, and what a search finds."""
    scene.later(0.5, 6)
    address = _strange_line(scene)
    agent = "Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile"
    tablet = scene.intruder(address, scripted(agent, "iPadOS 16"))
    scene.log_on(tablet)
    read_mail(scene, tablet, scene.number(3, 7))
    scene.wait(600, 2_400)
    agent = "Mozilla/5.0 (Windows NT 6.3; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0"
    computer = scene.intruder(address, scripted(agent, "Windows 8.1"))
    scene.log_on(computer)
    channels = [NativeObject("channel", f"{scene.victim.unit}-{number:02d}") for number in range(12)]
    chats = [m365(TEAMS, "ChatRetrieved", scene.rng.choice(channels)) for _ in range(scene.number(5, 10))]
    scene.act_all([*chats, sharepoint("SearchQueryPerformed")], computer, 8, 80)
    read_files(scene, computer, scene.number(4, 9))


def services_key(scene: Scene) -> None:
    """Stealthy: a service's key on a line at somebody's home, in another toolkit: only what the service does anyway.

    The line is in the country where the service runs.
    """
    scene.later(0.5, 3)
    country = scene.seen.address.location.country
    city = scene.rng.choice([office.city for office in OFFICES if office.city.country == country] or [scene.city])
    agent = "aws-sdk-js/3.758.0 ua/2.1 os/win32#10.0.22631 lang/js md/nodejs#22.14.0 api/s3#3.758.0"
    via = scene.intruder(home_proxy(scene.rng, city), scripted(agent, "Windows 11"))
    wanted = (Category.READ, Category.LIST, Category.DOWNLOAD)
    calls = scene.victim.calls if isinstance(scene.victim, Service) else ()
    looks = tuple(each for each in calls if each.category in wanted)
    steps = [habitual(scene.rng, looks) for _ in range(scene.number(18, 35))]
    scene.spread(steps, via, scene.number(40, 80) * MINUTE)


VARIANTS = (
    Variant("browser", anybody, browser),
    Variant("mail_client", anybody, mail_client),
    Variant("phone", anybody, phone),
    Variant("programming_interface", aws_person, programming_interface),
    Variant("customers", seller, customers),
    Variant("git_client", coder, git_client),
    Variant("sync_client", anybody, sync_client),
    Variant("books", bookkeeper, books),
    Variant("own_calls", aws_person, own_calls),
    Variant("console", aws_person, console),
    Variant("chat_client", anybody, chat_client),
    Variant("personnel", personnel_clerk, personnel),
    Variant("short_visits", office_worker, short_visits, hours=10),
    Variant("taken_along", anybody, taken_along, hours=9),
    Variant("all_night", day_worker, all_night, hours=34),
    Variant("two_devices", anybody, two_devices, hours=9, held_out=True),
    Variant("services_key", aws_service, services_key, hours=5, held_out=True, quiet=True),
)
