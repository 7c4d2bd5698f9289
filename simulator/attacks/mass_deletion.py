"""Much is deleted or made unreadable at once (T1485, T1486)."""

from __future__ import annotations

from msgspec.structs import replace

from activities.activity import Category
from simulator.attacks import Variant
from simulator.attacks.anonymous_address import without_vpn
from simulator.attacks.inbox_rule import on_windows
from simulator.devices import scripted
from simulator.habits import FOLDER_SIZE
from simulator.hostile import VPNS, home_proxy, relay, server
from simulator.moves import WHO_AM_I, files_in_a_row
from simulator.operations import NETSUITE, SALESFORCE, TEAMS, aws, github, m365, named, other, sharepoint
from simulator.record import HOUR, MINUTE, NativeObject, Step
from simulator.scene import Scene, anybody, aws_account, aws_person, bookkeeper, coder, directory_admin, seller

_ENDING = ".lockbit"


def wiped(scene: Scene) -> None:
    """A library is deleted, then the recycle bin emptied, so that nothing comes back."""
    scene.wait(30, 600)
    files = files_in_a_row(scene, scene.number(150, 500))
    scene.spread([sharepoint("FileRecycled", file) for file in files], scene.own(), scene.number(5, 25) * MINUTE)
    scene.wait(30, 200)
    emptied = [sharepoint("FileDeletedFirstStageRecycleBin", file) for file in files]
    scene.spread(emptied, scene.own(), scene.number(3, 15) * MINUTE)


def _encrypted(file: NativeObject) -> list[Step]:
    """A file's content is replaced, then its name."""
    return [sharepoint("FileModified", file), sharepoint("FileRenamed", replace(file, name=file.name + _ENDING))]


def ransomware(scene: Scene) -> None:
    """An infected laptop's synchronised files are encrypted and renamed, a note is left in each folder."""
    scene.wait(30, 600)
    files = files_in_a_row(scene, scene.number(200, 500))
    steps: list[Step] = []
    for number, file in enumerate(files):
        steps += _encrypted(file)
        if number % 60 == 0:
            folder = file.name.rpartition("/")[0]
            steps.append(sharepoint("FileUploaded", NativeObject("file", f"{folder}/HOW_TO_RESTORE.txt", 1_742)))
    scene.spread(steps, scene.own(), scene.number(10, 40) * MINUTE)


def bit_by_bit(scene: Scene) -> None:
    """Stealthy: somebody who is angry deletes 30 to 50 files an hour, through the afternoon."""
    scene.wait(60, 600)
    hours = scene.number(4, 6)
    files = files_in_a_row(scene, hours * scene.number(30, 50))
    scene.spread([sharepoint("FileRecycled", file) for file in files], scene.own(), hours * HOUR)


def bucket(scene: Scene) -> None:
    """With stolen keys, versioning of a bucket is suspended and all of its objects are deleted."""
    scene.wait(120, 1_200)
    via = scene.intruder(server(scene.rng, scene.city))
    store = named("bucket", "acme-s3-data-2")
    steps = [
        WHO_AM_I,
        aws("s3", "ListBuckets"),
        aws("s3", "PutBucketVersioning", *store),
        aws("s3", "ListObjectVersions", *store),
    ]
    scene.act_all(steps, via, 3, 40)
    objects = [
        NativeObject("object", f"acme-s3-data-2/part-{number:05d}.parquet") for number in range(scene.number(150, 600))
    ]
    scene.spread([aws("s3", "DeleteObject", item) for item in objects], via, scene.number(4, 30) * MINUTE)


def repositories(scene: Scene) -> None:
    """Repositories are deleted, with what protected them."""
    scene.wait(30, 600)
    numbers = scene.rng.sample(range(80), k=scene.number(15, 50))
    steps = []
    for number in numbers:
        repository = named("repository", f"service-{number:02d}")
        steps += [github("protected_branch.destroy", *repository), github("repo.destroy", *repository)]
    scene.spread(steps, scene.own(), scene.number(5, 30) * MINUTE)


def customers(scene: Scene) -> None:
    """A seller deletes customers' records before they leave, page by page."""
    scene.wait(30, 600)
    first = scene.number(0, 19_000)
    steps = [
        other(SALESFORCE, "RecordDeleted", Category.DELETE, NativeObject("account", f"001A{first + number:05d}"))
        for number in range(scene.number(60, 220))
    ]
    scene.spread(steps, scene.own(), scene.number(8, 40) * MINUTE)


def extortion(scene: Scene) -> None:
    """Behind a VPN, an administrator owns every site, deletes its files and leaves notes (as 0mega did, 2023)."""
    scene.later(0.5, 6)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    me = named("user", scene.victim.user.id)
    for unit in scene.rng.sample(("finance", "legal", "hr", "sales", "marketing"), k=scene.number(2, 4)):
        scene.wait(10, 90)
        scene.act(sharepoint("SiteCollectionAdminAdded", *named("site", f"sites/{unit}"), *me), via)
        files = files_in_a_row(scene, scene.number(60, 140), unit)
        scene.act_all([sharepoint("FileRecycled", wanted) for wanted in files], via, 0.3, 4)
        notes = [NativeObject("file", f"sites/{unit}/PREVENT-LEAKAGE-{n:02d}.txt", 2_310) for n in range(8)]
        scene.act_all([sharepoint("FileUploaded", note) for note in notes], via, 0.3, 3)


