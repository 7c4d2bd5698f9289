"""Machines, backups and storage are destroyed (T1485, T1490)."""

from __future__ import annotations

from simulator.apis import resource
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import CONSOLE_LOGON
from simulator.hostile import HOMES_AWAY, HOSTS, VPNS, anywhere, relay, server
from simulator.moves import WHO_AM_I
from simulator.operations import aws, azure, named
from simulator.record import DAY, HOUR, MINUTE, Account, Step
from simulator.scene import Scene, aws_account, aws_person, aws_service, azure_person
from simulator.services import Service
from simulator.world import World

_EC2 = "ec2.amazonaws.com"


def machines(scene: Scene) -> None:
    """Machines are terminated, then their disks and addresses deleted."""
    scene.wait(60, 900)
    numbers = scene.rng.sample(range(60), k=scene.number(15, 40))
    steps = [aws("ec2", "TerminateInstances", resource(_EC2, "instance", number)) for number in numbers]
    steps += [aws("ec2", "DeleteVolume", resource(_EC2, "volume", number)) for number in numbers]
    scene.spread(steps, scene.shell(), scene.number(3, 30) * MINUTE)


def backups(scene: Scene) -> None:
    """With a stolen key, before extortion: snapshots, recovery points and the vault."""
    scene.wait(60, 900)
    via = scene.intruder(server(scene.rng, scene.city), scripted("aws-cli/2.15.30 Python/3.11.8 Linux/6.6.9"))
    steps = [WHO_AM_I, aws("ec2", "DescribeSnapshots"), aws("backup", "ListBackupVaults")]
    steps += [aws("ec2", "DeleteSnapshot", resource(_EC2, "snapshot", n)) for n in range(scene.number(20, 60))]
    steps += [aws("rds", "DeleteDBSnapshot", *named("db_snapshot", f"prod-{n}")) for n in range(scene.number(3, 9))]
    steps += [aws("backup", "DeleteRecoveryPoint")] * scene.number(8, 30)
    steps += [aws("backup", "DeleteBackupVault")]
    scene.act_all(steps, via, 1, 25)


def storage(scene: Scene) -> None:
    """Buckets are emptied by a rule and deleted, tables and databases too."""
    scene.wait(60, 900)
    steps: list[Step] = []
    for number in range(scene.number(4, 9)):
        bucket = named("bucket", f"acme-s3-data-{number}")
        steps += [aws("s3", "PutBucketLifecycleConfiguration", *bucket), aws("s3", "DeleteBucket", *bucket)]
    steps += [
        aws("dynamodb", "DeleteTable", *named("table", f"dynamodb-prod-{n:03d}")) for n in range(scene.number(3, 8))
    ]
    steps += [
        aws("rds", "DeleteDBInstance", *named("db_instance", f"rds-prod-{n:03d}")) for n in range(scene.number(2, 5))
    ]
    steps += [aws("elasticfilesystem", "DeleteFileSystem")] * scene.number(1, 3)
    scene.act_all(steps, scene.shell(), 3, 60)


def keys(scene: Scene) -> None:
    """Stealthy: nothing is deleted, but the keys that everything is encrypted with are, in a week."""
    scene.wait(60, 900)
    steps = [aws("kms", "DisableKey", *named("key", f"kms-prod-{n:03d}")) for n in range(scene.number(4, 9))]
    steps += [aws("kms", "ScheduleKeyDeletion", *step.objects) for step in steps]
    scene.spread(steps, scene.shell(), 2 * HOUR)


def resource_groups(scene: Scene) -> None:
    """The same in Azure: machines, the backup's containers, whole groups of resources."""
    scene.wait(60, 900)
    protected = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/delete"
    steps = [azure(protected, *named("resource", f"vm-{n:02d}")) for n in range(scene.number(8, 25))]
    steps += [
        azure("Microsoft.Compute/virtualMachines/delete", *named("resource", f"vm-{n:02d}"))
        for n in range(scene.number(10, 30))
    ]
    steps += [
        azure("Microsoft.Storage/storageAccounts/delete", *named("resource", f"store{n}"))
        for n in range(scene.number(2, 6))
    ]
    steps += [azure("Microsoft.Resources/subscriptions/resourceGroups/delete", *named("resource", "rg-prod-01"))]
    scene.act_all(steps, scene.own(), 2, 30)


def stacks(scene: Scene) -> None:
    """An administrator who is angry deletes what runs: stacks, functions, a cluster (as at Cisco's Webex, 2018)."""
    scene.wait(60, 900)
    stack = scene.rng.sample(range(60), k=scene.number(5, 14))
    function = scene.rng.sample(range(60), k=scene.number(4, 14))
    steps = [
        aws("cloudformation", "DeleteStack", *named("stack", f"cloudformation-prod-{number:03d}")) for number in stack
    ]
    steps += [
        aws("lambda", "DeleteFunction20150331", *named("function", f"lambda-prod-{number:03d}")) for number in function
    ]
    steps += [aws("eks", "DeleteCluster", *named("cluster", "eks-prod-001"))]
    scene.act_all(steps, scene.shell(), 4, 90)


