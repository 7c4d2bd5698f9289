"""Somebody tries what they may not do, again and again (T1580, T1619)."""

from __future__ import annotations

from activities.activity import Category, Outcome
from simulator.apis import refused, resource
from simulator.attacks import Variant
from simulator.departments import DEPARTMENTS
from simulator.devices import scripted
from simulator.habits import LIBRARY_SIZE, file
from simulator.hostile import PUBLIC_CLOUDS, anywhere, server
from simulator.moves import INBOX, WHO_AM_I
from simulator.operations import (
    EXCHANGE,
    HOME_REGION,
    KEY_VAULT,
    NETSUITE,
    SALESFORCE,
    TEAMS,
    WORKDAY,
    aws,
    azure,
    m365,
    named,
    other,
    sharepoint,
)
from simulator.people import Person
from simulator.record import HOUR, MINUTE, Account, NativeObject, Step
from simulator.scene import Scene, anybody, aws_account, aws_person, aws_service, azure_person, bookkeeper
from simulator.services import Service
from simulator.streams import chance
from simulator.world import World

_PROBES = (
    "iam.ListUsers iam.ListRoles iam.ListGroups iam.GetAccountAuthorizationDetails ec2.DescribeInstances "
    "ec2.DescribeSnapshots ec2.DescribeKeyPairs s3.ListBuckets lambda.ListFunctions20150331 rds.DescribeDBInstances "
    "dynamodb.ListTables secretsmanager.ListSecrets ssm.DescribeParameters kms.ListKeys sqs.ListQueues sns.ListTopics "
    "ecr.DescribeRepositories ecs.ListClusters eks.ListClusters cloudformation.ListStacks logs.DescribeLogGroups "
    "route53.ListHostedZones organizations.ListAccounts guardduty.ListDetectors cloudtrail.DescribeTrails "
    "elasticfilesystem.DescribeFileSystems redshift.DescribeClusters glue.GetDatabases athena.ListWorkGroups "
    "sagemaker.ListNotebookInstances codebuild.ListProjects codecommit.ListRepositories backup.ListBackupVaults "
    "acm.ListCertificates apigateway.GetRestApis cognito-idp.ListUserPools elasticache.DescribeCacheClusters"
).split()
_ROLES = "admin administrator ops devops terraform deploy jenkins readonly audit billing master".split()

_ALLOWED = 0.06
"""Probes that the key may do."""
_MISSING = 0.3
"""Guessed buckets that nobody has."""
_ESCALATIONS = (
    "iam.CreatePolicyVersion iam.SetDefaultPolicyVersion iam.AttachRolePolicy iam.PutRolePolicy iam.AttachUserPolicy "
    "iam.PutUserPolicy iam.CreateAccessKey iam.CreateLoginProfile iam.UpdateLoginProfile iam.AddUserToGroup "
    "iam.UpdateAssumeRolePolicy iam.CreateUser iam.AddRoleToInstanceProfile lambda.CreateFunction20150331 "
    "lambda.UpdateFunctionConfiguration20150331v2 lambda.CreateEventSourceMapping20150331 glue.CreateDevEndpoint "
    "cloudformation.CreateStack datapipeline.CreatePipeline sagemaker.CreateNotebookInstance ssm.SendCommand "
    "ecs.RegisterTaskDefinition codebuild.CreateProject ec2.AssociateIamInstanceProfile sts.AssumeRole "
    "sts.GetFederationToken"
).split()
_CLOSED = (
    "User Group Profile PermissionSet PermissionSetAssignment UserRole UserLogin LoginHistory AuthSession OauthToken "
    "ConnectedApplication SetupAuditTrail Attachment ContentDocument ContentVersion Document EmailMessage Case "
    "CaseComment Lead Campaign CampaignMember Contract Order OrderItem Product2 Pricebook2 PricebookEntry Quote Asset "
    "Task Event Note Report Dashboard ApexClass ApexTrigger NamedCredential ExternalDataSource Organization "
    "LiveChatTranscript Knowledge__kav Individual"
).split()
"""Objects of Salesforce that the integration has nothing to do with."""

_MODELS = (
    "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "anthropic.claude-3-opus-20240229-v1:0",
)
_REGIONS = (
    "us-east-1 us-east-2 us-west-2 ca-central-1 sa-east-1 eu-central-1 eu-west-2 eu-west-3 eu-north-1 ap-south-1 "
    "ap-southeast-1 ap-southeast-2 ap-northeast-1 ap-northeast-2"
).split()

