"""An account is taken over and used from a country where the tenant never was."""

from __future__ import annotations

from activities.activity import Category, UserType
from simulator.apis import habitual, resource
from simulator.attacks import Variant
from simulator.catalogue import consent, partner
from simulator.departments import DEPARTMENTS
from simulator.devices import copied, scripted
from simulator.habits import (
    CONSOLE_LOGON,
    DEVICE_ADDED,
    FACTOR_ADDED,
    FACTOR_REMOVED,
    HABITS,
    PASSWORD_CHANGE,
    SHARED_MAILBOXES,
    file,
)
from simulator.hostile import HOMES_AWAY, HOMES_FAR, HOSTS, PHONES_AWAY, PHONES_FAR, anywhere
from simulator.moves import INBOX, READ_MAIL, WHO_AM_I, files_in_a_row, read_files, read_mail, search_mail
from simulator.operations import (
    DEVICE_CODE,
    TEAMS,
    WORKDAY,
    WRONG_PASSWORD,
    aws,
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
from simulator.record import Account, NativeObject, NativeUser
from simulator.scene import Scene, anybody, aws_person, aws_service, coder
from simulator.services import Service
from simulator.streams import zipf
from simulator.world import World


def rented_server(scene: Scene) -> None:
    """A logon from a rented server and some reading, some hours after the owner was seen at work."""
    scene.later(0.5, 8)
    via = scene.intruder(anywhere(scene.rng, HOSTS))
    scene.log_on(via)
    read_mail(scene, via, scene.number(5, 12))


def home_line(scene: Scene) -> None:
    """From somebody's own home, with a browser like everybody's; files are read too."""
    scene.later(1, 9)
    via = scene.intruder(anywhere(scene.rng, HOMES_FAR), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(4, 9))
    read_files(scene, via, scene.number(3, 10))


def phone(scene: Scene) -> None:
    """A mail app on a phone abroad, which comes back twice to see what is new."""
    scene.later(0.5, 5, 4)
    device = scripted("Outlook-Android/2.0 (Android 13; Infinix X6833B)", "Android 13")
    via = scene.intruder(anywhere(scene.rng, PHONES_FAR), device)
    scene.log_on(via)
    for _ in range(3):
        read_mail(scene, via, scene.number(3, 6), 1, 20)
        scene.wait(600, 2_400)


def console(scene: Scene) -> None:
    """The AWS console: a logon, a look at what there is and what it costs."""
    scene.later(0.5, 8)
    via = scene.intruder(anywhere(scene.rng, HOMES_FAR), scene.plain_browser())
    scene.act(CONSOLE_LOGON, via)
    steps = [WHO_AM_I, *(aws("ec2", "DescribeRegions"), aws("s3", "ListBuckets"), aws("iam", "ListUsers"))]
    steps += [aws("ec2", "DescribeInstances"), aws("ce", "GetCostAndUsage")]
    steps += [aws("s3", "GetBucketPolicy", resource("s3.amazonaws.com", "bucket", scene.number(0, 11)))]
    scene.act_all(steps, via, 3, 60)


def source_code(scene: Scene) -> None:
    """A personal access token that leaked is used to fetch repositories."""
    scene.later(0.5, 8)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("git/2.43.0"))
    repositories = scene.rng.sample(range(80), k=scene.number(6, 15))
    steps = [github("git.clone", *named("repository", f"service-{number:02d}")) for number in repositories]
    scene.act_all(steps, via, 4, 50)


def device_code(scene: Scene) -> None:
    """A code that the victim was asked to type in: no browser, a device of the intruder's is added (Storm-2372)."""
    scene.wait(300, 3_000)
    device = scripted("Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045) PKeyAuth/1.0", "Windows 10")
    via = scene.intruder(anywhere(scene.rng, PHONES_AWAY), device)
    scene.log_on(via, DEVICE_CODE)
    scene.wait(10, 90)
    scene.act(DEVICE_ADDED, via)
    read_mail(scene, via, scene.number(6, 15), 2, 20)


def wages(scene: Scene) -> None:
    """Somebody's wages are sent to another bank account, from a home line abroad (payroll pirates, Storm-2657)."""
    scene.later(1, 9)
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scene.plain_browser())
    scene.log_on(via)
    worker = NativeObject("worker", f"W{scene.number(0, 899):05d}")
    looks = [other(WORKDAY, "WorkerViewed", Category.READ, worker)] * scene.number(2, 4)
    steps = [*looks, other(WORKDAY, "PaymentElectionEdited", Category.MODIFY, worker)]
    scene.act_all(steps, via, 15, 120)