def restore_points(scene: Scene) -> None:
    """In Azure, behind a VPN: locks are taken off, then what could be restored is deleted (Storm-0501, 2025)."""
    scene.wait(60, 900)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    kinds = (
        ("Microsoft.Authorization/locks/delete", "lock", scene.number(2, 5)),
        ("Microsoft.Compute/restorePointCollections/delete", "restore", scene.number(5, 14)),
        ("Microsoft.Compute/snapshots/delete", "snapshot", scene.number(6, 20)),
        ("Microsoft.Storage/storageAccounts/delete", "store", scene.number(2, 6)),
        ("Microsoft.RecoveryServices/vaults/delete", "vault", 1),
    )
    steps = [azure(action, *named("resource", f"{kind}-{n:02d}")) for action, kind, most in kinds for n in range(most)]
    scene.act_all(steps, via, 3, 60)


def plans(scene: Scene) -> None:
    """Stealthy: at their desk, nothing is gone yet, but nothing will be saved again: plans of backups and snapshots."""
    scene.wait(60, 900)
    steps = [aws("backup", "DeleteBackupSelection")] * scene.number(3, 6)
    steps += [aws("backup", "DeleteBackupPlan")] * scene.number(2, 4)
    steps += [aws("dlm", "DeleteLifecyclePolicy")] * scene.number(2, 4)
    steps += [
        aws("rds", "ModifyDBInstance", *named("db_instance", f"rds-prod-{number:03d}"))
        for number in scene.rng.sample(range(60), k=scene.number(2, 5))
    ]
    scene.spread(steps, scene.shell(), 2 * HOUR)


def databases(scene: Scene) -> None:
    """A stolen key, from a server abroad: protection off, then databases, backups and tables (Code Spaces, 2014)."""
    scene.wait(60, 900)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("Boto3/1.35.40 md/Botocore#1.35.40 lang/python#3.12"))
    clusters = [named("db_cluster", f"rds-cluster-{number:03d}") for number in range(scene.number(5, 12))]
    tables = [named("table", f"dynamodb-prod-{number:03d}") for number in range(scene.number(4, 10))]
    steps = [WHO_AM_I, aws("rds", "DescribeDBClusters"), aws("dynamodb", "ListTables")]
    for cluster in clusters:
        steps += [aws("rds", "ModifyDBCluster", *cluster), aws("rds", "DeleteDBCluster", *cluster)]
    steps += [aws("rds", "DeleteDBClusterSnapshot", *named("db_snapshot", f"weekly-{n}")) for n in range(len(clusters))]
    steps += [aws("rds", "DeleteDBInstanceAutomatedBackup")] * scene.number(2, 6)
    steps += [aws("dynamodb", "DeleteTable", *table) for table in tables]
    scene.act_all(steps, via, 2, 30)


def soft_delete(scene: Scene) -> None:
    """Stealthy: under notice, in their own session: what would bring back is switched off; then a few an hour go."""
    scene.wait(60, 900)
    vaults = [named("resource", f"vault-{number:02d}") for number in range(scene.number(2, 3))]
    steps = [azure("Microsoft.RecoveryServices/vaults/backupconfig/vaultconfig/write", *vault) for vault in vaults]
    gone = [
        azure(action, *named("resource", f"{kind}-{number:02d}"))
        for action, kind, most in (
            ("Microsoft.Sql/servers/databases/delete", "db", scene.number(4, 7)),
            ("Microsoft.DocumentDB/databaseAccounts/delete", "cosmos", scene.number(1, 3)),
            ("Microsoft.Storage/storageAccounts/blobServices/containers/delete", "container", scene.number(4, 8)),
        )
        for number in range(most)
    ]
    scene.rng.shuffle(gone)
    scene.spread([*steps, *gone], scene.own(), 3 * HOUR)


def one_after_another(scene: Scene) -> None:
    """Weeks after they left, from home abroad, with a key that still works: a script ends all machines (NCS, 2023)."""
    scene.wait(60, 900)
    agent = "Boto3/1.26.165 Python/3.11.4 Windows/10 Botocore/1.29.165"
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scripted(agent, "Windows 10"))
    steps = [WHO_AM_I, aws("ec2", "DescribeInstances"), aws("ec2", "DescribeImages")]
    for number in scene.rng.sample(range(60), k=scene.number(25, 55)):
        machine = resource(_EC2, "instance", number)
        steps += [aws("ec2", "StopInstances", machine)] * (number % 4 == 0)
        steps.append(aws("ec2", "TerminateInstances", machine))
    steps += [aws("ec2", "DeregisterImage", resource(_EC2, "image", n)) for n in range(scene.number(4, 12))]
    scene.act_all(steps, via, 20, 70)


