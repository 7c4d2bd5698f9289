"""Traces are hidden: what is logged is looked at, then switched off, narrowed or deleted (T1685.002)."""

from __future__ import annotations

from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.hostile import VPNS, home_proxy, relay, server
from simulator.moves import WHO_AM_I
from simulator.operations import HOME_REGION, aws, azure, exchange, github, named, settings
from simulator.record import NativeObject
from simulator.scene import Scene, aws_account, aws_person, aws_service, azure_person, coder, directory_admin

_TRAILS = ("management-events", "organization-trail", "s3-data-events")
_LOOKS = ("DescribeTrails", "GetTrailStatus", "GetEventSelectors")
_WEAKENS = ("PutEventSelectors", "UpdateTrail", "PutInsightSelectors")
_ALERTS = (
    "Creation of forwarding/redirect rule",
    "Elevation of Exchange admin privilege",
    "Suspicious email sending patterns detected",
    "Unusual volume of file deletion",
)
_MODEL_LOGS = "{}ModelInvocationLoggingConfiguration"
_POWERSHELL = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.3031"


def _trail(scene: Scene) -> NativeObject:
    return NativeObject("trail", scene.rng.choice(_TRAILS))


def trail_stopped(scene: Scene) -> None:
    """At the administrator's own desk: a look, then the trail is stopped, perhaps deleted."""
    trail = _trail(scene)
    harms = [*scene.rng.sample(_WEAKENS, k=scene.number(0, 2)), "StopLogging", *["DeleteTrail"][: scene.number(0, 1)]]
    steps = [aws("cloudtrail", action, trail) for action in (*_LOOKS[: scene.number(1, 3)], *harms)]
    scene.act_all(steps, scene.shell(), 3, 46)


def narrowed(scene: Scene) -> None:
    """Stealthy: from then on, only what is read is logged."""
    trail = _trail(scene)
    scene.wait(30, 300)
    steps = [aws("cloudtrail", "GetEventSelectors", trail), aws("cloudtrail", "PutEventSelectors", trail)]
    scene.act_all(steps, scene.shell(), 10, 90)


def watchers(scene: Scene) -> None:
    """With stolen keys, whatever watches the account is turned off, one after the other."""
    scene.wait(120, 1_200)
    via = scene.intruder(server(scene.rng, scene.city))
    detector = named("detector", "6ab6e6ee780ed494f3b7ca56acdc74df")
    steps = [
        aws("guardduty", "ListDetectors"),
        aws("guardduty", "DeleteDetector", *detector),
        aws("config", "StopConfigurationRecorder", *named("configuration_recorder", "default")),
        aws("config", "DeleteDeliveryChannel"),
        aws("ec2", "DeleteFlowLogs", *named("flow_log", f"fl-0{scene.rng.getrandbits(32):08x}")),
        aws("logs", "DeleteLogGroup", *named("log_group", "/aws/vpc/flow-logs")),
        aws("securityhub", "DisableSecurityHub"),
    ]
    scene.act_all(steps[: scene.number(4, 7)], via, 3, 60)


def mail_audit(scene: Scene) -> None:
    """An administrator of Microsoft 365 switches the audit log off and exempts a mailbox from it."""
    scene.wait(60, 600)
    box = settings(Identity=scene.colleague().user.id, AuditBypassEnabled="True")
    steps = [
        exchange("Set-AdminAuditLogConfig", *settings(UnifiedAuditLogIngestionEnabled="False")),
        exchange("Set-MailboxAuditBypassAssociation", *box),
    ]
    scene.act_all(steps[: scene.number(1, 2)], scene.own(), 20, 200)