_KEYS_OF_AZURE = (
    "Microsoft.Storage/storageAccounts/listKeys/action Microsoft.Web/sites/publishxml/action "
    "Microsoft.Web/sites/config/list/action Microsoft.DocumentDB/databaseAccounts/listKeys/action "
    "Microsoft.ContainerRegistry/registries/listCredentials/action "
    "Microsoft.CognitiveServices/accounts/listKeys/action "
    "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action "
    "Microsoft.OperationalInsights/workspaces/sharedKeys/action"
).split()
"""Operations that hand out keys and passwords."""


def enumeration(scene: Scene) -> None:
    """A tool tries every call there is with a stolen key: a hundred and more refused in minutes."""
    scene.wait(60, 600)
    via = scene.intruder(server(scene.rng, scene.city), scripted("Boto3/1.34.69 md/Botocore#1.34.69"))
    steps = [WHO_AM_I]
    for _ in range(scene.number(2, 4)):
        for probe in scene.rng.sample(_PROBES, k=len(_PROBES)):
            service, action = probe.split(".")
            steps.append(aws(service, action) if chance(scene.rng, _ALLOWED) else refused(service, action))
    scene.spread(steps, via, scene.number(2, 8) * MINUTE)


def by_hand(scene: Scene) -> None:
    """Stealthy: 25 to 45 refused calls over two hours, at the administrator's own desk."""
    scene.wait(60, 600)
    chosen = [probe.split(".") for probe in scene.rng.sample(_PROBES, k=scene.number(25, len(_PROBES)))]
    scene.spread([refused(service, action) for service, action in chosen], scene.shell(), 2 * HOUR)


def other_roles(scene: Scene) -> None:
    """Roles are guessed until one can be assumed."""
    scene.wait(60, 600)
    via = scene.intruder(server(scene.rng, scene.city), scripted("Boto3/1.34.69 md/Botocore#1.34.69"))
    guesses = [f"{role}{ending}" for role in _ROLES for ending in ("", "-role", "-prod", "Access")]
    steps = [refused("sts", "AssumeRole", *named("role", guess)) for guess in guesses]
    scene.spread([*steps, aws("sts", "AssumeRole", *named("role", "deploy-prod"))], via, scene.number(4, 20) * MINUTE)


def buckets(scene: Scene) -> None:
    """Names of buckets are guessed, and objects in them: refused, or not there."""
    scene.wait(60, 600)
    via = scene.intruder(server(scene.rng, scene.city), scripted("aws-cli/2.15.30 Python/3.11.8 Linux/6.6.9"))
    steps: list[Step] = []
    for word in "backup prod dev logs data private hr finance invoices dumps db archive legal terraform-state".split():
        for name in (f"acme-{word}", f"{word}-acme"):
            bucket = named("bucket", name)
            there = not chance(scene.rng, _MISSING)
            listed = refused("s3", "ListObjectsV2", *bucket)
            steps.append(listed if there else aws("s3", "ListObjectsV2", *bucket, error="NoSuchBucket"))
            steps.append(refused("s3", "GetObject", *named("object", f"{name}/backup.sql")))
    scene.spread(steps, via, scene.number(3, 25) * MINUTE)


def closed_libraries(scene: Scene) -> None:
    """An employee tries libraries of other departments, one after the other, and is kept out."""
    scene.wait(60, 600)
    units = [department.name for department in DEPARTMENTS if department.name != scene.victim.unit]
    steps = []
    for _ in range(scene.number(30, 80)):
        wanted = file(scene.rng.choice(units), scene.rng.randrange(LIBRARY_SIZE))
        steps.append(sharepoint("FileAccessed", wanted, denied=True))
    scene.spread(steps, scene.own(), scene.number(10, 50) * MINUTE)


def subscriptions(scene: Scene) -> None:
    """The same in Azure."""
    scene.wait(60, 600)
    names = (
        "Microsoft.KeyVault/vaults/read Microsoft.Storage/storageAccounts/listKeys/action "
        "Microsoft.Compute/virtualMachines/runCommand/action Microsoft.Authorization/roleAssignments/write "
        "Microsoft.Sql/servers/read Microsoft.Web/sites/config/list/action "
        "Microsoft.Automation/automationAccounts/jobs/write Microsoft.Compute/disks/beginGetAccess/action"
    ).split()
    steps = [
        azure(name, *named("resource", f"rg-{unit}-{number}"), denied=True)
        for name in names
        for unit in ("prod", "core", "data")
        for number in (1, 2)
    ]
    scene.spread(steps, scene.own(), scene.number(5, 40) * MINUTE)


