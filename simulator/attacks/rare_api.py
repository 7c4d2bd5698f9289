"""A stolen key or a curious administrator explores: calls that the account never made (T1526, T1580)."""

from __future__ import annotations

from simulator.apis import refused, resource
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import CONSOLE_LOGON
from simulator.hostile import HOMES_FAR, HOSTS, PUBLIC_CLOUDS, VPNS, anywhere, relay, server
from simulator.moves import STS, WHO_AM_I, call, unused
from simulator.operations import aws, azure, github, named
from simulator.record import HOUR, MINUTE
from simulator.scene import Scene, Via, aws_account, aws_person, aws_service, azure_person, coder

_DISCOVERY = (
    "iam.ListUsers iam.ListRoles iam.ListGroups iam.ListUserPolicies iam.ListAttachedUserPolicies "
    "iam.ListGroupsForUser iam.ListMFADevices iam.ListSAMLProviders iam.ListServerCertificates iam.ListSSHPublicKeys "
    "iam.GetAccountAuthorizationDetails iam.GetAccountPasswordPolicy iam.GetCredentialReport iam.GetLoginProfile "
    "iam.SimulatePrincipalPolicy organizations.ListAccounts organizations.ListPolicies "
    "organizations.DescribeOrganization secretsmanager.ListSecrets guardduty.ListDetectors guardduty.GetDetector "
    "ses.ListIdentities ses.GetAccount ses.GetSendQuota servicequotas.ListServiceQuotas lightsail.GetInstances "
    "lightsail.GetRegions ec2.DescribeInstanceAttribute ec2.DescribeAccountAttributes sts.GetSessionToken "
    "account.ListRegions ssm.DescribeParameters config.DescribeConfigurationRecorders macie2.GetMacieSession"
)
_PERSISTENCE = (
    "iam.CreateUser iam.CreateAccessKey iam.CreateLoginProfile iam.AttachUserPolicy iam.PutUserPolicy "
    "iam.AddUserToGroup iam.UpdateAssumeRolePolicy iam.UpdateLoginProfile secretsmanager.GetSecretValue "
    "ssm.GetParametersByPath ec2.GetPasswordData"
)
_MAILING = (
    "ses.GetAccount ses.GetSendQuota ses.GetSendStatistics ses.ListIdentities ses.VerifyEmailIdentity "
    "ses.GetAccountSendingEnabled ses.PutAccountDetails ses.UpdateAccountSendingEnabled sns.GetSMSAttributes "
    "servicequotas.ListServiceQuotas servicequotas.RequestServiceQuotaIncrease support.CreateCase iam.CreateUser"
)
_AZURE = (
    "Microsoft.Authorization/roleDefinitions/read Microsoft.KeyVault/vaults/read "
    "Microsoft.Storage/storageAccounts/listKeys/action Microsoft.Automation/automationAccounts/runbooks/read "
    "Microsoft.Automation/automationAccounts/runbooks/draft/write Microsoft.Logic/workflows/read "
    "Microsoft.Compute/virtualMachines/extensions/write Microsoft.Web/sites/publishxml/action "
    "Microsoft.Web/sites/config/list/action Microsoft.ManagedIdentity/userAssignedIdentities/read "
    "Microsoft.DocumentDB/databaseAccounts/listKeys/action Microsoft.Management/managementGroups/read "
    "Microsoft.Resources/subscriptions/providers/read Microsoft.ContainerRegistry/registries/listCredentials/action"
).split()
_GITHUB = (
    "org.audit_log_export hook.create repo.add_member public_key.create org.self_hosted_runner_group_created "
    "environment.create_actions_secret repo.update_actions_settings protected_branch.policy_override repo.download_zip "
    "org.update_default_repository_permission deploy_key.create org.runner_group_visiblity_updated"
).split()
_MODELS = (
    "bedrock.ListFoundationModels bedrock.GetFoundationModelAvailability bedrock.ListFoundationModelAgreementOffers "
    "bedrock.CreateFoundationModelAgreement bedrock.GetUseCaseForModelAccess bedrock.PutUseCaseForModelAccess "
    "bedrock.PutFoundationModelEntitlement bedrock.ListInferenceProfiles "
    "bedrock.GetModelInvocationLoggingConfiguration bedrock.InvokeModel bedrock.Converse "
    "servicequotas.ListServiceQuotas ce.GetAnomalies"
)
_WORKLOAD = (
    "ec2.DescribeIamInstanceProfileAssociations ec2.DescribeFlowLogs ec2.GetConsoleOutput ecs.ListTaskDefinitions "
    "ecs.DescribeTaskDefinition lambda.GetPolicy20150331v2 lambda.ListEventSourceMappings20150331 "
    "ecr.GetRepositoryPolicy iam.ListInstanceProfilesForRole iam.ListOpenIDConnectProviders ssm.ListDocuments "
    "ssm.DescribeSessions apigateway.GetRestApis s3.GetBucketAcl s3.GetBucketPublicAccessBlock "
    "sts.DecodeAuthorizationMessage"
)
_CONSOLES = (
    "ssm.GetInventory ssm.ListInventoryEntries ssm.GetInventorySchema cloudshell.CreateEnvironment "
    "cloudshell.CreateSession ec2.GetSerialConsoleAccessStatus ec2.EnableSerialConsoleAccess "
    "ec2.DescribeInstanceConnectEndpoints ec2.GetConsoleScreenshot ec2-instance-connect.SendSSHPublicKey "
    "ec2-instance-connect.SendSerialConsoleSSHPublicKey sso.ListInstances identitystore.ListUsers "
    "identitystore.ListGroupMemberships resource-explorer-2.Search"
)
_DATA = (
    "glue.GetDatabases glue.GetTables glue.GetConnections athena.ListWorkGroups athena.ListNamedQueries "
    "redshift.DescribeClusters redshift-serverless.ListWorkgroups lakeformation.ListPermissions "
    "dms.DescribeEndpoints kinesis.ListStreams es.ListDomainNames dynamodb.ListExports rds.DescribeExportTasks "
    "athena.StartQueryExecution athena.GetQueryResults redshift.GetClusterCredentials rds.StartExportTask "
    "dynamodb.ExportTableToPointInTime"
)
_SENDING = (
    "ses.CreateEmailIdentity ses.PutEmailIdentityDkimAttributes ses.PutEmailIdentityMailFromAttributes "
    "ses.CreateConfigurationSet workmail.CreateOrganization workmail.DescribeOrganization workmail.CreateUser "
    "workmail.RegisterToWorkMail iam.CreateUser iam.CreateLoginProfile iam.CreateRole iam.ListGroups "
    "organizations.DescribeOrganization organizations.LeaveOrganization account.EnableRegion "
    "route53domains.ListDomains support.DescribeSeverityLevels"
)
_BUCKETS = (
    "s3.GetBucketAcl s3.GetBucketOwnershipControls s3.GetBucketEncryption s3.GetObjectLockConfiguration "
    "s3.GetBucketPublicAccessBlock iam.ListUsers iam.ListGroups iam.GetLoginProfile iam.CreateUser "
    "iam.CreateLoginProfile iam.CreateAccessKey iam.AttachUserPolicy ec2.DescribeInstanceTypes ec2.CreateKeyPair"
)
_WAYS_BACK = (
    "rolesanywhere.ListTrustAnchors rolesanywhere.CreateTrustAnchor rolesanywhere.CreateProfile "
    "iam.ListOpenIDConnectProviders iam.CreateOpenIDConnectProvider iam.UpdateAssumeRolePolicy "
    "lambda.CreateFunctionUrlConfig lambda.AddPermission20150331v2 apigateway.CreateRestApi "
    "apigateway.CreateDeployment events.PutRule events.PutTargets"
)
_TEXTING = (
    "sns.GetSMSSandboxAccountStatus sns.GetSMSAttributes sns.SetSMSAttributes sns.ListOriginationNumbers "
    "sns.ListPhoneNumbersOptedOut sms-voice.DescribeAccountAttributes sms-voice.DescribeSpendLimits "
    "sms-voice.DescribePhoneNumbers sms-voice.DescribeSenderIds sms-voice.RequestPhoneNumber "
    "sms-voice.SetTextMessageSpendLimitOverride servicequotas.GetServiceQuota support.CreateCase"
)