def messages(scene: Scene) -> None:
    """Somebody who is about to be asked deletes what they wrote: message after message, in all of the team's chats."""
    scene.wait(30, 600)
    unit = scene.victim.unit or "finance"
    steps: list[Step] = []
    for number in scene.rng.sample(range(12), k=scene.number(4, 8)):
        channel = NativeObject("channel", f"{unit}-{number:02d}")
        steps += [m365(TEAMS, "MessageDeleted", channel)] * scene.number(18, 40)
    scene.spread(steps, scene.own(), scene.number(35, 90) * MINUTE)


def sealed_objects(scene: Scene) -> None:
    """With a leaked key: objects are written over with themselves, under a key only they have (Codefinger, 2025)."""
    scene.wait(300, 2_400)
    via = scene.intruder(server(scene.rng, scene.city), scripted("Boto3/1.35.92 md/Botocore#1.35.92"))
    name = f"acme-s3-data-{scene.number(0, 11)}"
    bucket = named("bucket", name)
    scene.act_all([aws("s3", "ListBuckets"), aws("s3", "ListObjectsV2", *bucket)], via, 3, 40)
    count = scene.number(180, 600)
    objects = [NativeObject("object", f"{name}/part-{number:05d}.parquet", 9_000_000) for number in range(count)]
    scene.spread([aws("s3", "CopyObject", item) for item in objects], via, scene.number(6, 35) * MINUTE)
    end = [aws("s3", "PutBucketLifecycleConfiguration", *bucket)]
    end += [aws("s3", "PutObject", NativeObject("object", f"{name}/RESTORE-YOUR-FILES.txt", 1_906))]
    scene.act_all(end, via, 5, 60)


def by_folder(scene: Scene) -> None:
    """Stealthy: somebody under notice deletes whole folders, also in the bin: few records, thousands of files."""
    scene.wait(30, 600)
    files = files_in_a_row(scene, FOLDER_SIZE * scene.number(25, 42))
    folders = named("folder", *dict.fromkeys(item.name.rpartition("/")[0] for item in files))
    recycled = [sharepoint("FolderRecycled", folder) for folder in folders]
    scene.spread(recycled, scene.own(), scene.number(8, 40) * MINUTE)
    scene.wait(60, 400)
    emptied = [sharepoint("FolderDeletedFirstStageRecycleBin", folder) for folder in folders]
    scene.spread(emptied, scene.own(), scene.number(1, 6) * MINUTE)


def buckets_emptied(scene: Scene) -> None:
    """With a leaked key and a program for Windows: bucket after bucket, a thousand objects a call (GUI-vil)."""
    scene.wait(300, 1_800)
    via = scene.intruder(
        server(scene.rng, scene.city), scripted("S3 Browser/11.6.7 (https://s3browser.com)", "Windows")
    )
    scene.act_all([aws("s3", "ListBuckets")], via, 2, 20)
    for number in scene.rng.sample(range(12), k=scene.number(5, 8)):
        store = named("bucket", f"acme-s3-data-{number}")
        scene.act_all([aws("s3", "ListObjectVersions", *store)], via, 3, 40)
        scene.act_all([aws("s3", "DeleteObjects", *store)] * scene.number(18, 45), via, 0.4, 5)
        scene.act_all([aws("s3", "DeleteBucket", *store)], via, 1, 10)
    note = NativeObject("object", "acme-s3-data-restore/README.txt", 1_204)
    made = aws("s3", "CreateBucket", *named("bucket", "acme-s3-data-restore"))
    scene.act_all([made, aws("s3", "PutObject", note)], via, 10, 90)


def one_version(scene: Scene) -> None:
    """Stealthy: in the owner's session, on a line nearby: one version is kept; files are sealed (Proofpoint, 2022)."""
    scene.wait(300, 1_800)
    lines = frozenset(event.address.location.isp for event in scene.world.life(scene.victim))
    via = scene.replayed(home_proxy(scene.rng, scene.city, lines))
    scene.act(sharepoint("ListUpdated", *named("list", f"sites/{scene.victim.unit}/Shared Documents")), via)
    steps: list[Step] = []
    for wanted in files_in_a_row(scene, scene.number(90, 170)):
        # Twice each, so that the one version that is kept is unreadable, too.
        steps += [sharepoint("FileModified", wanted)] * 2
    scene.wait(60, 400)
    scene.spread(steps, via, scene.number(80, 140) * MINUTE)