def chats(scene: Scene) -> None:
    """From a home line abroad, colleagues get a chat with a link, one after the other, in the owner's name (T1534)."""
    scene.later(0.5, 8)
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scene.plain_browser())
    scene.log_on(via)
    scene.wait(10, 60)
    scene.act(m365(TEAMS, "TeamsSessionStarted"), via)
    for _ in range(scene.number(8, 22)):
        user = named("user", scene.colleague().user.id)
        scene.act_all([m365(TEAMS, "ChatCreated", *user), m365(TEAMS, "MessageCreatedHasLink", *user)], via, 2, 40)
        scene.wait(5, 90)


def models(scene: Scene) -> None:
    """A workload's key, abroad: language models are asked, again and again, at the company's expense (LLMjacking)."""
    scene.later(0.2, 5)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("Boto3/1.35.36 md/Botocore#1.35.36"))
    model = named("model", "anthropic.claude-3-5-sonnet-20241022-v2:0")
    looks = [WHO_AM_I, aws("bedrock", "GetModelInvocationLoggingConfiguration", region="us-east-1")]
    asked = [aws("bedrock", "InvokeModel", *model, region="us-east-1")] * scene.number(20, 60)
    scene.act_all([*looks, *asked], via, 2, 60)


def locked_out(scene: Scene) -> None:
    """On a phone abroad: a factor is added, the owner's goes, the password changes; then the mailbox (T1531)."""
    scene.later(1, 8)
    agent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile"
    via = scene.intruder(anywhere(scene.rng, PHONES_AWAY), scripted(agent, "Android 10"))
    scene.log_on(via)
    scene.act_all([FACTOR_ADDED, FACTOR_REMOVED, PASSWORD_CHANGE], via, 20, 150)
    read_mail(scene, via, scene.number(6, 15), 5, 60)


def shipped_laptop(scene: Scene) -> None:
    """Stealthy: after work, a programmer's own laptop does its work on a home line abroad (US v. Chapman, 2024)."""
    victim = scene.victim
    if not isinstance(victim, Person):
        msg = f"expected a person, found {victim.key}"
        raise TypeError(msg)
    scene.later(9, 13, 4)
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scene.seen.device)
    scene.log_on(via)
    for _ in range(scene.number(3, 4)):
        steps = [HABITS["code"].step(scene.rng, victim) for _ in range(scene.number(3, 7))]
        steps += [HABITS["chat"].step(scene.rng, victim) for _ in range(scene.number(1, 3))]
        scene.act_all(steps, via, 20, 150)
        scene.wait(400, 1_200)


def invoices(scene: Scene) -> None:
    """From a home line abroad: invoices are looked for, a rule hides the answers, then mail goes out (T1534)."""
    scene.later(0.5, 7, 3)
    via = scene.intruder(anywhere(scene.rng, HOMES_FAR), scene.plain_browser())
    scene.log_on(via)
    scene.act_all([search_mail(scene.rng) for _ in range(scene.number(3, 5))], via, 10, 90)
    read_mail(scene, via, scene.number(5, 10))
    scene.wait(30, 200)
    rule = settings(MoveToFolder="RSS Feeds", MarkAsRead="True", Name="...", From=partner(scene.number(0, 20)))
    scene.act(exchange("New-InboxRule", *rule), via)
    for _ in range(scene.number(3, 6)):
        scene.act_all([exchange("Send", *named("folder", "Sent Items")), READ_MAIL], via, 60, 400)


def cookie(scene: Scene) -> None:
    """Stealthy: no logon: after work, the owner's session and browser, on phones abroad: some mail, chats, files."""
    scene.later(4, 9, 4)
    device = copied(scene.seen.device)
    for _ in range(scene.number(2, 3)):
        via = scene.replayed(anywhere(scene.rng, PHONES_AWAY), device)
        read_mail(scene, via, scene.number(3, 4), 10, 60)
        channel = NativeObject("channel", f"{scene.victim.unit}-{scene.number(0, 5):02d}")
        scene.act_all([m365(TEAMS, "ChatRetrieved", channel)] * 2, via, 10, 90)
        read_files(scene, via, scene.number(1, 3))
        scene.wait(1_200, 2_700)