_INVENTORY = (
    "iam.GetAccountAuthorizationDetails iam.ListUserPolicies iam.ListGroupsForUser iam.ListOpenIDConnectProviders "
    "organizations.ListAccounts organizations.DescribeOrganization lambda.GetAccountSettings20160819 "
    "lambda.ListLayers20181031 lambda.GetPolicy20150331v2 kms.ListGrants rds.DescribeDBClusterParameters "
    "bedrock.ListFoundationModels bedrock.ListCustomModels bedrock.ListKnowledgeBases "
    "bedrock.GetModelInvocationLoggingConfiguration ssm.DescribeParameters cloudwatch.DescribeAlarmHistory "
    "secretsmanager.ListSecrets"
)
_AFTERWARDS = (
    "iam.CreateUser iam.CreateAccessKey iam.AttachUserPolicy bedrock.PutUseCaseForModelAccess "
    "bedrock.CreateFoundationModelAgreement bedrock.InvokeModel bedrock.Converse ec2.DescribeSpotPriceHistory "
    "ec2.CreateKeyPair"
)
_DOORS = (
    "Microsoft.Relay/namespaces/write Microsoft.Relay/namespaces/hybridConnections/write "
    "Microsoft.Relay/namespaces/hybridConnections/authorizationRules/listKeys/action "
    "Microsoft.Web/sites/hybridConnectionNamespaces/relays/write "
    "Microsoft.Network/bastionHosts/createShareableLinks/action "
    "Microsoft.Network/bastionHosts/getShareableLinks/action "
    "Microsoft.SerialConsole/consoleServices/enableConsole/action Microsoft.SerialConsole/serialPorts/connect/action "
    "Microsoft.Logic/workflows/write Microsoft.Logic/workflows/triggers/listCallbackUrl/action "
    "Microsoft.Automation/automationAccounts/webhooks/write Microsoft.HybridCompute/machines/extensions/write "
    "Microsoft.ManagedServices/registrationDefinitions/write Microsoft.ManagedServices/registrationAssignments/write"
).split()