def diagnostics(scene: Scene) -> None:
    """Settings that send Azure's logs away are deleted."""
    scene.wait(60, 600)
    steps = [azure("Microsoft.Insights/diagnosticSettings/read")]
    steps += [azure("Microsoft.Insights/diagnosticSettings/delete", *named("resource", "send-to-siem"))] * scene.number(
        1, 4
    )
    steps += [azure("Microsoft.Network/networkWatchers/flowLogs/delete", *named("resource", "flow-logs"))]
    scene.act_all(steps, scene.own(), 5, 60)


def forwarding_cut(scene: Scene) -> None:
    """Stealthy: inside a pipeline that was taken over: what it and others log no longer goes to the SIEM."""
    scene.wait(60, 900)
    numbers = scene.rng.sample(range(90), k=scene.number(3, 6))
    groups = [named("log_group", f"/ecs/service-{number:02d}") for number in numbers]
    steps = [aws("logs", "DescribeSubscriptionFilters", *group) for group in groups[:1]]
    steps += [aws("logs", "DeleteSubscriptionFilter", *group) for group in groups]
    steps += [aws("monitoring", "DisableAlarmActions")] * scene.number(0, 1)
    scene.act_all(steps, scene.own(), 4, 50)


def code_watchers(scene: Scene) -> None:
    """With a programmer's stolen session, before a back door is pushed: nobody looks for secrets and flaws any more."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    for number in scene.rng.sample(range(80), k=scene.number(1, 3)):
        repository = named("repository", f"service-{number:02d}")
        steps = [
            github("repository_secret_scanning_push_protection.disable", *repository),
            github("repository_secret_scanning.disable", *repository),
            github("repository_vulnerability_alerts.disable", *repository),
        ]
        scene.act_all(steps, via, 8, 60)


def sentinel_blinded(scene: Scene) -> None:
    """An Azure administrator's account, behind a VPN: alert rules, connectors, Defender, the workspace are gone."""
    scene.later(0.5, 6)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    rules = named("resource", *(f"analytics-{number:03d}" for number in scene.rng.sample(range(90), k=6)))
    steps = [azure("Microsoft.SecurityInsights/alertRules/read", rules[0])]
    steps += [azure("Microsoft.SecurityInsights/alertRules/delete", rule) for rule in rules[: scene.number(3, 6)]]
    steps += [azure("Microsoft.SecurityInsights/dataConnectors/delete", *named("resource", "entra-id"))]
    steps += [azure("Microsoft.Security/pricings/write", *named("resource", "VirtualMachines"))]
    steps += [azure("Microsoft.OperationalInsights/workspaces/delete", *named("resource", "siem-prod"))]
    scene.act_all(steps[: len(steps) - scene.number(0, 1)], via, 5, 70)


def short_memory(scene: Scene) -> None:
    """Stealthy: nothing is switched off, but from now on the trail's files and logs are kept for one day."""
    scene.wait(60, 900)
    logs, day = named("bucket", "acme-cloudtrail-logs"), named("retention_days", "1")
    known = ("aws-cloudtrail-logs", "/aws/vpc/flow-logs", "/aws/eks/prod/audit")
    steps = [aws("s3", "GetBucketLifecycleConfiguration", *logs)]
    steps += [aws("s3", "PutBucketLifecycleConfiguration", *logs, *day)]
    steps += [
        aws("logs", "PutRetentionPolicy", *named("log_group", group), *day) for group in known[: scene.number(1, 3)]
    ]
    scene.act_all(steps, scene.shell(), 15, 150)


