"""Cloud APIs: what may be called, what it is called on, and what one administrator usually calls.

Names are those of CloudTrail (`eventSource`, `eventName`) and of the Azure activity log (`operationName`).
"""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import NamedTuple

from activities.activity import Category, Outcome
from simulator.operations import AZURE, HOME_PLACE, Objects, aws, aws_category, azure, placed
from simulator.record import NativeObject, Step
from simulator.streams import chance, token, zipf

CLOUDTRAIL = "cloudtrail.amazonaws.com"
ACCOUNTS = ("418820067035", "730335214418")
"""AWS accounts of partners that the company shares images and snapshots with."""


class Call(NamedTuple):
    """One operation of one cloud service; `kind` is what it is called on, "" for nothing."""

    app: str
    action: str
    category: Category
    kind: str = ""


_AWS: dict[str, str] = {
    "ec2": "DescribeInstances DescribeVolumes DescribeSecurityGroups DescribeSubnets DescribeVpcs DescribeImages "
    "DescribeSnapshots DescribeInstanceStatus DescribeAddresses DescribeKeyPairs DescribeLaunchTemplates "
    "DescribeNetworkInterfaces DescribeRouteTables DescribeTags DescribeRegions RunInstances StartInstances "
    "StopInstances TerminateInstances CreateTags CreateSnapshot CreateVolume CreateImage CreateLaunchTemplateVersion "
    "AttachVolume ModifyInstanceAttribute AssociateAddress DeleteSnapshot DeleteVolume AuthorizeSecurityGroupIngress "
    "RevokeSecurityGroupIngress CreateSecurityGroup",
    "s3": "ListBuckets ListObjectsV2 ListObjectVersions HeadObject GetBucketLocation GetBucketPolicy "
    "GetBucketVersioning GetBucketTagging GetObject PutObject CopyObject PutBucketLifecycleConfiguration "
    "PutBucketTagging DeleteObject",
    "lambda": "ListFunctions20150331 ListVersionsByFunction20150331 GetFunction20150331v2 "
    "GetFunctionConfiguration20150331v2 UpdateFunctionCode20150331v2 UpdateFunctionConfiguration20150331v2 "
    "CreateFunction20150331 PublishVersion20150331 Invoke",
    "rds": "DescribeDBInstances DescribeDBSnapshots DescribeDBClusters DescribeEvents CreateDBSnapshot "
    "ModifyDBInstance RebootDBInstance",
    "cloudformation": "DescribeStacks ListStacks DescribeStackEvents ListStackResources GetTemplate "
    "GetTemplateSummary UpdateStack CreateChangeSet ExecuteChangeSet CreateStack",
    "monitoring": "DescribeAlarms ListMetrics ListDashboards GetMetricData GetMetricStatistics GetDashboard "
    "PutMetricAlarm PutDashboard SetAlarmState",
    "logs": "DescribeLogGroups DescribeLogStreams FilterLogEvents GetLogEvents StartQuery GetQueryResults "
    "CreateLogGroup PutMetricFilter",
    "iam": "ListRoles ListUsers ListPolicies ListAttachedRolePolicies ListInstanceProfiles ListAccessKeys GetRole "
    "GetPolicy GetPolicyVersion GetUser GetAccountSummary CreateRole PutRolePolicy AttachRolePolicy "
    "CreatePolicyVersion",
    "eks": "ListClusters ListNodegroups DescribeCluster DescribeNodegroup AccessKubernetesApi",
    "ecr": "DescribeRepositories DescribeImages ListImages BatchGetImage GetDownloadUrlForLayer PutImage "
    "InitiateLayerUpload GetAuthorizationToken",
    "ecs": "ListClusters ListTasks DescribeServices DescribeTasks UpdateService RunTask",
    "elasticloadbalancing": "DescribeLoadBalancers DescribeTargetGroups DescribeTargetHealth DescribeListeners "
    "RegisterTargets DeregisterTargets",
    "autoscaling": "DescribeAutoScalingGroups DescribeScalingActivities UpdateAutoScalingGroup",
    "route53": "ListHostedZones ListResourceRecordSets ChangeResourceRecordSets",
    "dynamodb": "ListTables DescribeTable DescribeContinuousBackups UpdateTable",
    "sqs": "ListQueues GetQueueAttributes",
    "sns": "ListTopics ListSubscriptions GetTopicAttributes",
    "kms": "ListKeys ListAliases DescribeKey Decrypt GenerateDataKey",
    "secretsmanager": "ListSecrets DescribeSecret GetSecretValue PutSecretValue",
    "ce": "GetCostAndUsage GetCostForecast",
    "cloudtrail": "DescribeTrails LookupEvents GetTrailStatus CreateTrail StartLogging",
    "sts": "GetCallerIdentity",
    "ssm": "DescribeInstanceInformation DescribeParameters GetParameter SendCommand StartSession",
    "backup": "ListBackupVaults ListRecoveryPointsByBackupVault DescribeBackupJob StartBackupJob",
}
_AZURE = (
    "Microsoft.Compute/virtualMachines/read Microsoft.Storage/storageAccounts/read Microsoft.Web/sites/read "
    "Microsoft.Network/virtualNetworks/read Microsoft.Sql/servers/databases/read Microsoft.Insights/metrics/read "
    "Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Network/networkSecurityGroups/read "
    "Microsoft.ContainerService/managedClusters/read Microsoft.CostManagement/query/read "
    "Microsoft.OperationalInsights/workspaces/query/read Microsoft.Authorization/roleAssignments/read "
    "Microsoft.Resources/deployments/write Microsoft.Compute/snapshots/write Microsoft.Compute/disks/write "
    "Microsoft.Resources/tags/write Microsoft.Web/sites/config/write Microsoft.Compute/virtualMachines/write "
    "Microsoft.Sql/servers/databases/write Microsoft.Insights/metricAlerts/write "
    "Microsoft.ContainerService/managedClusters/agentPools/write Microsoft.Compute/virtualMachines/start/action "
    "Microsoft.Web/sites/start/action Microsoft.Compute/virtualMachines/deallocate/action "
    "Microsoft.Web/sites/stop/action Microsoft.Compute/virtualMachines/runCommand/action "
    "Microsoft.Automation/automationAccounts/jobs/write Microsoft.Network/networkSecurityGroups/securityRules/write "
    "Microsoft.Network/dnsZones/A/write Microsoft.Compute/snapshots/delete Microsoft.Compute/disks/delete"
).split()