def stolen_key(scene: Scene) -> None:
    """8 to 20 new names within the hour, looking first, from a rented server in a country with an office."""
    chosen = scene.rng.sample(unused(scene, _DISCOVERY), k=scene.number(6, 14))
    chosen += scene.rng.sample(unused(scene, _PERSISTENCE), k=scene.number(2, 6))
    device = scripted("Boto3/1.34.162 md/Botocore#1.34.162 ua/2.0 os/linux lang/python#3.11")
    via = scene.intruder(server(scene.rng, scene.city), device)
    steps = [call(scene, service, action, "", 0.3) for service, action in chosen]
    scene.wait(60, 300)
    scene.spread(steps, via, scene.number(20, 54) * MINUTE)


def at_desk(scene: Scene) -> None:
    """Stealthy: an administrator looks around in their own session, a dozen new calls over the afternoon."""
    chosen = scene.rng.sample(unused(scene, _DISCOVERY), k=scene.number(10, 16))
    steps = [call(scene, service, action) for service, action in chosen]
    scene.wait(60, 300)
    scene.spread(steps, scene.shell(), scene.number(2, 4) * HOUR)


def spam(scene: Scene) -> None:
    """A key is prepared for sending spam: quotas, identities, a ticket to have limits raised."""
    chosen = unused(scene, _MAILING)
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scripted("aws-sdk-go/1.50.22"))
    scene.wait(60, 300)
    scene.act_all([call(scene, service, action, "", 0.1) for service, action in chosen], via, 5, 120)


def subscriptions(scene: Scene) -> None:
    """The same in Azure: what there is, its keys, and code that runs with more rights."""
    scene.wait(60, 900)
    names = scene.rng.sample(_AZURE, k=scene.number(9, len(_AZURE)))
    names.sort(key=lambda name: not name.endswith("/read"))
    steps = [azure(name, *named("resource", f"rg-prod-{scene.number(1, 30):02d}")) for name in names]
    scene.act_all(steps, scene.own(), 20, 200)


def repositories(scene: Scene) -> None:
    """Settings of the organisation's repositories that a programmer never touched."""
    scene.wait(60, 900)
    names = scene.rng.sample(_GITHUB, k=scene.number(9, len(_GITHUB)))
    steps = [github(name, *named("repository", f"service-{scene.number(0, 79):02d}")) for name in names]
    scene.act_all(steps, scene.own(), 20, 240)


def models(scene: Scene) -> None:
    """A leaked key is for language models: which there are, who may, then prompts, by VPN (LLMjacking)."""
    via = scene.intruder(relay(scene.rng, VPNS, "US"), scripted("Boto3/1.35.71 md/Botocore#1.35.71", "Windows 10"))
    scene.wait(60, 300)
    steps = [call(scene, service, action, "", 0.2) for service, action in unused(scene, _MODELS)]
    steps += [call(scene, "bedrock", "InvokeModel")] * scene.number(5, 30)
    scene.act_all(steps, via, 3, 60)


