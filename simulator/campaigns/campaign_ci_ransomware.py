"""A key of the delivery pipeline leaks, and ends in ransom for buckets.

As Halcyon reported of Codefinger (January 2025): objects are copied over themselves, encrypted with a key of the
intruder's (SSE-C), and a rule deletes them within the week. As Unit 42 and Datadog report of leaked keys: who am I,
what may I, a user to come back by.
"""

from __future__ import annotations

from activities.activity import UserType
from simulator.apis import refused
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.hostile import HOSTS, PUBLIC_CLOUDS, VPNS, anywhere, relay, server
from simulator.moves import WHO_AM_I, call, unused
from simulator.operations import aws, github, named
from simulator.record import HOUR, MINUTE, Account, NativeObject, NativeUser, Step
from simulator.scene import Scene, Via, aws_service
from simulator.services import Service
from simulator.world import World

_LOOKS = (
    "iam.ListUsers iam.ListRoles iam.ListAttachedUserPolicies iam.GetAccountSummary organizations.DescribeOrganization "
    "ec2.DescribeRegions s3.ListBuckets kms.ListAliases backup.ListBackupVaults cloudtrail.DescribeTrails "
    "guardduty.ListDetectors secretsmanager.ListSecrets"
)
_BUCKET = "acme-s3-data-4"
_STRANGER = "904233186612"
"""The intruder's own account of AWS."""


def pipeline(world: World, account: Account) -> bool:
    """The account of continuous delivery, or of an automation."""
    return (
        aws_service(world, account)
        and isinstance(account, Service)
        and account.job in ("delivery", "function", "batch")
    )


def _explore(scene: Scene, via: Via) -> None:
    scene.stage("rare_api")
    scene.wait(60, 600)
    scene.act(WHO_AM_I, via)
    steps = [call(scene, service, action, "", 0.35) for service, action in unused(scene, _LOOKS)]
    scene.act_all(steps, via, 3, 60)


def _secrets(scene: Scene, via: Via) -> None:
    scene.stage("secret_retrieval")
    names = [f"prod/{app}/db-password" for app in "billing checkout crm search auth mail export ledger".split()]
    scene.act_all([aws("secretsmanager", "GetSecretValue", *named("secret", name)) for name in names * 2], via, 1, 15)


def _come_back(scene: Scene, via: Via) -> Account:
    """A user with all rights, which acts from then on."""
    scene.stage("unusual_admin_action")
    name = f"ci-support-{scene.number(1, 9)}"
    user = named("user", name)
    policy = named("policy", "arn:aws:iam::aws:policy/AdministratorAccess")
    steps = [
        aws("iam", "CreateUser", *user),
        aws("iam", "AttachUserPolicy", *user, *policy),
        aws("iam", "CreateAccessKey", *user),
    ]
    scene.act_all(steps, via, 4, 40)
    made = NativeUser(f"{name}@{scene.domain}", name, UserType.SERVICE)
    return Account(key=f"made/{scene.victim.key}/{name}", user=made)


def _objects(scene: Scene, count: int) -> list[NativeObject]:
    return [
        NativeObject("object", f"{_BUCKET}/part-{n:05d}.parquet", scene.number(1, 90) * 1_000_000) for n in range(count)
    ]


def _ransom(scene: Scene, via: Via, actor: Account, objects: list[NativeObject]) -> None:
    scene.stage("mass_deletion")
    steps: list[Step] = [aws("s3", "CopyObject", item) for item in objects]
    for step in steps:
        scene.wait(0.2, 4)
        scene.act(step, via, actor)
    bucket = named("bucket", _BUCKET)
    note = NativeObject("object", f"{_BUCKET}/READ_ME_NOW.txt", 1_204)
    last = [aws("s3", "PutBucketLifecycleConfiguration", *bucket), aws("s3", "PutObject", note)]
    scene.act_all(last, via, 2, 20, actor)


