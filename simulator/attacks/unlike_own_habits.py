"""Somebody else at the keyboard, or the same person with other aims: each step is harmless, the manner isn't (T1078).

All of it is done at the victim's desk: the same address, device and session as what the victim does themselves.
"""

from __future__ import annotations

from activities.activity import Category
from simulator.attacks import Variant
from simulator.departments import DEPARTMENTS
from simulator.habits import LIBRARY_SIZE, file
from simulator.moves import search_mail
from simulator.operations import NETSUITE, SALESFORCE, TEAMS, WORKDAY, exchange, github, m365, named, other, sharepoint
from simulator.people import Person
from simulator.record import DAY, HOUR, MINUTE, Account, NativeObject, Step
from simulator.scene import Scene, anybody, bookkeeper, coder, seller
from simulator.streams import Weighted
from simulator.world import World

_FOLDERS = ("Inbox", "Sent Items", "Archive", "Drafts", "Deleted Items")


def regular(world: World, account: Account) -> bool:
    """Somebody who works by day and is never called at night."""
    return (
        anybody(world, account) and isinstance(account, Person) and account.pattern == "regular" and not account.on_call
    )


def _other_unit(scene: Scene) -> str:
    return scene.rng.choice([each.name for each in DEPARTMENTS if each.name != scene.victim.unit])


def unlocked_laptop(scene: Scene) -> None:
    """A colleague at an unlocked laptop: searches, and mail, chats and files all over, for an hour and a half."""
    scene.wait(30, 300)
    kinds: Weighted[str] = Weighted(("search", "mail", "chat", "files", "find"), (25, 25, 20, 20, 10))
    steps: list[Step] = []
    for _ in range(scene.number(110, 180)):
        kind = kinds.draw(scene.rng)
        if kind == "search":
            steps.append(search_mail(scene.rng))
        elif kind == "mail":
            steps.append(exchange("MailItemsAccessed", *named("folder", scene.rng.choice(_FOLDERS))))
        elif kind == "chat":
            channel = NativeObject("channel", f"{_other_unit(scene)}-{scene.number(0, 11):02d}")
            steps.append(m365(TEAMS, "ChatRetrieved", channel))
        elif kind == "find":
            steps.append(sharepoint("SearchQueryPerformed"))
        else:
            steps.append(sharepoint("FileAccessed", file(scene.victim.unit, scene.rng.randrange(LIBRARY_SIZE))))
    scene.act_all(steps, scene.own(), 8, 60)


def curious(scene: Scene) -> None:
    """An employee opens one file of another department after the other, folder by folder, all afternoon."""
    scene.wait(60, 600)
    unit = _other_unit(scene)
    first = scene.rng.randrange(LIBRARY_SIZE)
    files = [file(unit, (first + number) % LIBRARY_SIZE) for number in range(scene.number(110, 190))]
    steps = [sharepoint("FileAccessed", wanted) for wanted in files]
    for number in range(12, len(steps), 17):
        steps[number] = sharepoint("SearchQueryPerformed")
    scene.spread(steps, scene.own(), scene.number(2, 4) * HOUR)


def records(scene: Scene) -> None:
    """Somebody who has no business there walks through the records of customers and of staff."""
    scene.wait(60, 600)
    first = scene.number(0, 19_000)
    steps: list[Step] = []
    for number in range(scene.number(100, 170)):
        if number % 3 == 2:  # noqa: PLR2004
            steps.append(other(WORKDAY, "WorkerViewed", Category.READ, NativeObject("worker", f"W{number:05d}")))
        else:
            steps.append(
                other(SALESFORCE, "RecordViewed", Category.READ, NativeObject("account", f"001A{first + number:05d}"))
            )
    scene.spread(steps, scene.own(), scene.number(1, 3) * HOUR)