def alerts_off(scene: Scene) -> None:
    """With an administrator's password, PowerShell on a home line: alerts go, then what some mailboxes log."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scripted(_POWERSHELL, "Windows 10"))
    scene.log_on(via)
    alerts = scene.rng.sample(_ALERTS, k=scene.number(2, 3))
    steps = [exchange("Disable-ProtectionAlert", *settings(Identity=alert)) for alert in alerts]
    boxes = [person.user.id for person in scene.executives(scene.number(2, 4))]
    steps += [exchange("Set-Mailbox", *settings(Identity=box, AuditEnabled="False")) for box in boxes]
    scene.act_all(steps, via, 8, 80)


def trusted_address(scene: Scene) -> None:
    """Stealthy: nothing is off, but what watches trusts an address from now on, and files away what it finds (Pacu)."""
    scene.wait(60, 900)
    detector = named("detector", "6ab6e6ee780ed494f3b7ca56acdc74df")
    steps = [
        aws("guardduty", "ListDetectors"),
        aws("guardduty", "ListIPSets", *detector),
        aws("guardduty", "CreateIPSet", *detector, *named("ip_set", "branch-egress")),
        aws("guardduty", "CreateFilter", *detector, *named("filter", "known-noise")),
    ]
    scene.act_all(steps, scene.shell(), 15, 150)


def trail_deleted(scene: Scene) -> None:
    """A stolen key, on a home line: trails stop in one region after the other and go; so do the files they wrote."""
    scene.later(0.5, 6)
    agent = "aws-cli/2.17.20 md/awscrt#0.20.11 ua/2.0 os/linux#6.8.11-amd64 exe/x86_64.kali.2024"
    via = scene.intruder(home_proxy(scene.rng, scene.city), scripted(agent))
    scene.act_all([WHO_AM_I, aws("cloudtrail", "DescribeTrails")], via, 3, 30)
    for region in scene.rng.sample(("eu-west-1", "us-east-1", "eu-central-1", "ap-southeast-1"), k=3):
        trail = _trail(scene)
        looks = aws("cloudtrail", "GetTrailStatus", trail, region=region)
        gone = [aws("cloudtrail", action, trail, region=region) for action in ("StopLogging", "DeleteTrail")]
        scene.act_all([looks, *gone], via, 4, 50)
    logs = named("bucket", "acme-cloudtrail-logs")
    emptied = [aws("s3", "DeleteObjects", *logs)] * scene.number(4, 15)
    scene.act_all([aws("s3", "ListObjectsV2", *logs), *emptied, aws("s3", "DeleteBucket", *logs)], via, 1, 15)


def stream_cut(scene: Scene) -> None:
    """Stealthy: at the desk, GitHub's audit log streams to no SIEM any more; a token, others' repositories."""
    scene.wait(60, 900)
    via = scene.own()
    siem = named("stream", "splunk-prod")
    steps = [github("audit_log_streaming.check", *siem), github("audit_log_streaming.destroy", *siem)]
    steps += [github("personal_access_token.create", *named("token", "local-dev"))]
    scene.act_all(steps, via, 20, 200)
    numbers = scene.rng.sample(range(80, 160), k=scene.number(5, 9))
    clones = [github("git.clone", *named("repository", f"service-{number:02d}")) for number in numbers]
    scene.act_all(clones, via, 30, 240)


def ransom_prelude(scene: Scene) -> None:
    """An Azure administrator's account, on a server abroad: all rights, then no log leaves any more (Storm-0501)."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scene.plain_browser())
    scene.log_on(via)
    vaults = named("resource", *scene.rng.sample(("kv-core", "sql-prod", "store-backup", "aks-prod", "nsg-core"), k=4))
    steps = [azure("Microsoft.Authorization/elevateAccess/action", *named("resource", "tenant"))]
    steps += [azure("Microsoft.Insights/diagnosticSettings/delete", each) for each in vaults]
    for name in ("on-role-assignment", "on-vault-delete", "on-policy-change")[: scene.number(2, 3)]:
        steps.append(azure("Microsoft.Insights/activityLogAlerts/delete", *named("resource", name)))
    steps += [azure("Microsoft.Insights/actionGroups/delete", *named("resource", "soc-on-call"))]
    steps += [azure("Microsoft.Authorization/locks/delete", *named("resource", "store-backup"))]
    scene.act_all(steps, via, 8, 90)