def encrypted(scene: Scene) -> None:
    """Logs off, objects copied out, then encrypted."""
    via = scene.intruder(server(scene.rng, scene.city), scripted("aws-cli/2.15.30 Python/3.11.8 Linux/6.6.9"))
    _explore(scene, via)
    scene.rest(0.2)
    _secrets(scene, via)
    actor = _come_back(scene, via)
    scene.rest(0.4)
    via = scene.intruder(relay(scene.rng, VPNS), via.device)
    scene.stage("audit_logging_impaired")
    trail = NativeObject("trail", "organization-trail")
    scene.act_all([aws("cloudtrail", "DescribeTrails"), aws("cloudtrail", "StopLogging", trail)], via, 5, 60, actor)
    scene.stage("mass_download")
    objects = _objects(scene, scene.number(200, 450))
    for item in objects:
        scene.wait(0.2, 3)
        scene.act(aws("s3", "GetObject", item), via, actor)
    scene.rest(0.1)
    _ransom(scene, via, actor, objects)


def destroyed(scene: Scene) -> None:
    """With the pipeline's own key only, in one night: backups first, then the buckets."""
    via = scene.intruder(server(scene.rng, scene.city), scripted("Boto3/1.34.162 md/Botocore#1.34.162"))
    _explore(scene, via)
    scene.wait(20 * 60, 60 * 60)
    scene.stage("resource_destruction")
    steps = [aws("ec2", "DeleteSnapshot", *named("snapshot", f"snap-0{n:016x}")) for n in range(scene.number(20, 50))]
    steps += [aws("backup", "DeleteRecoveryPoint")] * scene.number(5, 20)
    scene.spread(steps, via, 12 * MINUTE)
    _ransom(scene, via, scene.victim, _objects(scene, scene.number(150, 400)))


def own_key(scene: Scene) -> None:
    """Slowly, from servers of a public cloud: a bucket is opened to another account and, days later, encrypted."""
    device = scripted("aws-sdk-js/3.685.0 ua/2.1 os/linux#5.10 lang/js md/nodejs#20.11.1")
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), device)
    _explore(scene, via)
    scene.rest(0.3)
    scene.stage("external_sharing")
    bucket = named("bucket", _BUCKET)
    opened = aws("s3", "PutBucketPolicy", *bucket, NativeObject("account", _STRANGER))
    scene.act_all([aws("s3", "GetBucketPolicy", *bucket), opened], via, 20, 200)
    scene.rest(0.4)
    scene.stage("mass_deletion")
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), device)
    scene.act(aws("s3", "PutBucketEncryption", *bucket), via)
    copies = [aws("s3", "CopyObject", item) for item in _objects(scene, scene.number(120, 300))]
    scene.spread(copies, via, HOUR)
    note = NativeObject("object", f"{_BUCKET}/HOW-TO-PAY.html", 3_310)
    scene.act_all([aws("s3", "PutObject", note)], via, 5, 30)
    scene.stage("resource_destruction")
    steps = [aws("ec2", "DeleteSnapshot", *named("snapshot", f"snap-0{n:016x}")) for n in range(scene.number(10, 25))]
    steps += [aws("kms", "ScheduleKeyDeletion", *named("key", f"kms-prod-{n:03d}")) for n in range(scene.number(1, 4))]
    scene.act_all(steps, via, 2, 20)