_NO_OBJECT = ("Describe", "List", "Lookup", "Search", "GetMetric", "GetCost", "GetCaller", "GetAccount", "GetAuth")
_BY_NOUN = (
    ("SecurityGroup", "security_group"),
    ("Snapshot", "snapshot"),
    ("Volume", "volume"),
    ("Image", "image"),
    ("Instance", "instance"),
)
_KINDS = {
    "lambda": "function",
    "cloudformation": "stack",
    "logs": "log_group",
    "iam": "role",
    "ecr": "repository",
    "dynamodb": "table",
    "sqs": "queue",
    "sns": "topic",
    "kms": "key",
    "secretsmanager": "secret",
    "cloudtrail": "trail",
    "ssm": "parameter",
}
_DATA = frozenset(("GetObject", "PutObject", "CopyObject", "HeadObject", "DeleteObject"))
_NUMBERED = {
    "instance": "i",
    "snapshot": "snap",
    "volume": "vol",
    "image": "ami",
    "security_group": "sg",
}


def kind_of(service: str, action: str) -> str:
    """What an AWS operation is called on; "" for what is there as a whole."""
    if action.startswith(_NO_OBJECT) and (service, action) != ("dynamodb", "DescribeTable"):
        return ""
    if service == "s3":
        return "object" if action in _DATA else "bucket"
    if service == "rds":
        return "db_snapshot" if "Snapshot" in action else "db_instance"
    if service == "ssm" and action in ("SendCommand", "StartSession"):
        return "instance"
    if service == "ec2":
        return next((kind for noun, kind in _BY_NOUN if noun in action), "")
    return _KINDS.get(service, "")


