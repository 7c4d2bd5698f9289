"""Machines are started on the company's bill, mostly to mine (T1578.002, T1535, T1496.001)."""

from __future__ import annotations

from simulator.apis import resource
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import CONSOLE_LOGON
from simulator.hostile import HOMES_AWAY, HOSTS, PUBLIC_CLOUDS, anywhere, server
from simulator.moves import WHO_AM_I
from simulator.operations import aws, azure, named
from simulator.record import MINUTE
from simulator.scene import Scene, aws_account, aws_person, aws_service, azure_person

_EC2 = "ec2.amazonaws.com"
_LARGE = ("p3.16xlarge", "g5.48xlarge", "c6a.48xlarge", "p4d.24xlarge")
_UNUSED = ("ap-northeast-3", "eu-north-1", "sa-east-1", "af-south-1", "me-south-1", "ca-central-1")
_LIMITS = ("Client.VcpuLimitExceeded", "Client.InstanceLimitExceeded")
_TASKS = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def everywhere(scene: Scene) -> None:
    """With a stolen key: the largest machines in every region, until the limits are reached."""
    scene.wait(60, 900)
    via = scene.intruder(server(scene.rng, scene.city), scripted("Boto3/1.26.90 Python/3.8.10 Linux/5.4.0"))
    steps = [WHO_AM_I, aws("ec2", "DescribeRegions")]
    for region in scene.rng.sample(_UNUSED, k=scene.number(3, 6)):
        kind = named("instance_type", scene.rng.choice(_LARGE))
        steps += [aws("ec2", "RunInstances", *kind, region=region)] * scene.number(2, 6)
        steps += [aws("ec2", "RunInstances", *kind, region=region, error=scene.rng.choice(_LIMITS))] * scene.number(
            0, 3
        )
    scene.act_all(steps, via, 2, 40)


def one_region(scene: Scene) -> None:
    """Stealthy: two or three machines in one region that nobody uses, in the administrator's own session."""
    scene.wait(60, 900)
    region = scene.rng.choice(_UNUSED)
    steps = [
        aws("ec2", "DescribeInstances", region=region),
        aws("ec2", "CreateKeyPair", *named("key_pair", "tmp"), region=region),
    ]
    steps += [aws("ec2", "RunInstances", *named("instance_type", "c6a.48xlarge"), region=region)] * scene.number(2, 3)
    scene.act_all(steps, scene.shell(), 15, 120)


def fleet(scene: Scene) -> None:
    """At home: fleets of cheap machines, dozens at once."""
    scene.wait(60, 900)
    via = scene.intruder(server(scene.rng, scene.city), scripted("aws-sdk-go/1.44.180"))
    steps = [aws("ec2", "CreateLaunchTemplate")] + [aws("ec2", "RequestSpotFleet")] * scene.number(3, 8)
    steps += [aws("ec2", "RunInstances", *named("instance_type", "g5.48xlarge"))] * scene.number(8, 25)
    scene.spread(steps, via, scene.number(4, 30) * MINUTE)


def virtual_machines(scene: Scene) -> None:
    """The same in Azure."""
    scene.wait(60, 900)
    steps = []
    for number in range(scene.number(12, 40)):
        steps.append(azure("Microsoft.Network/networkInterfaces/write", *named("resource", f"nic-{number:03d}")))
        steps.append(azure("Microsoft.Compute/virtualMachines/write", *named("resource", f"node-{number:03d}")))
    scene.spread(steps, scene.own(), scene.number(8, 45) * MINUTE)


def scale_sets(scene: Scene) -> None:
    """In Azure, from another cloud: more quota is asked for, then sets of machines and dozens of containers."""
    scene.wait(60, 900)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("azsdk-python-azure-mgmt-compute/33.0.0"))
    steps = [azure("Microsoft.Quota/quotas/write", *named("resource", "standardNCFamily"))] * scene.number(1, 3)
    for number in range(scene.number(2, 5)):
        steps.append(azure("Microsoft.Compute/virtualMachineScaleSets/write", *named("resource", f"set-{number:02d}")))
    for number in range(scene.number(10, 30)):
        steps.append(azure("Microsoft.ContainerInstance/containerGroups/write", *named("resource", f"cg-{number:03d}")))
    scene.act_all(steps, via, 3, 60)


def trickle(scene: Scene) -> None:
    """Stealthy: one large machine at the spot price every half-hour, in a region that nobody uses."""
    scene.wait(60, 900)
    region = scene.rng.choice(_UNUSED)
    kind = named("instance_type", scene.rng.choice(_LARGE))
    for _ in range(scene.number(5, 8)):
        scene.act(aws("ec2", "RequestSpotInstances", *kind, region=region), scene.shell())
        scene.wait(900, 2_100)