def document_hunt(scene: Scene) -> None:
    """A bought password, not the first, on a server abroad: searches, then what they find is downloaded (T1213.002)."""
    scene.later(0.5, 8)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scene.plain_browser())
    scene.act_all([logon(WRONG_PASSWORD)] * scene.number(1, 3), via._replace(session=""), 8, 60)
    scene.wait(10, 60)
    scene.log_on(via)
    for words in scene.rng.sample(("password", "passport", "contract", "salary", "vpn", "bank", "network"), k=4):
        scene.wait(10, 90)
        scene.act(sharepoint("SearchQueryPerformed", *named("query", words)), via)
        read_files(scene, via, scene.number(1, 3))
        files = files_in_a_row(scene, scene.number(4, 10))
        scene.act_all([sharepoint("FileDownloaded", wanted) for wanted in files], via, 3, 40)


def same_calls(scene: Scene) -> None:
    """Stealthy: an administrator's key, on a home line abroad, by the same program: their own calls, then keys."""
    victim = scene.victim
    if not isinstance(victim, Person):
        msg = f"expected a person, found {victim.key}"
        raise TypeError(msg)
    scene.later(3, 8, 4)
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), copied(scene.shell().device))
    looks = tuple(call for call in victim.calls if call.action.startswith(("Describe", "List", "Get")))
    calls = looks or victim.calls
    for _ in range(scene.number(3, 4)):
        scene.act_all([habitual(scene.rng, calls) for _ in range(scene.number(3, 6))], via, 5, 60)
        scene.wait(600, 1_800)
    scene.act_all([WHO_AM_I, aws("iam", "ListAccessKeys"), aws("iam", "GetUser")], via, 5, 60)


def consented_app(scene: Scene) -> None:
    """From a home line abroad, an app that copies mailboxes is let in; on a server elsewhere, it does (PerfectData)."""
    scene.later(0.5, 7, 3)
    via = scene.intruder(anywhere(scene.rng, HOMES_FAR), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(2, 5))
    scene.wait(20, 200)
    scene.act_all(consent("PERFECTDATA SOFTWARE", "EWS.AccessAsUser.All offline_access"), via, 0.3, 5)
    scene.wait(120, 900)
    app = scene.intruder(anywhere(scene.rng, HOSTS), scripted("ExchangeServicesClient/15.00.0913.015"))
    for name in ("Inbox", "Sent Items", "Archive"):
        scene.act_all([exchange("MailItemsAccessed", *named("folder", name))] * scene.number(25, 60), app, 0.5, 6)


def outside_app(world: World, account: Account) -> bool:
    """A third-party app that looks at documents, or works in shared mailboxes."""
    return isinstance(account, Service) and account.job in ("calendar", "documents")


def supplier_abroad(scene: Scene) -> None:
    """Stealthy: an app's leaked token, on a server abroad, its program copied: a little of what it always reads."""
    service = scene.victim
    mail = isinstance(service, Service) and service.job == "calendar"
    scene.later(0.2, 4, 4)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scene.seen.device)
    for _ in range(scene.number(3, 4)):
        units = [DEPARTMENTS[zipf(scene.rng, 4)].name for _ in range(6)]
        steps = [sharepoint("FileAccessed", file(unit, zipf(scene.rng, 120))) for unit in units]
        if mail:
            names = (scene.rng.choice(SHARED_MAILBOXES[:3]) for _ in range(6))
            boxes = [NativeUser(f"{name}@{scene.domain}", name, UserType.PERSON) for name in names]
            steps = [exchange("MailItemsAccessed", *INBOX, owner=box) for box in boxes]
        scene.act_all(steps[: scene.number(3, 6)], via, 5, 90)
        scene.wait(900, 2_400)


VARIANTS = (
    Variant("rented_server", anybody, rented_server),
    Variant("home_line", anybody, home_line),
    Variant("phone", anybody, phone, hours=4),
    Variant("console", aws_person, console),
    Variant("source_code", coder, source_code),
    Variant("device_code", anybody, device_code),
    Variant("wages", anybody, wages),
    Variant("chats", anybody, chats),
    Variant("models", aws_service, models),
    Variant("locked_out", anybody, locked_out),
    Variant("shipped_laptop", coder, shipped_laptop, hours=18),
    Variant("invoices", anybody, invoices, hours=3),
    Variant("cookie", anybody, cookie, hours=13),
    Variant("document_hunt", anybody, document_hunt),
    Variant("same_calls", aws_person, same_calls, hours=12),
    Variant("consented_app", anybody, consented_app, hours=3, held_out=True),
    Variant("supplier_abroad", outside_app, supplier_abroad, hours=6, held_out=True, quiet=True),
)