def repositories(scene: Scene) -> None:
    """A programmer reads repositories that they never worked on: issues, reviews and fetches, in turn."""
    scene.wait(60, 600)
    steps: list[Step] = []
    for number in scene.rng.sample(range(80, 160), k=scene.number(25, 45)):
        repository = named("repository", f"service-{number:02d}")
        steps += [github("git.fetch", *repository), github("issue_comment.create", *repository)]
        steps += [github("pull_request_review.submit", *repository)] * scene.number(1, 2)
    scene.act_all(steps, scene.own(), 20, 90)


def strange_order(scene: Scene) -> None:
    """What was sent is gone through: for whom, what was written, in which meetings they were, over and over."""
    scene.wait(60, 600)
    people = [scene.colleague().user.id for _ in range(12)]
    steps: list[Step] = []
    for _ in range(scene.number(30, 45)):
        steps.append(exchange("SearchQueryPerformed", *named("query", scene.rng.choice(people))))
        steps.append(exchange("MailItemsAccessed", *named("folder", "Sent Items")))
        meeting = NativeObject("channel", f"{_other_unit(scene)}-00")
        steps += [m365(TEAMS, "MeetingParticipantDetail", meeting)] * scene.number(1, 2)
    scene.act_all(steps, scene.own(), 15, 90)


def previews(scene: Scene) -> None:
    """Stealthy: nothing is opened: pages, lists and previews of another department's site, for two or three hours."""
    scene.wait(60, 600)
    unit = _other_unit(scene)
    kinds: Weighted[str] = Weighted(
        ("FilePreviewed", "FileVersionsViewed", "ListViewed", "PageViewed"), (55, 10, 20, 15)
    )
    steps: list[Step] = []
    for _ in range(scene.number(100, 170)):
        kind = kinds.draw(scene.rng)
        seen = (file(unit, scene.rng.randrange(LIBRARY_SIZE)),) if kind.startswith("File") else ()
        steps.append(sharepoint(kind, *seen))
    scene.spread(steps, scene.own(), scene.number(2, 3) * HOUR)


def meetings(scene: Scene) -> None:
    """Who met whom, and what was written there: another department's meetings and chats, one by one."""
    scene.wait(60, 600)
    unit = _other_unit(scene)
    steps: list[Step] = []
    for number in range(11, -1, -1):
        channel = NativeObject("channel", f"{unit}-{number:02d}")
        for action in ("MeetingParticipantDetail", "ChatRetrieved", "MessageHostedContentRead"):
            steps += [m365(TEAMS, action, channel)] * scene.number(2, 5)
    scene.act_all(steps, scene.own(), 12, 80)


def copies(scene: Scene) -> None:
    """Before they leave, nothing is downloaded: one file after the other is opened and copied to the own folder."""
    scene.wait(60, 600)
    steps: list[Step] = []
    for number in scene.rng.sample(range(LIBRARY_SIZE), k=scene.number(45, 75)):
        wanted = file(scene.victim.unit or "finance", number)
        steps += [sharepoint("FileAccessed", wanted), sharepoint("FileCopied", wanted)]
    scene.act_all(steps, scene.own(), 8, 80)


def at_night(scene: Scene) -> None:
    """A laptop that was left on is steered from afar, at night: searches and the files that they find (T1219)."""
    midnight = scene.time - scene.time % DAY + DAY - int(scene.city.longitude / 15 * HOUR)
    scene.time = max(scene.time, min(midnight + scene.number(1, 2) * HOUR, scene.world.end - 3 * HOUR))
    steps: list[Step] = []
    for _ in range(scene.number(22, 34)):
        steps += [sharepoint("SearchQueryPerformed"), search_mail(scene.rng)]
        found = scene.rng.sample(range(LIBRARY_SIZE), k=scene.number(1, 3))
        steps += [sharepoint("FileAccessed", file(scene.victim.unit, number)) for number in found]
        steps.append(exchange("MailItemsAccessed", *named("folder", scene.rng.choice(_FOLDERS))))
    scene.act_all(steps, scene.own(), 15, 75)