def taken_and_deleted(scene: Scene) -> None:
    """Somebody's account, behind a VPN: files are downloaded, then deleted, also in the bin; a note is left."""
    scene.later(0.5, 5, 3)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    scene.wait(30, 200)
    files = files_in_a_row(scene, scene.number(120, 300))
    for action, minutes in (("FileDownloaded", 30), ("FileRecycled", 15), ("FileDeletedFirstStageRecycleBin", 10)):
        scene.spread(
            [sharepoint(action, wanted) for wanted in files], via, scene.number(minutes // 2, minutes) * MINUTE
        )
        scene.wait(20, 200)
    note = NativeObject("file", f"sites/{scene.victim.unit}/READ_ME_TO_RESTORE.txt", 1_911)
    scene.act(sharepoint("FileUploaded", note), via)


def transactions(scene: Scene) -> None:
    """Stealthy: before the auditors come, a bookkeeper deletes from the books what they took, all afternoon."""
    scene.wait(60, 900)
    numbers = scene.rng.sample(range(9_000), k=scene.number(70, 120))
    steps = []
    for record in named("record", *(f"TX-{number:05d}" for number in numbers)):
        steps.append(other(NETSUITE, "TransactionViewed", Category.READ, record))
        steps.append(other(NETSUITE, "TransactionDeleted", Category.DELETE, record))
    scene.spread(steps, scene.own(), scene.number(140, 200) * MINUTE)


def synchronised(scene: Scene) -> None:
    """An infected laptop: sealed copies are written beside the files, which go; the library follows (Akira)."""
    scene.wait(30, 600)
    via = scene.program("Microsoft SkyDriveSync 25.184.0921.0004 ship; Windows NT 10.0 (26100)")
    steps: list[Step] = []
    for number, wanted in enumerate(files_in_a_row(scene, scene.number(180, 450))):
        sealed = replace(wanted, name=f"{wanted.name}.akira")
        steps += [sharepoint("FileSyncUploadedFull", sealed), sharepoint("FileRecycled", wanted)]
        if number % FOLDER_SIZE == 0:
            note = NativeObject("file", f"{wanted.name.rpartition('/')[0]}/akira_readme.txt", 2_936)
            steps.append(sharepoint("FileSyncUploadedFull", note))
    scene.spread(steps, via, scene.number(10, 45) * MINUTE)


def gone_tomorrow(scene: Scene) -> None:
    """Stealthy: nothing is deleted by hand: bucket after bucket keeps what it has for one day only (T1485.001)."""
    scene.wait(60, 900)
    for number in scene.rng.sample(range(12), k=scene.number(7, 10)):
        bucket = named("bucket", f"acme-s3-data-{number}")
        steps = [
            aws("s3", "PutBucketVersioning", *bucket),
            aws("s3", "PutBucketLifecycleConfiguration", *bucket, *named("retention_days", "1")),
        ]
        scene.act_all(steps, scene.shell(), 20, 200)


def git_ransom(scene: Scene) -> None:
    """A stolen token, on a rented server: repositories are cloned, then they go; one is made with a note (Gitloker)."""
    scene.wait(300, 2_400)
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scripted("python-requests/2.31.0"))
    numbers = scene.rng.sample(range(80), k=scene.number(25, 60))
    repositories = [named("repository", f"service-{number:02d}") for number in numbers]
    scene.act_all([github("git.clone", *each) for each in repositories], via, 2, 20)
    scene.wait(60, 600)
    scene.act_all([github("repo.destroy", *each) for each in repositories], via, 0.5, 6)
    note = named("repository", "README-TO-RECOVER-YOUR-CODE")
    scene.act_all([github("repo.create", *note), github("git.push", *note)], via, 5, 60)


def rewritten(scene: Scene) -> None:
    """Stealthy: before an inquiry, at their desk: file after file says something else; what it said before is gone."""
    scene.wait(60, 900)
    steps: list[Step] = []
    for wanted in files_in_a_row(scene, scene.number(70, 120)):
        actions = ("FileVersionsViewed", "FileModified", "FileVersionsAllDeleted")
        steps += [sharepoint(action, wanted) for action in actions[scene.number(0, 1) :]]
    scene.spread(steps, scene.own(), scene.number(150, 210) * MINUTE)


VARIANTS = (
    Variant("wiped", anybody, wiped),
    Variant("ransomware", anybody, ransomware),
    Variant("bit_by_bit", anybody, bit_by_bit, hours=7),
    Variant("bucket", aws_person, bucket),
    Variant("repositories", coder, repositories),
    Variant("customers", seller, customers),
    Variant("extortion", directory_admin, extortion),
    Variant("messages", anybody, messages),
    Variant("sealed_objects", aws_account, sealed_objects),
    Variant("by_folder", anybody, by_folder),
    Variant("buckets_emptied", aws_account, buckets_emptied),
    Variant("one_version", anybody, one_version, hours=4),
    Variant("taken_and_deleted", without_vpn, taken_and_deleted, hours=3),
    Variant("transactions", bookkeeper, transactions, hours=4),
    Variant("synchronised", on_windows, synchronised),
    Variant("gone_tomorrow", aws_person, gone_tomorrow, hours=3),
    Variant("git_ransom", coder, git_ransom, held_out=True),
    Variant("rewritten", anybody, rewritten, hours=4, held_out=True, quiet=True),
)
