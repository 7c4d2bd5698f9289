"""Data is taken: far more is downloaded than the user ever downloads (T1530, T1213.002)."""

from __future__ import annotations

from activities.activity import Category
from simulator.apis import resource
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import FOLDER_SIZE
from simulator.hostile import VPNS, home_proxy, relay, server
from simulator.moves import files_in_a_row
from simulator.operations import NETSUITE, SALESFORCE, TEAMS, WORKDAY, aws, github, m365, named, other, sharepoint
from simulator.people import Person
from simulator.record import DAY, HOUR, MINUTE, SECOND, Account, NativeObject
from simulator.scene import Scene, anybody, aws_account, aws_person, bookkeeper, coder, contractor, seller
from simulator.services import Service
from simulator.world import World

_UNITS = ("engineering", "finance", "hr", "legal", "marketing", "sales")


def library(scene: Scene) -> None:
    """150 to 600 files of the own department in 20 to 50 minutes, in the session that the user is at work in."""
    scene.wait(5, 300)
    files = files_in_a_row(scene, scene.number(150, 600))
    scene.spread([sharepoint("FileDownloaded", file) for file in files], scene.own(), scene.number(20, 50) * MINUTE)


def slowly(scene: Scene) -> None:
    """Some 60 to 90 files an hour, through the afternoon: below what most limits see."""
    scene.wait(60, 600)
    hours = scene.number(4, 6)
    files = files_in_a_row(scene, hours * scene.number(60, 90))
    scene.spread([sharepoint("FileDownloaded", file) for file in files], scene.own(), hours * HOUR)


def synchronised(scene: Scene) -> None:
    """Another department's library is synchronised with the laptop: hundreds of files, in minutes."""
    scene.wait(30, 600)
    unit = scene.rng.choice([unit for unit in ("finance", "legal", "hr", "sales") if unit != scene.victim.unit])
    files = files_in_a_row(scene, scene.number(400, 1_100), unit)
    steps = [sharepoint("FileSyncDownloadedFull", file) for file in files]
    scene.spread(steps, scene.own(), scene.number(12, 40) * MINUTE)


def bucket(scene: Scene) -> None:
    """A bucket is copied with the command line: a list, then hundreds of large objects."""
    scene.wait(30, 300)
    via = scene.shell()
    scene.act_all([aws("s3", "ListBuckets"), aws("s3", "ListObjectsV2", *named("bucket", "acme-exports"))], via, 2, 20)
    objects = [
        NativeObject("object", f"acme-exports/2025/{number:06d}.parquet", scene.number(5, 400) * 1_000_000)
        for number in range(scene.number(300, 900))
    ]
    scene.spread([aws("s3", "GetObject", item) for item in objects], via, scene.number(10, 45) * MINUTE)