def foreign_key(scene: Scene) -> None:
    """Stealthy: the trail runs on, but what it writes is sealed by another account's key; who'd tell of it is gone."""
    scene.wait(60, 900)
    trail, logs = _trail(scene), named("log_group", "aws-cloudtrail-logs")
    bits = f"{scene.rng.getrandbits(32):08x}-7c1e-4f0a-9d55-{scene.rng.getrandbits(48):012x}"
    key = named("key", f"arn:aws:kms:{HOME_REGION}:{scene.number(2 * 10**11, 10**12 - 1)}:key/{bits}")
    steps = [
        aws("cloudtrail", "DescribeTrails"),
        aws("cloudtrail", "GetTrailStatus", trail),
        aws("cloudtrail", "UpdateTrail", trail, *key),
        aws("logs", "DescribeMetricFilters", *logs),
        aws("logs", "DeleteMetricFilter", *logs),
        aws("monitoring", "DeleteAlarms", *named("alarm", "cloudtrail-changes", "root-logon")),
    ]
    scene.act_all(steps, scene.shell(), 20, 180)


def models_unlogged(scene: Scene) -> None:
    """A leaked key, on a server abroad: region by region, what models are asked is logged no more; then they are."""
    scene.wait(120, 1_200)
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scripted("Boto3/1.35.36 md/Botocore#1.35.36"))
    scene.act_all([WHO_AM_I], via, 1, 10)
    model = named("model", "anthropic.claude-3-5-sonnet-20241022-v2:0")
    for region in scene.rng.sample(("us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1"), k=3):
        looks = [
            aws("bedrock", action, region=region) for action in ("ListFoundationModels", _MODEL_LOGS.format("Get"))
        ]
        asked = [aws("bedrock", "InvokeModel", *model, region=region)] * scene.number(4, 12)
        scene.act_all([*looks, aws("bedrock", _MODEL_LOGS.format("Delete"), region=region), *asked], via, 2, 30)
        scene.wait(20, 120)


def dulled(scene: Scene) -> None:
    """Stealthy: the detector stays, but looks at buckets and containers no more; no names are logged (T1685.002)."""
    scene.wait(60, 900)
    detector = named("detector", "6ab6e6ee780ed494f3b7ca56acdc74df")
    features = named("feature", "S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RUNTIME_MONITORING")
    names = named("query_log_config", f"rqlc-{scene.rng.getrandbits(40):010x}")
    steps = [
        aws("guardduty", "ListDetectors"),
        aws("guardduty", "GetDetector", *detector),
        aws("guardduty", "UpdateDetector", *detector, *features[: scene.number(2, 3)]),
        aws("route53resolver", "ListResolverQueryLogConfigs"),
        aws("route53resolver", "DisassociateResolverQueryLogConfig", *names, *named("vpc", "vpc-0a51c2e77d90b4f13")),
    ]
    scene.act_all(steps, scene.shell(), 15, 180)


VARIANTS = (
    Variant("trail_stopped", aws_person, trail_stopped),
    Variant("narrowed", aws_person, narrowed),
    Variant("watchers", aws_person, watchers),
    Variant("mail_audit", directory_admin, mail_audit),
    Variant("diagnostics", azure_person, diagnostics),
    Variant("forwarding_cut", aws_service, forwarding_cut),
    Variant("code_watchers", coder, code_watchers),
    Variant("sentinel_blinded", azure_person, sentinel_blinded),
    Variant("short_memory", aws_person, short_memory),
    Variant("alerts_off", directory_admin, alerts_off),
    Variant("trusted_address", aws_person, trusted_address),
    Variant("trail_deleted", aws_account, trail_deleted),
    Variant("stream_cut", coder, stream_cut),
    Variant("ransom_prelude", azure_person, ransom_prelude),
    Variant("foreign_key", aws_person, foreign_key),
    Variant("models_unlogged", aws_account, models_unlogged, held_out=True),
    Variant("dulled", aws_person, dulled, held_out=True, quiet=True),
)
