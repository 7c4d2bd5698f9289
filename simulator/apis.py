"""Cloud APIs: what may be called, and what one administrator usually calls.

Names are those of CloudTrail (`eventSource`, `eventName`) and of the Azure activity log (`operationName`).
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from activities.activity import Category, Outcome
from simulator.record import NativeObject, Step
from simulator.streams import chance, zipf

AUDIT = Category.AUDIT_CONFIG
COMPUTE_START, COMPUTE_STOP = Category.COMPUTE_START, Category.COMPUTE_STOP
CREATE, DELETE, MODIFY = Category.CREATE, Category.DELETE, Category.MODIFY
DOWNLOAD, UPLOAD, EXECUTE = Category.DOWNLOAD, Category.UPLOAD, Category.EXECUTE
LIST, READ = Category.LIST, Category.READ
NETWORK, TOKEN = Category.NETWORK_CONFIG, Category.TOKEN

CLOUDTRAIL = "cloudtrail.amazonaws.com"
AZURE = "Azure Resource Manager"


class Call(NamedTuple):
    """One operation of one cloud service."""

    app: str
    action: str
    category: Category


_AWS: dict[str, dict[Category, str]] = {
    "ec2": {
        LIST: "DescribeInstances DescribeVolumes DescribeSecurityGroups DescribeSubnets DescribeVpcs DescribeImages "
        "DescribeSnapshots DescribeInstanceStatus DescribeAddresses DescribeKeyPairs DescribeLaunchTemplates "
        "DescribeNetworkInterfaces DescribeRouteTables DescribeTags DescribeRegions",
        COMPUTE_START: "RunInstances StartInstances",
        COMPUTE_STOP: "StopInstances TerminateInstances",
        CREATE: "CreateTags CreateSnapshot CreateVolume CreateImage CreateLaunchTemplateVersion",
        MODIFY: "AttachVolume ModifyInstanceAttribute AssociateAddress",
        DELETE: "DeleteSnapshot DeleteVolume",
        NETWORK: "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress CreateSecurityGroup",
    },
    "s3": {
        LIST: "ListBuckets ListObjectsV2 ListObjectVersions",
        READ: "HeadObject GetBucketLocation GetBucketPolicy GetBucketVersioning GetBucketTagging",
        DOWNLOAD: "GetObject",
        UPLOAD: "PutObject CopyObject",
        MODIFY: "PutBucketLifecycleConfiguration PutBucketTagging",
        DELETE: "DeleteObject",
    },
    "lambda": {
        LIST: "ListFunctions20150331 ListVersionsByFunction20150331",
        READ: "GetFunction20150331v2 GetFunctionConfiguration20150331v2",
        MODIFY: "UpdateFunctionCode20150331v2 UpdateFunctionConfiguration20150331v2",
        CREATE: "CreateFunction20150331 PublishVersion20150331",
        EXECUTE: "Invoke",
    },
    "rds": {
        LIST: "DescribeDBInstances DescribeDBSnapshots DescribeDBClusters DescribeEvents",
        CREATE: "CreateDBSnapshot",
        MODIFY: "ModifyDBInstance RebootDBInstance",
    },
    "cloudformation": {
        LIST: "DescribeStacks ListStacks DescribeStackEvents ListStackResources",
        READ: "GetTemplate GetTemplateSummary",
        MODIFY: "UpdateStack CreateChangeSet ExecuteChangeSet",
        CREATE: "CreateStack",
    },
    "monitoring": {
        LIST: "DescribeAlarms ListMetrics ListDashboards",
        READ: "GetMetricData GetMetricStatistics GetDashboard",
        MODIFY: "PutMetricAlarm PutDashboard SetAlarmState",
    },
    "logs": {
        LIST: "DescribeLogGroups DescribeLogStreams FilterLogEvents",
        READ: "GetLogEvents StartQuery GetQueryResults",
        MODIFY: "PutRetentionPolicy",
    },
    "iam": {
        LIST: "ListRoles ListUsers ListPolicies ListAttachedRolePolicies ListInstanceProfiles ListAccessKeys",
        READ: "GetRole GetPolicy GetPolicyVersion GetUser GetAccountSummary",
    },
    "eks": {LIST: "ListClusters ListNodegroups", READ: "DescribeCluster DescribeNodegroup AccessKubernetesApi"},
    "ecr": {
        LIST: "DescribeRepositories DescribeImages ListImages",
        READ: "BatchGetImage GetDownloadUrlForLayer",
        UPLOAD: "PutImage InitiateLayerUpload",
        TOKEN: "GetAuthorizationToken",
    },
    "ecs": {LIST: "ListClusters ListTasks DescribeServices DescribeTasks", MODIFY: "UpdateService", EXECUTE: "RunTask"},
    "elasticloadbalancing": {
        LIST: "DescribeLoadBalancers DescribeTargetGroups DescribeTargetHealth DescribeListeners",
        MODIFY: "RegisterTargets DeregisterTargets",
    },
    "autoscaling": {LIST: "DescribeAutoScalingGroups DescribeScalingActivities", MODIFY: "UpdateAutoScalingGroup"},
    "route53": {LIST: "ListHostedZones ListResourceRecordSets", NETWORK: "ChangeResourceRecordSets"},
    "dynamodb": {LIST: "ListTables", READ: "DescribeTable DescribeContinuousBackups", MODIFY: "UpdateTable"},
    "sqs": {LIST: "ListQueues", READ: "GetQueueAttributes"},
    "sns": {LIST: "ListTopics ListSubscriptions", READ: "GetTopicAttributes"},
    "kms": {LIST: "ListKeys ListAliases", READ: "DescribeKey", EXECUTE: "Decrypt GenerateDataKey"},
    "ce": {READ: "GetCostAndUsage GetCostForecast"},
    "cloudtrail": {LIST: "DescribeTrails LookupEvents", READ: "GetTrailStatus", AUDIT: "CreateTrail StartLogging"},
    "sts": {READ: "GetCallerIdentity"},
    "ssm": {LIST: "DescribeInstanceInformation DescribeParameters", EXECUTE: "SendCommand StartSession"},
}

_AZURE: dict[Category, str] = {
    READ: "Microsoft.Compute/virtualMachines/read Microsoft.Storage/storageAccounts/read Microsoft.Web/sites/read "
    "Microsoft.Network/virtualNetworks/read Microsoft.Sql/servers/databases/read Microsoft.Insights/metrics/read "
    "Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Network/networkSecurityGroups/read "
    "Microsoft.ContainerService/managedClusters/read Microsoft.CostManagement/query/read "
    "Microsoft.OperationalInsights/workspaces/query/read Microsoft.Authorization/roleAssignments/read",
    CREATE: "Microsoft.Resources/deployments/write Microsoft.Compute/snapshots/write "
    "Microsoft.Compute/disks/write Microsoft.Resources/tags/write",
    MODIFY: "Microsoft.Web/sites/config/write Microsoft.Compute/virtualMachines/write "
    "Microsoft.Sql/servers/databases/write Microsoft.Insights/metricAlerts/write "
    "Microsoft.ContainerService/managedClusters/agentPools/write",
    COMPUTE_START: "Microsoft.Compute/virtualMachines/start/action Microsoft.Web/sites/start/action",
    COMPUTE_STOP: "Microsoft.Compute/virtualMachines/deallocate/action Microsoft.Web/sites/stop/action",
    EXECUTE: "Microsoft.Compute/virtualMachines/runCommand/action Microsoft.Automation/automationAccounts/jobs/write",
    NETWORK: "Microsoft.Network/networkSecurityGroups/securityRules/write Microsoft.Network/dnsZones/A/write",
    DELETE: "Microsoft.Compute/snapshots/delete Microsoft.Compute/disks/delete",
}

AWS_CALLS: tuple[Call, ...] = tuple(
    Call(f"{service}.amazonaws.com", action, category)
    for service, calls in _AWS.items()
    for category, actions in calls.items()
    for action in actions.split()
)
AZURE_CALLS: tuple[Call, ...] = tuple(
    Call(AZURE, action, category) for category, actions in _AZURE.items() for action in actions.split()
)

_LOOKING = frozenset({LIST, READ})
_LOOKING_RANK = 0.35
"""Looking is done far more often than changing: ranks of what looks are drawn from this lowest share."""
_DENIED = 0.012
"""Calls refused for want of rights, as a share: a usual level for people with scoped roles."""


def habits(rng: Random, calls: tuple[Call, ...], size: int) -> tuple[Call, ...]:
    """`size` of `calls`, the most used first: a person's own subset, gathered around a few services."""
    favourites = set(rng.sample(sorted({call.app for call in calls}), k=min(5, len({call.app for call in calls}))))
    ranked = []
    for call in calls:
        if call.category is AUDIT:
            # Trails are set up once: nobody makes a habit of it.
            continue
        rank = rng.random()
        rank *= _LOOKING_RANK if call.category in _LOOKING else 1
        ranked.append((rank if call.app in favourites else rank + _LOOKING_RANK / 2, call))
    ranked.sort()
    return tuple(call for _, call in ranked[:size])


def step(rng: Random, call: Call) -> Step:
    """`call` on one of the company's resources, now and then refused."""
    number = zipf(rng, 60)
    service = call.app.split(".", 1)[0]
    objects = (NativeObject("resource", f"{service}-prod-{number:03d}"),)
    if call.category in {DOWNLOAD, UPLOAD}:
        size = 4_096 << (number % 12)
        objects = (NativeObject("object", f"{service}-data/part-{number:05d}.parquet", size),)
    return Step(
        call.app, call.action, call.category, objects, Outcome.DENIED if chance(rng, _DENIED) else Outcome.SUCCESS
    )


def habitual(rng: Random, calls: tuple[Call, ...]) -> Step:
    """One of a person's habitual calls, by Zipf's law."""
    return step(rng, calls[zipf(rng, len(calls))])