def extension(scene: Scene) -> None:
    """Stealthy: a browser's extension goes through what is the user's own: a step every 20 s (Cyberhaven, 2024)."""
    scene.wait(60, 600)
    unit = scene.victim.unit
    first = scene.rng.randrange(LIBRARY_SIZE)
    steps: list[Step] = []
    for number in range(scene.number(80, 110)):
        steps.append(exchange("MailItemsAccessed", *named("folder", _FOLDERS[number // 12 % len(_FOLDERS)])))
        steps.append(m365(TEAMS, "ChatRetrieved", NativeObject("channel", f"{unit}-{number % 12:02d}")))
        steps.append(sharepoint("FileAccessed", file(unit, (first + number) % LIBRARY_SIZE)))
    scene.act_all(steps, scene.own(), 18, 22)


def others_customers(scene: Scene) -> None:
    """A seller with another offer goes through the customers of their colleagues, one by one, and what they bought."""
    scene.wait(60, 600)
    first = scene.number(0, 19_000)
    steps: list[Step] = []
    for number in range(scene.number(90, 150)):
        customer = NativeObject("account", f"001A{first + number:05d}")
        steps.append(other(SALESFORCE, "RecordViewed", Category.READ, customer))
        if number % 4 == 0:
            steps.append(other(SALESFORCE, "RelatedListViewed", Category.READ, customer))
        if number % 15 == 14:  # noqa: PLR2004
            steps.append(other(SALESFORCE, "ReportRun", Category.READ, NativeObject("report", f"by-owner-{number}")))
    scene.spread(steps, scene.own(), scene.number(1, 3) * HOUR)


def assistant(scene: Scene) -> None:
    """Stealthy: nothing is searched for: an assistant is asked over and over, and what it found is opened (Copilot)."""
    scene.wait(60, 600)
    steps: list[Step] = []
    for _ in range(scene.number(40, 65)):
        steps += [m365(TEAMS, "CopilotInteraction")] * scene.number(1, 2)
        unit = _other_unit(scene)
        found = scene.rng.sample(range(LIBRARY_SIZE), k=scene.number(1, 3))
        steps += [sharepoint("FileAccessed", file(unit, number)) for number in found]
        steps.append(m365(TEAMS, "MessageHostedContentRead", NativeObject("channel", f"{unit}-00")))
    scene.act_all(steps, scene.own(), 15, 80)


def sent_home(scene: Scene) -> None:
    """Before they leave: nothing is downloaded or shared: file after file is opened and mailed, an hour and more."""
    scene.wait(60, 600)
    steps: list[Step] = []
    for number in scene.rng.sample(range(LIBRARY_SIZE), k=scene.number(45, 75)):
        steps.append(sharepoint("FileAccessed", file(scene.victim.unit or "finance", number)))
        steps.append(exchange("Send", *named("folder", "Sent Items")))
        if number % 4 == 0:
            steps.append(exchange("MoveToDeletedItems", *named("folder", "Sent Items")))
    scene.act_all(steps, scene.own(), 12, 75)


def payees(scene: Scene) -> None:
    """Stealthy: at their own desk and pace, a bookkeeper gives suppliers other bank accounts, and pays them (ACFE)."""
    scene.wait(60, 600)
    steps: list[Step] = []
    for number in scene.rng.sample(range(400), k=scene.number(18, 28)):
        vendor = NativeObject("vendor", f"V-{number:04d}")
        steps += [
            other(NETSUITE, "VendorViewed", Category.READ, vendor),
            other(NETSUITE, "VendorBankDetailsEdited", Category.MODIFY, vendor),
            other(NETSUITE, "VendorPaymentCreated", Category.CREATE, vendor),
        ]
    scene.spread(steps, scene.own(), scene.number(100, 170) * MINUTE)


def personnel_clerk(world: World, account: Account) -> bool:
    """Somebody who works with the records of staff."""
    return anybody(world, account) and isinstance(account, Person) and "staff" in account.work.items


def everyones_pay(scene: Scene) -> None:
    """A clerk of personnel looks up, worker by worker, what everybody earns, for somebody outside who pays for it."""
    scene.wait(60, 600)
    first = scene.number(0, 700)
    steps: list[Step] = []
    for number in range(scene.number(80, 130)):
        worker = NativeObject("worker", f"W{first + number:05d}")
        steps.append(other(WORKDAY, "WorkerViewed", Category.READ, worker))
        steps.append(other(WORKDAY, "CompensationViewed", Category.READ, worker))
        if number % 25 == 24:  # noqa: PLR2004
            steps.append(other(WORKDAY, "ReportExported", Category.DOWNLOAD, NativeObject("report", "compensation")))
    scene.spread(steps, scene.own(), scene.number(80, 160) * MINUTE)


def altered(scene: Scene) -> None:
    """Stealthy: at their own pace, colleagues' files in a row are opened, changed, what they were removed (T1565.001).

    Nothing is taken or shared, and no file is gone.
    """
    scene.wait(60, 600)
    first = scene.rng.randrange(LIBRARY_SIZE)
    steps: list[Step] = []
    for number in range(scene.number(35, 55)):
        wanted = file(scene.victim.unit or "finance", (first + number) % LIBRARY_SIZE)
        steps += [sharepoint(action, wanted) for action in ("FileAccessed", "FileModified", "FileVersionsAllRecycled")]
    scene.act_all(steps, scene.own(), 15, 80)


def before_results(scene: Scene) -> None:
    """Before results are out, somebody goes through the books entry by entry, and what is written of them, to trade."""
    scene.wait(60, 600)
    first = scene.number(0, 8_500)
    steps: list[Step] = []
    for number in range(scene.number(90, 140)):
        entry = NativeObject("record", f"TX-{first + number:05d}")
        steps.append(other(NETSUITE, "TransactionViewed", Category.READ, entry))
        if number % 8 == 7:  # noqa: PLR2004
            report = NativeObject("report", f"consolidated-{number:03d}")
            steps.append(other(NETSUITE, "ReportRun", Category.READ, report))
        if number % 15 == 14:  # noqa: PLR2004
            found = file("executive", scene.rng.randrange(LIBRARY_SIZE))
            steps += [sharepoint("SearchQueryPerformed"), sharepoint("FileAccessed", found)]
    scene.spread(steps, scene.own(), scene.number(90, 170) * MINUTE)


def drafts(scene: Scene) -> None:
    """Stealthy: nothing is sent or shared: file after file is opened and put into a draft, to be read elsewhere."""
    scene.wait(60, 600)
    draft = named("folder", "Drafts")
    steps: list[Step] = []
    for number in scene.rng.sample(range(LIBRARY_SIZE), k=scene.number(35, 50)):
        steps.append(sharepoint("FileAccessed", file(scene.victim.unit or "finance", number)))
        steps += [exchange(action, *draft) for action in ("Create", "Update")]
    scene.act_all(steps, scene.own(), 15, 70)


VARIANTS = (
    Variant("unlocked_laptop", anybody, unlocked_laptop, hours=4),
    Variant("curious", anybody, curious, hours=5),
    Variant("records", anybody, records, hours=4),
    Variant("repositories", coder, repositories, hours=4),
    Variant("strange_order", anybody, strange_order, hours=5),
    Variant("previews", anybody, previews, hours=4),
    Variant("meetings", anybody, meetings, hours=4),
    Variant("copies", anybody, copies, hours=4),
    Variant("at_night", regular, at_night, hours=26),
    Variant("extension", anybody, extension, hours=4),
    Variant("others_customers", seller, others_customers, hours=4),
    Variant("assistant", anybody, assistant, hours=5),
    Variant("sent_home", anybody, sent_home, hours=4),
    Variant("payees", bookkeeper, payees, hours=4),
    Variant("everyones_pay", personnel_clerk, everyones_pay, hours=4),
    Variant("altered", anybody, altered, hours=4),
    Variant("before_results", bookkeeper, before_results, hours=4, held_out=True),
    Variant("drafts", anybody, drafts, hours=4, held_out=True, quiet=True),
)