def no_personnel(world: World, account: Account) -> bool:
    """Somebody who has nothing to do with the records of staff."""
    return anybody(world, account) and isinstance(account, Person) and "staff" not in account.work.items


def escalations(scene: Scene) -> None:
    """Inside a container that was taken over, at the service's own address: each way to more rights is tried."""
    scene.wait(60, 600)
    chosen = [escalation.split(".") for escalation in scene.rng.sample(_ESCALATIONS, k=len(_ESCALATIONS))]
    steps = [refused(service, action) for service, action in chosen]
    steps += [refused(service, action) for service, action in chosen[: scene.number(2, 12)]]
    scene.spread(steps, scene.own(), scene.number(15, 50) * MINUTE)


def personnel(scene: Scene) -> None:
    """Stealthy: a colleague tries the personnel records of others, one every few minutes, and is refused each time."""
    scene.wait(60, 600)
    viewed = other(WORKDAY, "WorkerViewed", Category.READ)
    viewed = viewed._replace(outcome=Outcome.DENIED, error="INSUFFICIENT_ACCESS")
    numbers = scene.rng.sample(range(900), k=scene.number(28, 45))
    steps = [viewed._replace(objects=(NativeObject("worker", f"W{number:05d}"),)) for number in numbers]
    scene.spread(steps, scene.own(), scene.number(2, 3) * HOUR)


def crm_integration(world: World, account: Account) -> bool:
    """The integration that synchronises customers' records."""
    return isinstance(account, Service) and account.job == "sync"


def closed_objects(scene: Scene) -> None:
    """The integration's leaked token, on a public cloud: object after object of the customer database is asked for."""
    scene.wait(300, 3_000)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("python-requests/2.32.5"))
    query = other(SALESFORCE, "QueryExecuted", Category.READ)
    steps = []
    for name in scene.rng.sample(_CLOSED, k=scene.number(30, len(_CLOSED))):
        # What the token may not know of isn't there; what it may know of is refused.
        hidden = chance(scene.rng, 0.5)
        outcome = Outcome.FAILURE if hidden else Outcome.DENIED
        error = "INVALID_TYPE" if hidden else "INSUFFICIENT_ACCESS_OR_READONLY"
        steps.append(query._replace(objects=named("object", name), outcome=outcome, error=error))
    steps += [query._replace(objects=named("object", name)) for name in ("Account", "Contact")]
    scene.spread(scene.rng.sample(steps, k=len(steps)), via, scene.number(12, 60) * MINUTE)


def models_by_region(scene: Scene) -> None:
    """A key on a reseller's list: region by region, which models are there, and does one answer (LLMjacking, 2024)."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.city), scripted("aiobotocore/2.13.1 Python/3.11.9 Linux/5.15.0"))
    steps = [WHO_AM_I]
    for region in scene.rng.sample(_REGIONS, k=scene.number(8, len(_REGIONS))):
        calls = [("ListFoundationModels", ""), *(("InvokeModel", model) for model in _MODELS)]
        for action, model in [*calls, ("GetModelInvocationLoggingConfiguration", "")]:
            objects = named("model", model) if model else ()
            steps.append(aws("bedrock", action, *objects, error="AccessDeniedException", region=region))
    scene.act_all(steps, via, 1, 20)


def others_secrets(scene: Scene) -> None:
    """Stealthy: inside a workload that was taken over: a handful an hour, secrets of other workloads are asked for."""
    scene.wait(60, 600)
    for _ in range(scene.number(5, 6)):
        steps = []
        for number in scene.rng.sample(range(60), k=scene.number(7, 10)):
            secret = named("secret", f"svc-{scene.rng.choice(('billing', 'payroll', 'login', 'crm'))}/key-{number:02d}")
            parameter = named("parameter", f"/prod/service-{number:02d}/")
            asked = (("secretsmanager", "GetSecretValue", secret), ("ssm", "GetParametersByPath", parameter))
            service, action, objects = scene.rng.choice(asked)
            steps.append(refused(service, action, *objects))
        scene.act_all(steps, scene.own(), 2, 25)
        scene.wait(2_200, 3_600)


def spam_kit(scene: Scene) -> None:
    """A key from a web page's settings: region by region, may it send; may it make a user (AndroxGh0st, AA24-016A)."""
    scene.wait(60, 600)
    agent = "aws-sdk-php/3.279.9 OS/Linux#5.15.0 lang/php#8.1.2 GuzzleHttp/7"
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scripted(agent))
    steps = [WHO_AM_I]
    for region in scene.rng.sample(_REGIONS, k=scene.number(7, 12)):
        asked = (("ses", "GetSendQuota"), ("ses", "ListIdentities"), ("sns", "GetSMSAttributes"))
        steps += [aws(service, action, error="AccessDenied", region=region) for service, action in asked]
    user = named("user", scene.rng.choice(("ses_xcatze", "iDevXploit", "boto-admin")))
    wanted = [refused("iam", action, *user) for action in ("CreateUser", "AttachUserPolicy", "CreateLoginProfile")]
    scene.act_all(steps + wanted * scene.number(1, 3), via, 0.3, 6)