def torn_down(scene: Scene) -> None:
    """Stealthy: a poisoned step of a pipeline, at its own address, in its own session: all that it once deployed goes.

    Balancers before services, images and names of the network last, as a program does that undoes a plan.
    """
    scene.wait(60, 900)
    kinds = (
        ("elasticloadbalancing", "DeleteLoadBalancer", "load_balancer", scene.number(3, 7)),
        ("elasticloadbalancing", "DeleteTargetGroup", "target_group", scene.number(3, 7)),
        ("ecs", "DeleteService", "service", scene.number(6, 14)),
        ("ecs", "DeleteCluster", "cluster", scene.number(1, 2)),
        ("autoscaling", "DeleteAutoScalingGroup", "group", scene.number(2, 5)),
        ("sqs", "DeleteQueue", "queue", scene.number(3, 8)),
        ("ecr", "DeleteRepository", "repository", scene.number(4, 10)),
        ("logs", "DeleteLogGroup", "log_group", scene.number(3, 8)),
        ("route53", "DeleteHostedZone", "zone", 1),
    )
    steps = [
        aws(service, action, *named(kind, f"{service}-prod-{number:03d}"))
        for service, action, kind, most in kinds
        for number in range(most)
    ]
    scene.act_all(steps, scene.own(), 15, 110)


def by_hand(scene: Scene) -> None:
    """Behind a VPN, a stolen password in the console, page by page: machines, images, databases (Scattered Spider)."""
    scene.later(0.5, 5)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    scene.act_all([CONSOLE_LOGON, aws("ec2", "DescribeInstances")], via, 5, 60)
    machines = [resource(_EC2, "instance", number) for number in scene.rng.sample(range(60), k=scene.number(12, 25))]
    steps = [aws("ec2", "ModifyInstanceAttribute", machine) for machine in machines[:4]]
    steps += [aws("ec2", "TerminateInstances", machine) for machine in machines]
    steps += [aws("ec2", "DeregisterImage", resource(_EC2, "image", n)) for n in range(scene.number(4, 10))]
    steps += [aws("ec2", "DeleteSnapshot", resource(_EC2, "snapshot", n)) for n in range(scene.number(6, 15))]
    steps += [
        aws("rds", "DeleteDBInstance", *named("db_instance", f"rds-prod-{n:03d}")) for n in range(scene.number(3, 7))
    ]
    steps += [aws("s3", "DeleteBucket", *named("bucket", f"acme-s3-data-{n}")) for n in range(scene.number(2, 5))]
    scene.act_all(steps, via, 4, 50)


def expiring(scene: Scene) -> None:
    """Stealthy: at the desk, nothing is deleted, but every copy runs out tomorrow: a vault unlocked, lives cut."""
    scene.wait(60, 900)
    vault = named("vault", "backup-prod")
    steps = [aws("backup", "ListRecoveryPointsByBackupVault", *vault)]
    steps += [aws("backup", f"DeleteBackupVault{what}", *vault) for what in ("LockConfiguration", "AccessPolicy")]
    points = [named("recovery_point", f"rp-{number:04d}") for number in range(scene.number(18, 35))]
    steps += [aws("backup", "UpdateRecoveryPointLifecycle", *point) for point in points]
    for number in range(scene.number(4, 7)):
        bucket = named("bucket", f"acme-s3-data-{number}")
        steps += [aws("s3", "PutBucketVersioning", *bucket), aws("s3", "PutBucketLifecycleConfiguration", *bucket)]
    scene.spread(steps, scene.shell(), scene.number(40, 90) * MINUTE)


def wiped(scene: Scene) -> None:
    """A stolen password, on a server abroad: all subscriptions are taken, then all goes (DEV-1084, 2023)."""
    scene.later(0.5, 5)
    agent = "AzurePowershell/Az4.0.0 PSVersion/v7.4.6 (Microsoft Windows 10.0.19045)"
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted(agent, "Windows 10"))
    scene.log_on(via)
    scene.wait(60, 600)
    scene.act(azure("Microsoft.Authorization/elevateAccess/action"), via)
    kinds = (
        ("Microsoft.Compute/virtualMachines/delete", "vm", scene.number(15, 40)),
        ("Microsoft.Compute/disks/delete", "disk", scene.number(15, 40)),
        ("Microsoft.Web/serverFarms/delete", "plan", scene.number(3, 8)),
        ("Microsoft.Storage/storageAccounts/delete", "store", scene.number(3, 8)),
        ("Microsoft.Network/loadBalancers/delete", "balancer", scene.number(2, 5)),
        ("Microsoft.Network/virtualNetworks/delete", "net", scene.number(2, 4)),
    )
    steps = [azure(action, *named("resource", f"{kind}-{n:02d}")) for action, kind, most in kinds for n in range(most)]
    scene.act_all(steps, via, 1, 20)