AWS_CALLS: tuple[Call, ...] = tuple(
    Call(f"{service}.amazonaws.com", action, aws_category(f"{service}.amazonaws.com", action, ()), kind)
    for service, actions in _AWS.items()
    for action in actions.split()
    for kind in (kind_of(service, action),)
)
AZURE_CALLS: tuple[Call, ...] = tuple(
    Call(made.app, made.action, made.category, "resource") for made in map(azure, _AZURE)
)

_LOOKING = frozenset({Category.READ, Category.LIST})
_LOOKING_RANK = 0.35
"""Looking is done far more often than changing: ranks of what looks are drawn from this lowest share."""
_SELDOM = frozenset({Category.AUDIT_CONFIG, Category.ROLE_GRANT, Category.SECRET_READ, Category.CREDENTIAL})
"""What nobody makes a habit of: trails are set up once; rights, keys and secrets are for a few."""
_DENIED = 0.012
"""Calls refused for want of rights, as a share: a usual level for people with scoped roles."""
_MOST_NUMBERS = 60


def habits(rng: Random, calls: tuple[Call, ...], size: int) -> tuple[Call, ...]:
    """`size` of `calls`, the most used first: a person's own subset, gathered around a few services."""
    favourites = set(rng.sample(sorted({call.app for call in calls}), k=min(5, len({call.app for call in calls}))))
    ranked = []
    for call in calls:
        if call.category in _SELDOM:
            continue
        rank = rng.random()
        rank *= _LOOKING_RANK if call.category in _LOOKING else 1
        ranked.append((rank if call.app in favourites else rank + _LOOKING_RANK / 2, call))
    ranked.sort()
    return tuple(call for _, call in ranked[:size])


@lru_cache(maxsize=65_536)
def resource(app: str, kind: str, number: int) -> NativeObject:
    """Resource `number` of a kind, always with the same name; an object of S3 always with the same size, bytes."""
    service = app.split(".", 1)[0]
    if kind in _NUMBERED:
        return NativeObject(kind, f"{_NUMBERED[kind]}-0{token(kind, number, size=8)}")
    if kind == "object":
        return NativeObject(kind, f"acme-{service}-data-{number % 5}/part-{number:05d}.parquet", 4_096 << number % 12)
    if kind == "bucket":
        return NativeObject(kind, f"acme-{service}-data-{number % 12}")
    return NativeObject(kind, f"{service}-prod-{number:03d}")


def objects_of(rng: Random, call: Call) -> Objects:
    """The resource that a call is made on, some far more often than others."""
    number = zipf(rng, _MOST_NUMBERS)
    if call.action == "RunInstances":
        sizes = ("t3.medium", "t3.large", "m6i.large", "c6i.xlarge")
        return placed(call.category, (NativeObject("instance_type", sizes[number % len(sizes)]),))
    objects = (resource(call.app, call.kind, number),) if call.kind else ()
    return placed(call.category, objects, HOME_PLACE if call.app.startswith(AZURE) else "")


def step(rng: Random, call: Call) -> Step:
    """`call` on one of the company's resources, now and then refused."""
    objects, refused = objects_of(rng, call), chance(rng, _DENIED)
    outcome, error = Outcome.SUCCESS, ""
    if refused:
        outcome, error = Outcome.DENIED, _refusal(call.app)
    return Step(call.app, call.action, call.category, objects, outcome, error)


def _refusal(app: str) -> str:
    """The code that a cloud service refuses with."""
    if app.startswith(AZURE):
        return "AuthorizationFailed"
    if app == "ec2.amazonaws.com":
        return "Client.UnauthorizedOperation"
    return "AccessDenied" if app in ("s3.amazonaws.com", "iam.amazonaws.com") else "AccessDeniedException"


def refused(service: str, action: str, *objects: NativeObject) -> Step:
    """A call of AWS that is refused for want of rights."""
    return aws(service, action, *objects, error=_refusal(f"{service}.amazonaws.com"))


def habitual(rng: Random, calls: tuple[Call, ...]) -> Step:
    """One of a person's habitual calls, by Zipf's law."""
    return step(rng, calls[zipf(rng, len(calls))])