def document_app(world: World, account: Account) -> bool:
    """A third-party app that looks at a few documents an hour."""
    return isinstance(account, Service) and account.job == "documents"


def beyond_consent(scene: Scene) -> None:
    """Stealthy: an app's leaked secret, its program copied: mail, files and chats that it was never let see (T1528)."""
    scene.wait(300, 2_400)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scene.seen.device)
    steps = [
        m365(EXCHANGE, "MailItemsAccessed", *INBOX, owner=person.user, denied=True)
        for person in scene.executives(scene.number(12, 20))
    ]
    for unit in ("executive", "hr", "legal"):
        numbers = scene.rng.sample(range(LIBRARY_SIZE), k=scene.number(4, 8))
        steps += [sharepoint("FileAccessed", file(unit, number), denied=True) for number in numbers]
        channels = [NativeObject("channel", f"{unit}-{number:02d}") for number in range(scene.number(2, 5))]
        steps += [m365(TEAMS, "ChatRetrieved", channel, denied=True) for channel in channels]
    scene.spread(steps, via, scene.number(2, 3) * HOUR)


def open_inboxes(scene: Scene) -> None:
    """A stolen token, on a rented server: may this user open anybody's inbox, one after the other (GraphRunner)."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.city), scripted("WindowsPowerShell/5.1.22621.3880", "Windows 10"))
    others = [one for one in scene.world.people if one.key != scene.victim.key and one.leaves is None]
    tried = scene.rng.sample(others, k=min(len(others), scene.number(60, 120)))
    steps = [m365(EXCHANGE, "MailItemsAccessed", *INBOX, owner=one.user, denied=True) for one in tried]
    steps += [m365(EXCHANGE, "MailItemsAccessed", *INBOX, owner=one.user) for one in tried[:1]] * scene.number(2, 6)
    scene.spread(steps, via, scene.number(6, 30) * MINUTE)


def closed_vaults(scene: Scene) -> None:
    """Stealthy: an administrator of Azure, at their desk, asks vault after vault for secrets, and is refused."""
    scene.wait(60, 600)
    steps = []
    for vault in scene.rng.sample(("payroll", "hr", "board", "legal", "finance", "crm", "identity", "sap"), k=6):
        for number in range(scene.number(5, 7)):
            secret = NativeObject("secret", f"kv-{vault}-prod/secret-{number:02d}")
            asked = other(KEY_VAULT, "SecretGet", Category.SECRET_READ, secret)
            steps.append(asked._replace(outcome=Outcome.DENIED, error="ForbiddenByRbac"))
    scene.spread(steps, scene.own(), scene.number(150, 200) * MINUTE)


def key_dump(scene: Scene) -> None:
    """A stolen token, on a rented server: every key and password that Azure keeps is asked for (MicroBurst)."""
    scene.later(0.5, 6)
    agent = "AzurePowershell/Az.Accounts3.0.2 PSVersion/v7.4.5"
    via = scene.intruder(server(scene.rng, scene.city), scripted(agent, "Windows 10"))
    scene.log_on(via)
    steps = []
    for operation in _KEYS_OF_AZURE:
        for number in scene.rng.sample(range(40), k=scene.number(4, 9)):
            kind = operation.split("/")[1]
            steps.append(azure(operation, *named("resource", f"{kind}-{number:02d}"), denied=True))
    scene.wait(5, 40)
    scene.spread(steps, via, scene.number(4, 20) * MINUTE)


def machine_by_machine(scene: Scene) -> None:
    """Stealthy: at the administrator's own desk, now and then: into one machine after the other, refused each time."""
    scene.wait(60, 600)
    doors = (("ssm", "StartSession"), ("ec2-instance-connect", "SendSSHPublicKey"), ("ec2", "GetPasswordData"))
    steps = []
    for number in scene.rng.sample(range(60), k=scene.number(16, 24)):
        machine = resource("ec2.amazonaws.com", "instance", number)
        steps += [refused(service, action, machine) for service, action in scene.rng.sample(doors, k=2)]
    scene.spread(steps, scene.shell(), scene.number(160, 220) * MINUTE)