def poisoned_action(scene: Scene) -> None:
    """A poisoned action of GitHub's: code, secrets in the pipeline, a copy, then databases (tj-actions, 2025)."""
    scene.stage("mass_download")
    scene.wait(60, 900)
    runner = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS[1:2]), scripted("git/2.49.0"))
    numbers = scene.rng.sample(range(80), k=scene.number(40, 75))
    clones = [github("git.clone", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.spread(clones, runner, scene.number(12, 40) * MINUTE)
    scene.rest(0.2)
    via = scene.back_at_work()
    _secrets(scene, via)
    scene.rest(0.3)
    scene.stage("external_sharing")
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("Boto3/1.37.13 md/Botocore#1.37.13"))
    copies = [named("db_snapshot", f"rds-copy-{number}") for number in range(scene.number(2, 4))]
    for copy in copies:
        made = aws("rds", "CreateDBSnapshot", *copy)
        shared = aws("rds", "ModifyDBSnapshotAttribute", *copy, NativeObject("account", _STRANGER))
        scene.act_all([made, shared], via, 60, 400)
    scene.rest(0.2)
    scene.stage("resource_destruction")
    steps = [aws("rds", "DeleteDBSnapshot", *named("db_snapshot", f"prod-{n}")) for n in range(scene.number(8, 20))]
    steps += [
        aws("rds", "DeleteDBInstance", *named("db_instance", f"rds-prod-{n:03d}")) for n in range(scene.number(5, 12))
    ]
    note = NativeObject("object", f"{_BUCKET}/RESTORE_YOUR_DATA.txt", 1_870)
    scene.act_all([*steps, aws("s3", "PutObject", note)], via, 3, 40)


def by_mail(scene: Scene) -> None:
    """A key found in code: a user, databases exported, the bucket gone, a demand by mail (Crimson Collective, 2025)."""
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("TruffleHog"))
    scene.stage("rare_api")
    scene.act(WHO_AM_I, via)
    scene.rest(0.1)
    via = scene.intruder(relay(scene.rng, VPNS), scripted("aws-cli/2.31.4 md/awscrt#0.27.6 os/linux#6.12.38-kali"))
    _explore(scene, via)
    actor = _come_back(scene, via)
    scene.rest(0.3)
    scene.stage("mass_download")
    for number in range(scene.number(3, 6)):
        database, copy = named("db_instance", f"rds-prod-{number:03d}"), named("db_snapshot", f"tmp-{number}")
        steps = [aws("rds", "ModifyDBInstance", *database), aws("rds", "CreateDBSnapshot", *copy, *database)]
        scene.act_all([*steps, aws("rds", "StartExportTask", *copy)], via, 60, 400, actor)
    objects = _objects(scene, scene.number(180, 350))
    scene.act_all([aws("s3", "GetObject", item) for item in objects], via, 0.3, 4, actor)
    scene.rest(0.4)
    via = scene.intruder(relay(scene.rng, VPNS), via.device)
    scene.stage("mass_deletion")
    scene.act_all([aws("s3", "DeleteObject", item) for item in objects], via, 0.1, 2, actor)
    scene.act_all([aws("ses", "SendEmail")] * scene.number(3, 9), via, 20, 200, actor)


def build_server(scene: Scene) -> None:
    """The build server itself is broken into: secrets there, then copies abroad, the end, a note (RansomEXX, 2024)."""
    seen = scene.seen
    agent = "aws-cli/1.18.147 Python/2.7.18 Linux/4.14.355-276.639.amzn2.x86_64 botocore/1.18.6"
    inside = Via(seen.address, scripted(agent), seen.session)
    _explore(scene, inside)
    scene.wait(600, 3_000)
    _secrets(scene, inside)
    scene.rest(0.3)
    scene.stage("mass_download")
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("rclone/v1.68.2"))
    objects = _objects(scene, scene.number(200, 380))
    scene.act_all([aws("s3", "GetObject", item) for item in objects], via, 0.3, 4)
    scene.rest(0.4)
    scene.stage("resource_destruction")
    names = [f"{number:03d}" for number in range(scene.number(5, 10))]
    steps = [aws("rds", "DeleteDBInstance", *named("db_instance", f"rds-prod-{name}")) for name in names]
    steps += [
        aws("rds", "DeleteDBInstanceAutomatedBackup", *named("db_instance", f"rds-prod-{name}")) for name in names
    ]
    steps += [aws("ec2", "DeleteSnapshot", *named("snapshot", f"snap-0{n:016x}")) for n in range(scene.number(15, 30))]
    scene.act_all(steps, via, 2, 25)
    scene.stage("mass_deletion")
    scene.act_all([aws("s3", "DeleteObject", item) for item in objects], via, 0.1, 2)
    note = NativeObject("object", f"{_BUCKET}/!_WHY_FILES_ARE_GONE_!.txt", 2_211)
    scene.act_all([aws("s3", "PutObject", note)], via, 5, 60)