def keeper(world: World, account: Account) -> bool:
    """The job that makes and thins out snapshots; another one that runs by itself where that one is taken."""
    return isinstance(account, Service) and account.job in ("snapshots", "batch", "delivery")


def all_of_them(scene: Scene) -> None:
    """Stealthy: the job's own address and program, but not its hour: all snapshots go, and none is made (T1490)."""
    scene.wait(600, 3_000)
    today, days = scene.time // DAY, scene.number(5, 9)
    numbers = [(today - ago) * 20 + number for ago in range(days, -1, -1) for number in range(14)]
    steps = [aws("ec2", "DescribeSnapshots")]
    steps += [aws("ec2", "DeleteSnapshot", resource(_EC2, "snapshot", number)) for number in numbers]
    scene.spread(steps, scene.own(), scene.number(15, 50) * MINUTE)


def nuked(scene: Scene) -> None:
    """A stolen key, on a server abroad, in a tool that clears accounts: kind by kind, in each region (aws-nuke)."""
    scene.wait(60, 900)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("aws-sdk-go/1.55.5 (go1.22.5; linux; amd64)"))
    kinds = (
        ("ec2", "DescribeInstances", "TerminateInstances", "instance"),
        ("ec2", "DescribeVolumes", "DeleteVolume", "volume"),
        ("ec2", "DescribeSnapshots", "DeleteSnapshot", "snapshot"),
        ("rds", "DescribeDBInstances", "DeleteDBInstance", "db_instance"),
        ("dynamodb", "ListTables", "DeleteTable", "table"),
        ("lambda", "ListFunctions20150331", "DeleteFunction20150331", "function"),
        ("s3", "ListBuckets", "DeleteBucket", "bucket"),
    )
    steps = [WHO_AM_I, aws("iam", "ListAccountAliases"), aws("ec2", "DescribeRegions")]
    for region in ("", "us-east-1", "eu-central-1"):
        for service, look, end, kind in kinds:
            numbers = scene.rng.sample(range(60), k=scene.number(3, 9))
            found = [resource(f"{service}.amazonaws.com", kind, number) for number in numbers]
            gone = [aws(service, end, one, region=region) for one in found]
            error = "DependencyViolation" if service == "ec2" else "ResourceInUse"
            held = aws(service, end, found[0], region=region, error=error)
            steps += [aws(service, look, region=region), held, *gone]
    scene.act_all(steps, via, 0.3, 5)


def never_rebuilt(scene: Scene) -> None:
    """Stealthy: at the desk, what runs goes on, but can't be built again: images, templates, what was binned."""
    scene.wait(60, 900)
    kinds = (
        ("rbin", "UnlockRule", "rule", 2),
        ("rbin", "DeleteRule", "rule", 2),
        ("ec2", "DeregisterImage", "image", scene.number(6, 10)),
        ("ec2", "DeleteLaunchTemplate", "template", scene.number(4, 7)),
        ("ecr", "BatchDeleteImage", "repository", scene.number(6, 10)),
        ("imagebuilder", "DeleteImagePipeline", "pipeline", scene.number(2, 3)),
        ("cloudformation", "DeleteStackSet", "stack", scene.number(2, 4)),
    )
    steps = [
        aws(service, action, resource(f"{service}.amazonaws.com", kind, number))
        for service, action, kind, most in kinds
        for number in range(most)
    ]
    scene.spread(steps, scene.shell(), scene.number(100, 170) * MINUTE)


VARIANTS = (
    Variant("machines", aws_person, machines),
    Variant("backups", aws_account, backups),
    Variant("storage", aws_person, storage),
    Variant("keys", aws_person, keys, hours=3),
    Variant("resource_groups", azure_person, resource_groups),
    Variant("stacks", aws_person, stacks),
    Variant("restore_points", azure_person, restore_points),
    Variant("plans", aws_person, plans, hours=3),
    Variant("databases", aws_account, databases),
    Variant("soft_delete", azure_person, soft_delete, hours=4),
    Variant("one_after_another", aws_account, one_after_another),
    Variant("torn_down", aws_service, torn_down),
    Variant("by_hand", aws_person, by_hand, hours=3),
    Variant("expiring", aws_person, expiring),
    Variant("wiped", azure_person, wiped, hours=3),
    Variant("all_of_them", keeper, all_of_them),
    Variant("nuked", aws_account, nuked, held_out=True),
    Variant("never_rebuilt", aws_person, never_rebuilt, hours=4, held_out=True, quiet=True),
)