def auto_scaling(scene: Scene) -> None:
    """A stolen key tries out its rights, then groups that scale to graphics cards, and can't be ended (AWS, 2025)."""
    scene.wait(60, 900)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("Boto3/1.35.81 md/Botocore#1.35.81 lang/python#3.10"))
    kind = named("instance_type", "g4dn.12xlarge")
    steps = [WHO_AM_I, aws("servicequotas", "GetServiceQuota")]
    steps += [aws("ec2", "RunInstances", *kind, error="Client.DryRunOperation")] * scene.number(1, 3)
    steps += [aws("iam", "CreateServiceLinkedRole"), aws("ec2", "CreateLaunchTemplate")]
    steps += [aws("autoscaling", "CreateAutoScalingGroup")] * scene.number(4, 14)
    started = [aws("ec2", "RunInstances", *kind), aws("ec2", "ModifyInstanceAttribute")]
    scene.act_all(steps + started * scene.number(6, 16), via, 2, 30)


def notebooks(scene: Scene) -> None:
    """Stealthy: no machine of EC2: notebooks, build machines and endpoints, where nobody looks (AMBERSQUID, 2023)."""
    scene.wait(60, 900)
    region = scene.rng.choice(_UNUSED)
    kind = named("instance_type", "ml.p3.16xlarge")
    steps = [aws("iam", "CreateRole", *named("role", "sugo-role"))]
    for _ in range(scene.number(4, 8)):
        steps.append(aws("sagemaker", "CreateNotebookInstance", *kind, region=region))
        steps.append(aws("sagemaker", "StartNotebookInstance", region=region))
    steps += [aws("codebuild", "CreateProject", region=region), aws("codebuild", "StartBuild", region=region)] * 2
    steps += [aws("ecs", "CreateService", region=region)] * scene.number(1, 3)
    scene.act_all(steps, scene.shell(), 30, 300)


def micro_nodes(scene: Scene) -> None:
    """A leaked key: not large machines, but dozens of the smallest in many regions, that share lines (Meson, 2024)."""
    scene.wait(60, 900)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("aws-cli/2.13.0 Python/3.11.4 Linux/5.15.0"))
    kind = named("instance_type", scene.rng.choice(("t3.micro", "t2.micro", "t3a.nano")))
    steps = [WHO_AM_I, aws("ec2", "DescribeRegions")]
    for region in scene.rng.sample(_UNUSED, k=scene.number(3, 5)):
        group = named("security_group", f"sg-0{scene.rng.getrandbits(64):016x}")
        steps += [aws("ec2", "DescribeImages", region=region), aws("ec2", "CreateSecurityGroup", region=region)]
        steps += [aws("ec2", "AuthorizeSecurityGroupIngress", *group, region=region)]
        steps += [aws("ec2", "RunInstances", *kind * scene.number(5, 20), region=region)] * scene.number(4, 10)
    scene.act_all(steps, via, 2, 25)


def resized(scene: Scene) -> None:
    """Stealthy: no machine is made: at their desk, those that there are become the largest and start (T1578.005)."""
    scene.wait(60, 900)
    kind = named("instance_type", scene.rng.choice(_LARGE))
    for number in scene.rng.sample(range(60), k=scene.number(5, 9)):
        machine = resource("ec2.amazonaws.com", "instance", number)
        steps = [aws("ec2", "StopInstances", machine), aws("ec2", "ModifyInstanceAttribute", machine, *kind)]
        scene.act_all([*steps, aws("ec2", "StartInstances", machine)], scene.shell(), 40, 240)


def by_console(scene: Scene) -> None:
    """A stolen password, on a home line abroad, in the console: keys, an open port, cards until the limit (GUI-vil)."""
    scene.later(0.5, 5)
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scene.plain_browser())
    scene.log_on(via)
    scene.act_all([CONSOLE_LOGON, aws("ec2", "DescribeRegions")], via, 5, 60)
    for region in scene.rng.sample(_UNUSED, k=2):
        kind, small = named("instance_type", scene.rng.choice(_LARGE)), named("instance_type", "g4dn.4xlarge")
        steps = [
            aws("ec2", "DescribeInstanceTypes", region=region),
            aws("ec2", "CreateKeyPair", *named("key_pair", "su32"), region=region),
            aws("ec2", "CreateSecurityGroup", region=region),
            aws("ec2", "AuthorizeSecurityGroupIngress", region=region),
        ]
        steps += [aws("ec2", "RunInstances", *kind, region=region, error=_LIMITS[0])] * scene.number(1, 3)
        steps += [aws("servicequotas", "RequestServiceQuotaIncrease", region=region)]
        steps += [aws("ec2", "RunInstances", *small * scene.number(1, 4), region=region)] * scene.number(3, 7)
        scene.act_all(steps, via, 8, 90)


def disk_mounted(scene: Scene) -> None:
    """Stealthy: at the desk, one machine where nobody has any, to read a server's copied disk on (Scattered Spider)."""
    scene.wait(60, 900)
    region, number = scene.rng.choice(_UNUSED), scene.number(0, 59)
    copied = resource(_EC2, "snapshot", 900 + number)
    steps = [
        aws("ec2", "CreateSnapshot", resource(_EC2, "volume", number)),
        aws("ec2", "CopySnapshot", copied, region=region),
        aws("ec2", "CreateKeyPair", *named("key_pair", "recovery"), region=region),
        aws("ec2", "CreateSecurityGroup", region=region),
        aws("ec2", "AuthorizeSecurityGroupIngress", region=region),
        aws("ec2", "RunInstances", *named("instance_type", "m6i.2xlarge"), region=region),
        aws("ec2", "CreateVolume", copied, region=region),
        aws("ec2", "AttachVolume", resource(_EC2, "volume", 900 + number), region=region),
        aws("ec2", "GetPasswordData", resource(_EC2, "instance", 900 + number), region=region),
    ]
    scene.act_all(steps, scene.shell(), 60, 420)