def public_secrets(scene: Scene) -> None:
    """A worm puts keys on the web: code, secrets, buckets mirrored, then keys and objects gone (s1ngularity, 2025)."""
    scene.stage("mass_download")
    scene.wait(60, 900)
    code = scene.intruder(anywhere(scene.rng, HOSTS), scripted("git/2.47.1"))
    numbers = scene.rng.sample(range(80), k=scene.number(40, 70))
    clones = [github("git.clone", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.act_all(clones, code, 3, 30)
    scene.rest(0.2)
    via = scene.intruder(relay(scene.rng, VPNS), scripted("aws-cli/2.28.20 md/awscrt#0.27.4 os/windows#11"))
    _explore(scene, via)
    _secrets(scene, via)
    scene.rest(0.3)
    scene.stage("external_sharing")
    buckets = [named("bucket", f"acme-s3-data-{number}") for number in (1, 2, 4)]
    for bucket in buckets:
        mirrored = aws("s3", "PutBucketReplication", *bucket, NativeObject("account", _STRANGER))
        scene.act_all([aws("s3", "PutBucketVersioning", *bucket), mirrored], via, 60, 300)
    scene.rest(0.4)
    via = scene.intruder(relay(scene.rng, VPNS), via.device)
    scene.stage("audit_logging_impaired")
    trail = NativeObject("trail", "organization-trail")
    scene.act_all([aws("cloudtrail", action, trail) for action in ("StopLogging", "DeleteTrail")], via, 20, 120)
    scene.stage("resource_destruction")
    keys = [named("key", f"kms-prod-{number:03d}") for number in range(scene.number(4, 8))]
    steps = [aws("kms", action, *key) for key in keys for action in ("DisableKey", "ScheduleKeyDeletion")]
    scene.act_all([*steps, *[aws("backup", "DeleteRecoveryPoint")] * scene.number(8, 20)], via, 2, 25)
    scene.stage("mass_deletion")
    objects = _objects(scene, scene.number(200, 380))
    scene.act_all([aws("s3", "DeleteObject", item) for item in objects], via, 0.1, 2)
    note = NativeObject("object", f"{_BUCKET}/CONTACT_US.txt", 1_511)
    scene.act_all([aws("s3", "PutObject", note)], via, 5, 60)


def web_server(scene: Scene) -> None:
    """A web server is broken into: refusals, secrets, miners; later copies are shared, all ends (React2Shell, 2025)."""
    scene.stage("denied_calls")
    scene.wait(60, 900)
    inside = Via(scene.seen.address, scripted("curl/8.5.0"), scene.seen.session)
    tried = [name.split(".") for name in _LOOKS.split() * scene.number(3, 5)]
    scene.act_all([WHO_AM_I, *(refused(service, action) for service, action in tried)], inside, 2, 40)
    scene.rest(0.1)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("Boto3/1.42.4 md/Botocore#1.42.4 os/linux#6.8.0"))
    _secrets(scene, via)
    scene.stage("vm_creation")
    kind = named("instance_type", "g5.12xlarge")
    for region in ("us-west-2", "ap-southeast-1", "sa-east-1"):
        steps = [aws("ec2", "RunInstances", *kind, region=region)] * scene.number(3, 8)
        limit = aws("ec2", "RunInstances", *kind, region=region, error="Client.VcpuLimitExceeded")
        scene.act_all([aws("ec2", "DescribeImages", region=region), *steps, limit], via, 3, 40)
    scene.rest(0.4)
    scene.stage("external_sharing")
    via = scene.intruder(relay(scene.rng, VPNS), scripted("aws-cli/2.32.7 md/awscrt#0.29.1 os/windows#10"))
    for number in range(scene.number(3, 6)):
        copy = named("db_snapshot", f"migration-{number}")
        shared = aws("rds", "ModifyDBSnapshotAttribute", *copy, NativeObject("account", _STRANGER))
        scene.act_all([aws("rds", "CreateDBSnapshot", *copy), shared], via, 60, 400)
    scene.rest(0.4)
    scene.stage("resource_destruction")
    names = [named("db_instance", f"rds-prod-{number:03d}") for number in range(scene.number(8, 14))]
    steps = [aws("rds", action, *name) for name in names for action in ("ModifyDBInstance", "DeleteDBInstance")]
    steps += [aws("backup", "DeleteRecoveryPoint")] * scene.number(10, 25)
    scene.act_all(steps, via, 2, 30)
    _ransom(scene, via, scene.victim, _objects(scene, scene.number(150, 320)))


VARIANTS = (
    Variant("encrypted", pipeline, encrypted, hours=12, days=4),
    Variant("destroyed", pipeline, destroyed, hours=6),
    Variant("own_key", pipeline, own_key, hours=12, days=4),
    Variant("poisoned_action", pipeline, poisoned_action, hours=12, days=4),
    Variant("by_mail", pipeline, by_mail, hours=12, days=4),
    Variant("build_server", pipeline, build_server, hours=12, days=4),
    Variant("public_secrets", pipeline, public_secrets, hours=12, days=4),
    Variant("web_server", pipeline, web_server, hours=12, days=4, held_out=True),
)