def inside_workload(scene: Scene) -> None:
    """Stealthy: inside a container that was taken over, at its own address, somebody looks around by command line."""
    seen = scene.seen
    via = Via(seen.address, scripted("aws-cli/2.9.19 Python/3.11.2 Linux/6.1.0 source/x86_64.debian.12"), seen.session)
    found = unused(scene, _WORKLOAD)
    chosen = scene.rng.sample(found, k=min(len(found), scene.number(9, 16)))
    scene.wait(60, 600)
    scene.spread([call(scene, service, action, "", 0.25) for service, action in chosen], via, 90 * MINUTE)


def remote_hands(scene: Scene) -> None:
    """By VPN, in the console: what machines there are, a shell, ways onto their consoles (Scattered Spider, 2023)."""
    scene.later(0.5, 5)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    scene.wait(10, 60)
    scene.act(CONSOLE_LOGON, via)
    scene.act_all(
        [call(scene, service, action, "", 0.15) for service, action in unused(scene, _CONSOLES)], via, 15, 180
    )


def warehouse(scene: Scene) -> None:
    """Stealthy: at the account's own address, a call every quarter of an hour: catalogues of data, then exports."""
    scene.wait(60, 900)
    found = unused(scene, _DATA)
    first = len(found) * 2 // 3
    chosen = scene.rng.sample(found[:first], k=min(first, scene.number(8, 11))) + found[first:]
    scene.spread([call(scene, service, action, "", 0.1) for service, action in chosen], scene.shell(), 5 * HOUR)


def federated_console(scene: Scene) -> None:
    """A leaked key becomes a session of the console, behind a VPN; from there on mail and domains (JavaGhost, 2025)."""
    device = scripted("aws-cli/1.22.34 Python/3.10.12 Linux/5.15.0-113-generic botocore/1.23.34")
    via = scene.intruder(relay(scene.rng, VPNS), device)
    scene.wait(60, 300)
    key = (("ses", "GetSendQuota"), ("iam", "ListAccountAliases"), ("sts", "GetFederationToken"))
    scene.act_all([call(scene, service, action) for service, action in key], via, 3, 40)
    scene.wait(60, 300)
    browser = scene.intruder(via.address, scene.plain_browser())
    scene.act_all([aws("signin", "GetSigninToken"), CONSOLE_LOGON], browser, 1, 6)
    steps = [call(scene, service, action, "", 0.2) for service, action in unused(scene, _SENDING)]
    scene.act_all(steps, browser, 10, 150)


def worm(scene: Scene) -> None:
    """Stealthy: no intruder comes: a poisoned package spreads on the programmer's own computer (Shai-Hulud, 2025)."""
    scene.wait(60, 900)
    via = scene.program("node/22.11.0 octokit-rest.js/21.0.2")
    scene.act_all([github("api.request")] * scene.number(4, 9), via, 0.5, 4)
    made = named("repository", f"{scene.rng.getrandbits(72):018x}")
    runner = (
        "repo.create repo.register_self_hosted_runner workflows.created_workflow_run repo.self_hosted_runner_online"
    )
    scene.act_all([github(action, *made) for action in f"{runner} repo.update_actions_settings".split()], via, 2, 30)
    scene.act_all([github("git.push", *made)] * 4, via, 2, 20)
    numbers = scene.rng.sample(range(80), k=scene.number(4, 9))
    for name in (f"service-{number:02d}" for number in numbers):
        steps = ("environment.create", "repo.create_actions_secret", "repo.rename", "repo.access")
        scene.act_all([github(action, *named("repository", name)) for action in steps], via, 1, 12)


def s3_browser(scene: Scene) -> None:
    """A leaked key in a program with windows, abroad: buckets, then a user to come back by (GUI-vil, 2023)."""
    scene.wait(60, 300)
    indonesia = tuple(row for row in HOMES_FAR if row[0].country == "ID")
    device = scripted("S3 Browser/9.5.5 (https://s3browser.com)", "Windows")
    via = scene.intruder(anywhere(scene.rng, indonesia), device)
    steps = [aws("s3", "ListBuckets")]
    steps += [call(scene, service, action, "", 0.15) for service, action in unused(scene, _BUCKETS)]
    scene.act_all(steps, via, 8, 120)


def ways_back(scene: Scene) -> None:
    """Stealthy: at the desk, no user and no key: issuers that are trusted, and functions that anybody may call (T1098).

    The account trusts another's certificates and tokens from then on; a call from outside runs code inside.
    """
    scene.wait(60, 900)
    steps = [call(scene, service, action, "", 0.05) for service, action in unused(scene, _WAYS_BACK)]
    scene.spread(steps, scene.shell(), scene.number(90, 170) * MINUTE)