def containers(scene: Scene) -> None:
    """A leaked key, on a home line abroad: clusters by the dozen, each runs a miner's image (AWS, December 2025)."""
    scene.wait(60, 900)
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scripted("Boto3/1.40.12 md/Botocore#1.40.12 os/windows#10"))
    role, task = named("role", "ecsTaskExecutionRole1"), named("policy", _TASKS)
    steps = [WHO_AM_I, aws("servicequotas", "GetServiceQuota"), aws("iam", "CreateServiceLinkedRole")]
    steps += [aws("iam", "CreateRole", *role), aws("iam", "AttachRolePolicy", *role, *task)]
    for region in ("", *scene.rng.sample(_UNUSED, k=2)):
        steps.append(aws("ecs", "RegisterTaskDefinition", region=region))
        for number in range(scene.number(5, 12)):
            cluster = named("cluster", f"c{scene.rng.getrandbits(40):010x}-{number}")
            steps.append(aws("ecs", "CreateCluster", *cluster, region=region))
            steps += [aws("ecs", action, *cluster, region=region) for action in ("CreateService", "RunTask")]
    kind = named("instance_type", "c6a.48xlarge")
    steps += [aws("ec2", "RunInstances", *kind)] * scene.number(2, 6)
    scene.act_all(steps, via, 1, 15)


def queued_work(scene: Scene) -> None:
    """Stealthy: at the desk, no machine by name: work is queued in a region that nobody uses, which starts them."""
    scene.wait(60, 900)
    region, kind = scene.rng.choice(_UNUSED), named("instance_type", scene.rng.choice(_LARGE))
    steps = [
        aws("batch", action, *(kind if action == "CreateComputeEnvironment" else ()), region=region)
        for action in ("CreateComputeEnvironment", "CreateJobQueue", "RegisterJobDefinition")
    ]
    steps += [aws("batch", "SubmitJob", region=region)] * scene.number(4, 8)
    steps += [aws("elasticmapreduce", "RunJobFlow", *kind * 8, region=region)] * scene.number(2, 3)
    scene.spread(steps, scene.shell(), scene.number(40, 100) * MINUTE)


def lightsail(scene: Scene) -> None:
    """A leaked key, on a server abroad: not in EC2 but in Lightsail: the largest plans, until it is refused."""
    scene.wait(60, 900)
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("Boto3/1.38.23 md/Botocore#1.38.23 lang/python#3.11.2"))
    plan = named("bundle", scene.rng.choice(("2xlarge_3_0", "4xlarge_3_0")))
    steps = [WHO_AM_I, *(aws("lightsail", look) for look in ("GetRegions", "GetBundles", "GetInstances"))]
    for region in scene.rng.sample(("us-east-1", "eu-central-1", "ap-south-1", "us-west-2", "ca-central-1"), k=4):
        steps += [aws("lightsail", "CreateInstances", *plan, region=region)] * scene.number(3, 9)
        refused = aws("lightsail", "CreateInstances", *plan, region=region, error="LimitExceededException")
        steps += [refused] * scene.number(1, 3)
    scene.act_all(steps, via, 2, 30)


def from_pipeline(scene: Scene) -> None:
    """Stealthy: at a service's own address and in its program, by who got in there: now and then a large machine."""
    scene.wait(60, 900)
    kind = named("instance_type", scene.rng.choice(_LARGE))
    for _ in range(scene.number(4, 6)):
        scene.act(aws("ec2", "RunInstances", *kind), scene.own())
        scene.wait(600, 1_400)


VARIANTS = (
    Variant("everywhere", aws_account, everywhere),
    Variant("one_region", aws_person, one_region),
    Variant("fleet", aws_account, fleet),
    Variant("virtual_machines", azure_person, virtual_machines),
    Variant("scale_sets", azure_person, scale_sets),
    Variant("trickle", aws_person, trickle, hours=6),
    Variant("auto_scaling", aws_account, auto_scaling),
    Variant("notebooks", aws_person, notebooks, hours=3),
    Variant("micro_nodes", aws_account, micro_nodes),
    Variant("resized", aws_person, resized, hours=3),
    Variant("by_console", aws_person, by_console, hours=3),
    Variant("disk_mounted", aws_person, disk_mounted),
    Variant("containers", aws_account, containers),
    Variant("queued_work", aws_person, queued_work, hours=3),
    Variant("lightsail", aws_account, lightsail, held_out=True),
    Variant("from_pipeline", aws_service, from_pipeline, hours=4, held_out=True, quiet=True),
)