def repositories(scene: Scene) -> None:
    """All the repositories that can be seen are cloned, one after the other."""
    scene.wait(30, 300)
    numbers = scene.rng.sample(range(160), k=scene.number(70, 140))
    steps = [github("git.clone", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.spread(steps, scene.own(), scene.number(15, 50) * MINUTE)


def customers(scene: Scene) -> None:
    """The customer database is exported report by report: few downloads, but large ones."""
    _export(scene, SALESFORCE, "accounts-{:02d}", megabytes=(20, 180), reports=(25, 60), minutes=(20, 50))


def books(scene: Scene) -> None:
    """The company's books, report by report: dozens, each of many megabytes."""
    _export(scene, NETSUITE, "ledger-{:03d}", megabytes=(8, 90), reports=(40, 90), minutes=(25, 55))


def _export(
    scene: Scene, app: str, name: str, *, megabytes: tuple[int, int], reports: tuple[int, int], minutes: tuple[int, int]
) -> None:
    """Report after report, at the victim's own desk; each range is drawn from."""
    scene.wait(30, 600)
    found = [
        NativeObject("report", name.format(number), scene.number(*megabytes) * 1_000_000)
        for number in range(scene.number(*reports))
    ]
    steps = [other(app, "ReportExported", Category.DOWNLOAD, report) for report in found]
    scene.spread(steps, scene.own(), scene.number(*minutes) * MINUTE)


def contractor_collects(scene: Scene) -> None:
    """Stealthy: a contractor takes along a folder here and a folder there, of departments that aren't theirs."""
    scene.wait(30, 600)
    units = scene.rng.sample([unit for unit in _UNITS if unit != scene.victim.unit], k=4)
    steps = []
    for unit in units:
        files = files_in_a_row(scene, scene.number(30, 45), unit)
        steps += [sharepoint("FileDownloaded", file) for file in files]
    scene.spread(steps, scene.own(), scene.number(70, 105) * MINUTE)


def personnel(world: World, account: Account) -> bool:
    """Somebody who works with the records of staff."""
    return anybody(world, account) and isinstance(account, Person) and "staff" in account.work.items


def personnel_files(scene: Scene) -> None:
    """Personnel files, as scanned: of one worker after the other, by somebody whose work the records are."""
    scene.wait(30, 600)
    steps = [
        other(
            WORKDAY,
            "WorkerDocumentDownloaded",
            Category.DOWNLOAD,
            NativeObject("document", f"W{number:05d}/personnel-file.pdf", scene.number(200, 4_000) * 1_000),
        )
        for number in scene.rng.sample(range(900), k=scene.number(80, 200))
    ]
    scene.spread(steps, scene.own(), scene.number(40, 100) * MINUTE)


def rclone(scene: Scene) -> None:
    """Before a ransom is asked for: rclone on a rented server fetches the department's library (T1567.002)."""
    scene.later(0.5, 7)
    via = scene.intruder(server(scene.rng, scene.city), scripted("ISV|rclone.org|rclone/v1.68.2"))
    scene.log_on(via)
    scene.wait(20, 200)
    files = files_in_a_row(scene, scene.number(300, 1_000))
    scene.spread([sharepoint("FileDownloaded", file) for file in files], via, scene.number(15, 60) * MINUTE)


def document_app(world: World, account: Account) -> bool:
    """A third-party app that looks at a few documents an hour."""
    return isinstance(account, Service) and account.job == "documents"


def supplier(scene: Scene) -> None:
    """Stealthy: an app's maker was broken into: from its own address, by its own program, it fetches on and on."""
    scene.wait(300, 1_800)
    steps = []
    for unit in scene.rng.sample(_UNITS, k=scene.number(3, 4)):
        files = files_in_a_row(scene, scene.number(50, 90), unit)
        steps += [sharepoint("FileDownloaded", file) for file in files]
    scene.spread(steps, scene.own(), scene.number(3, 5) * HOUR)


def bulk_api(scene: Scene) -> None:
    """A seller let a caller's app in: behind a VPN, whole objects are exported, part by part (UNC6040, 2025)."""
    scene.later(0.5, 7)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scripted("Salesforce-Multi-Org-Fetcher/1.0"))
    scene.act(other(SALESFORCE, "Login", Category.LOGON), via)
    kinds = ("Account", "Contact", "Case", "Opportunity", "Lead", "User", "Task", "EmailMessage")
    for kind in scene.rng.sample(kinds, k=scene.number(4, 6)):
        scene.wait(10, 120)
        scene.act(other(SALESFORCE, "QueryExecuted", Category.READ, NativeObject("object", kind)), via)
        parts = [NativeObject("object", kind, scene.number(20, 95) * 1_000_000) for _ in range(scene.number(8, 24))]
        steps = [other(SALESFORCE, "BulkApiResultDownloaded", Category.DOWNLOAD, part) for part in parts]
        scene.act_all(steps, via, 2, 30)


def snapshot_blocks(scene: Scene) -> None:
    """Stealthy: from where the account always works, disks are read through snapshots, block by block (coldsnap)."""
    scene.wait(60, 900)
    via = scene.program("coldsnap/0.6.1 aws-sdk-rust/1.8.5")
    for number in scene.rng.sample(range(60), k=scene.number(2, 3)):
        name = resource("ec2.amazonaws.com", "snapshot", number).name
        scene.act_all([aws("ebs", "ListSnapshotBlocks", *named("snapshot", name))], via, 5, 60)
        blocks = [aws("ebs", "GetSnapshotBlock", NativeObject("snapshot", name, 524_288))] * scene.number(150, 400)
        scene.spread(blocks, via, scene.number(15, 30) * MINUTE)


def folder_by_folder(scene: Scene) -> None:
    """In an account that was taken over, on a home line: searches, then folders, the department's and another's."""
    scene.later(0.5, 6)
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = scene.intruder(home_proxy(scene.rng, scene.city, lines), scene.plain_browser())
    scene.log_on(via)
    units = [scene.victim.unit, *scene.rng.sample([unit for unit in _UNITS if unit != scene.victim.unit], k=2)]
    for unit in units * 2:
        scene.wait(20, 120)
        scene.act(
            sharepoint("SearchQueryPerformed", *named("query", scene.rng.choice(("contract", "nda", "price")))), via
        )
        files = files_in_a_row(scene, scene.number(30, 60), unit)
        scene.act_all([sharepoint("FileDownloaded", wanted) for wanted in files], via, 0.5, 8)


def recordings(scene: Scene) -> None:
    """Stealthy: at their desk, recordings of other teams' meetings are exported, one every few minutes: gigabytes."""
    scene.wait(60, 900)
    units = [unit for unit in _UNITS if unit != scene.victim.unit]
    made = [
        NativeObject("recording", f"{scene.rng.choice(units)}-{number:04d}.mp4", scene.number(180, 900) * 1_000_000)
        for number in scene.rng.sample(range(4_000), k=scene.number(40, 65))
    ]
    scene.spread([m365(TEAMS, "RecordingExported", one) for one in made], scene.own(), scene.number(150, 220) * MINUTE)


def synchronised_at_home(scene: Scene) -> None:
    """Before they leave: at home in the evening, a computer of their own synchronises the department's library."""
    victim = scene.victim
    if not isinstance(victim, Person):
        msg = f"expected a person, found {victim.key}"
        raise TypeError(msg)
    scene.later(5, 9, 3)
    home = victim.home((scene.time - scene.world.start) // DAY)
    agent = "Microsoft SkyDriveSync 25.184.0921.0004 ship; Windows NT 10.0 (22631)"
    via = scene.intruder(home, scripted(agent, "Windows 11"))
    scene.log_on(via)
    scene.wait(20, 200)
    files = files_in_a_row(scene, scene.number(350, 900))
    scene.spread([sharepoint("FileSyncDownloadedFull", wanted) for wanted in files], via, scene.number(20, 70) * MINUTE)


def migrations(scene: Scene) -> None:
    """Stealthy: at their desk, a programmer has GitHub pack up repositories, others' too, with history (T1213.003)."""
    scene.wait(60, 900)
    numbers = scene.rng.sample(range(160), k=scene.number(30, 45))
    steps = [github("migration.create", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.spread(steps, scene.own(), scene.number(120, 180) * MINUTE)


def zipped_folders(scene: Scene) -> None:
    """A phishing kit's cookie, on a rented server: folder after folder as an archive, sixty files in seconds."""
    scene.wait(300, 1_800)
    via = scene.replayed(server(scene.rng, scene.city), scene.plain_browser())
    files = files_in_a_row(scene, FOLDER_SIZE * scene.number(6, 11))
    for first in range(0, len(files), FOLDER_SIZE):
        folder = files[first : first + FOLDER_SIZE]
        scene.act(sharepoint("FilePreviewed", folder[0]), via)
        scene.wait(5, 60)
        scene.spread([sharepoint("FileDownloaded", wanted) for wanted in folder], via, scene.number(1, 4) * SECOND)
        scene.wait(40, 300)


def images_pulled(scene: Scene) -> None:
    """Stealthy: from where the account always works: images of one service after the other, with all their layers."""
    scene.wait(60, 900)
    steps = []
    for number in scene.rng.sample(range(60), k=scene.number(28, 42)):
        image = resource("ecr.amazonaws.com", "repository", number)
        steps.append(aws("ecr", "BatchGetImage", image))
        steps += [aws("ecr", "GetDownloadUrlForLayer", image)] * scene.number(4, 8)
    scene.spread(steps, scene.shell(), scene.number(130, 190) * MINUTE)


VARIANTS = (
    Variant("library", anybody, library),
    Variant("slowly", anybody, slowly, hours=7),
    Variant("synchronised", anybody, synchronised),
    Variant("bucket", aws_person, bucket),
    Variant("repositories", coder, repositories),
    Variant("customers", seller, customers),
    Variant("books", bookkeeper, books),
    Variant("contractor_collects", contractor, contractor_collects),
    Variant("personnel_files", personnel, personnel_files),
    Variant("rclone", anybody, rclone),
    Variant("supplier", document_app, supplier, hours=6),
    Variant("bulk_api", seller, bulk_api),
    Variant("snapshot_blocks", aws_account, snapshot_blocks),
    Variant("folder_by_folder", anybody, folder_by_folder),
    Variant("recordings", anybody, recordings, hours=5),
    Variant("synchronised_at_home", anybody, synchronised_at_home, hours=13),
    Variant("migrations", coder, migrations, hours=4),
    Variant("zipped_folders", anybody, zipped_folders, held_out=True),
    Variant("images_pulled", aws_account, images_pulled, hours=4, held_out=True, quiet=True),
)