def locked_backups(scene: Scene) -> None:
    """A stolen key, on a server abroad, before a ransom: backups, snapshots, keys should go; all of it is refused."""
    scene.wait(60, 600)
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scripted("Boto3/1.35.81 md/Botocore#1.35.81"))
    steps = [WHO_AM_I]
    for number in scene.rng.sample(range(60), k=scene.number(9, 16)):
        snapshot = resource("ec2.amazonaws.com", "snapshot", number)
        point = named("recovery_point", f"arn:aws:ec2:{HOME_REGION}::snapshot/{snapshot.name}")
        steps += [
            refused("backup", "DeleteRecoveryPoint", *named("vault", "vault-prod"), *point),
            refused("ec2", "DeleteSnapshot", snapshot),
            refused("rds", "DeleteDBSnapshot", resource("rds.amazonaws.com", "db_snapshot", number)),
            refused("kms", "ScheduleKeyDeletion", resource("kms.amazonaws.com", "key", number)),
        ]
    buckets = [resource("s3.amazonaws.com", "bucket", number) for number in range(12)]
    steps += [refused("s3", action, each) for each in buckets for action in ("PutBucketVersioning", "DeleteBucket")]
    scene.act_all([*steps, refused("organizations", "LeaveOrganization")], via, 0.5, 12)


def own_payments(scene: Scene) -> None:
    """Stealthy: a bookkeeper tries to approve payments of their own and to change banks; refused, they try another."""
    scene.wait(60, 600)
    approved = other(NETSUITE, "TransactionApproved", Category.MODIFY)
    edited = other(NETSUITE, "VendorBankDetailsEdited", Category.MODIFY)
    steps: list[Step] = []
    for number in scene.rng.sample(range(9_000), k=scene.number(10, 14)):
        record, vendor = named("record", f"TX-{number:05d}"), named("vendor", f"V{number % 700:04d}")
        steps.append(other(NETSUITE, "TransactionViewed", Category.READ, *record))
        steps += [approved._replace(objects=record, outcome=Outcome.DENIED, error="INSUFFICIENT_PERMISSION")] * 2
        steps.append(edited._replace(objects=vendor, outcome=Outcome.DENIED, error="INSUFFICIENT_PERMISSION"))
    scene.spread(steps, scene.own(), scene.number(140, 200) * MINUTE)


VARIANTS = (
    Variant("enumeration", aws_account, enumeration),
    Variant("by_hand", aws_person, by_hand, hours=3),
    Variant("other_roles", aws_account, other_roles),
    Variant("buckets", aws_account, buckets),
    Variant("closed_libraries", anybody, closed_libraries),
    Variant("subscriptions", azure_person, subscriptions),
    Variant("escalations", aws_service, escalations),
    Variant("personnel", no_personnel, personnel, hours=4),
    Variant("closed_objects", crm_integration, closed_objects),
    Variant("models_by_region", aws_account, models_by_region),
    Variant("others_secrets", aws_service, others_secrets, hours=8),
    Variant("spam_kit", aws_account, spam_kit),
    Variant("beyond_consent", document_app, beyond_consent, hours=5),
    Variant("open_inboxes", anybody, open_inboxes),
    Variant("closed_vaults", azure_person, closed_vaults, hours=4),
    Variant("key_dump", azure_person, key_dump),
    Variant("machine_by_machine", aws_person, machine_by_machine, hours=4),
    Variant("locked_backups", aws_account, locked_backups, held_out=True),
    Variant("own_payments", bookkeeper, own_payments, hours=4, held_out=True, quiet=True),
)