def smishing(scene: Scene) -> None:
    """A leaked key, on a server abroad, is made ready for text messages: limits, numbers (SNS Sender, 2024)."""
    via = scene.intruder(anywhere(scene.rng, HOSTS), scripted("Boto3/1.35.23 md/Botocore#1.35.23 lang/python#3.10.12"))
    scene.wait(60, 300)
    steps = [WHO_AM_I]
    for region in ("", "us-east-1", "ap-southeast-1"):
        for service, action in unused(scene, _TEXTING):
            made = aws(service, action, region=region)
            refusal = refused(service, action)._replace(region=region)
            steps.append(refusal if scene.rng.random() < 0.2 else made)  # noqa: PLR2004
    scene.act_all(steps, via, 2, 40)


def domains_moved(scene: Scene) -> None:
    """Stealthy: at their desk, a dozen calls: domains are unlocked, and the codes read to move them (T1584)."""
    scene.wait(60, 900)
    tenant, region = scene.world.tenant, "us-east-1"
    steps = [aws("route53domains", action, region=region) for action in ("ListDomains", "ViewBilling")]
    for name in scene.rng.sample(("pay", "login", "shop", "cdn", "mail"), k=scene.number(2, 3)):
        domain = named("domain", f"{tenant}-{name}.example")
        steps += [
            aws("route53domains", action, *domain, region=region)
            for action in (
                "GetDomainDetail",
                "UpdateDomainContact",
                "DisableDomainTransferLock",
                "RetrieveDomainAuthCode",
            )
        ]
    scene.spread(steps, scene.shell(), scene.number(60, 110) * MINUTE)


def eight_minutes(scene: Scene) -> None:
    """A key from a public bucket: in minutes all that there is, code in a function, roles, models (Sysdig, 2025)."""
    scene.wait(60, 300)
    agent = "Boto3/1.40.61 md/Botocore#1.40.61 ua/2.1 os/linux#6.14.0 md/arch#x86_64 lang/python#3.13.7"
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted(agent))
    steps = [WHO_AM_I, *(call(scene, service, action, "", 0.15) for service, action in unused(scene, _INVENTORY))]
    scene.spread(steps, via, scene.number(4, 9) * MINUTE)
    injected = resource("lambda.amazonaws.com", "function", scene.number(0, 59))
    code = ("UpdateFunctionCode20150331v2", "UpdateFunctionConfiguration20150331v2", "Invoke")
    scene.act_all([aws("lambda", action, injected) for action in (*code, *code[::2] * 2)], via, 5, 40)
    roles = [named("role", f"{name}-admin") for name in ("netops", "sandbox", "deploy", "account", "sysadmin")]
    scene.act_all([scene.rng.choice((aws, refused))(STS, "AssumeRole", *role) for role in roles], via, 3, 25)
    scene.act_all([call(scene, service, action, "", 0.1) for service, action in unused(scene, _AFTERWARDS)], via, 3, 40)


def other_doors(scene: Scene) -> None:
    """Stealthy: at the desk, no user and no key: relays, links onto machines, another company's hands (T1133)."""
    scene.wait(60, 900)
    names = sorted(scene.rng.sample(_DOORS, k=scene.number(10, len(_DOORS))), key=_DOORS.index)
    steps = [azure(name, *named("resource", f"rg-prod-{scene.number(1, 30):02d}")) for name in names]
    scene.spread(steps, scene.own(), scene.number(90, 170) * MINUTE)


VARIANTS = (
    Variant("stolen_key", aws_account, stolen_key),
    Variant("at_desk", aws_person, at_desk, hours=5),
    Variant("spam", aws_account, spam),
    Variant("subscriptions", azure_person, subscriptions),
    Variant("repositories", coder, repositories),
    Variant("models", aws_account, models),
    Variant("inside_workload", aws_service, inside_workload),
    Variant("remote_hands", aws_person, remote_hands, hours=3),
    Variant("warehouse", aws_account, warehouse, hours=6),
    Variant("federated_console", aws_account, federated_console),
    Variant("worm", coder, worm),
    Variant("s3_browser", aws_account, s3_browser),
    Variant("ways_back", aws_person, ways_back, hours=4),
    Variant("smishing", aws_account, smishing),
    Variant("domains_moved", aws_person, domains_moved, hours=3),
    Variant("eight_minutes", aws_account, eight_minutes, held_out=True),
    Variant("other_doors", azure_person, other_doors, hours=4, held_out=True, quiet=True),
)
