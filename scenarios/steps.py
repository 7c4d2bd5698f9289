"""What `do:` may say, and what baselines consist of: the usual steps, named as the vendors' audit logs name them.

Sources: Office 365 Management Activity API schema, Entra ID audit activity reference, AWS CloudTrail event names,
GitHub organisation audit log events.
"""

from __future__ import annotations

from dataclasses import dataclass

from activities.activity import Category, Outcome
from scenarios.phrases import UnclearError

ENTRA, EXCHANGE, SHAREPOINT = "AzureActiveDirectory", "Exchange", "SharePoint"
TEAMS, GITHUB, SALESFORCE = "MicrosoftTeams", "GitHub", "Salesforce"


@dataclass(frozen=True)
class Step:
    """One kind of activity. `object` is a type and a name; `{n}` in the name counts."""

    app: str
    action: str
    category: Category
    object: tuple[str, str] | None = None
    bytes: int | None = None
    outcome: Outcome = Outcome.SUCCESS
    error: str = ""


def _aws(service: str, action: str, category: Category, kind: str = "", name: str = "") -> Step:
    return Step(f"{service}.amazonaws.com", action, category, (kind, name) if kind else None)


_FILE = ("file", "sites/{unit}/report-{n}.docx")
_MFA_DENIED = "500121"
"""Entra ID: authentication failed during the strong authentication request."""

STEPS: dict[str, Step] = {
    "logon": Step(ENTRA, "UserLoggedIn", Category.LOGON),
    "failed logon": Step(ENTRA, "UserLoginFailed", Category.FAILED_LOGON, outcome=Outcome.FAILURE, error="50126"),
    "denied logon": Step(ENTRA, "UserLoginFailed", Category.FAILED_LOGON, outcome=Outcome.DENIED, error="53003"),
    "denied factor": Step(ENTRA, "UserLoginFailed", Category.FAILED_LOGON, outcome=Outcome.DENIED, error=_MFA_DENIED),
    "logoff": Step(ENTRA, "UserLoggedOff", Category.LOGOFF),
    "change password": Step(ENTRA, "Change user password.", Category.CREDENTIAL),
    "reset password": Step(ENTRA, "Reset user password.", Category.CREDENTIAL, ("user", "user-{n}@acme.example")),
    "register factor": Step(ENTRA, "User registered security info", Category.CREDENTIAL),
    "register device": Step(ENTRA, "Register device", Category.CREATE, ("device", "device-{n}")),
    "consent": Step(ENTRA, "Consent to application.", Category.ROLE_GRANT, ("app", "app-{n}")),
    "add app credential": Step(ENTRA, "Add service principal credentials.", Category.CREDENTIAL, ("app", "app-{n}")),
    "grant role": Step(ENTRA, "Add member to role.", Category.ROLE_GRANT, ("role", "Global Administrator")),
    "create user": Step(ENTRA, "Add user.", Category.CREATE_USER, ("user", "user-{n}@acme.example")),
    "delete user": Step(ENTRA, "Delete user.", Category.DELETE_USER, ("user", "user-{n}@acme.example")),
    "read mail": Step(EXCHANGE, "MailItemsAccessed", Category.READ, ("folder", "Inbox")),
    "send mail": Step(EXCHANGE, "Send", Category.SEND),
    "delete mail": Step(EXCHANGE, "MoveToDeletedItems", Category.DELETE, ("folder", "Inbox")),
    "hard delete mail": Step(EXCHANGE, "HardDelete", Category.DELETE, ("message", "message-{n}")),
    "search mail": Step(EXCHANGE, "SearchQueryPerformed", Category.LIST),
    "inbox rule": Step(EXCHANGE, "New-InboxRule", Category.MAILBOX_RULE, ("rule", "rule-{n}")),
    "delegate mailbox": Step(EXCHANGE, "Add-MailboxPermission", Category.ROLE_GRANT, ("mailbox", "box-{n}")),
    "open file": Step(SHAREPOINT, "FileAccessed", Category.READ, _FILE),
    "edit file": Step(SHAREPOINT, "FileModified", Category.MODIFY, _FILE),
    "download": Step(SHAREPOINT, "FileDownloaded", Category.DOWNLOAD, _FILE, 250_000),
    "upload": Step(SHAREPOINT, "FileUploaded", Category.UPLOAD, _FILE, 250_000),
    "delete file": Step(SHAREPOINT, "FileDeleted", Category.DELETE, _FILE),
    "rename file": Step(SHAREPOINT, "FileRenamed", Category.MODIFY, _FILE),
    "share": Step(SHAREPOINT, "SharingSet", Category.SHARE, _FILE),
    "share by link": Step(SHAREPOINT, "AnonymousLinkCreated", Category.SHARE, _FILE),
    "search": Step(SHAREPOINT, "SearchQueryPerformed", Category.LIST),
    "read chat": Step(TEAMS, "ChatRetrieved", Category.READ, ("channel", "{unit}-{n}")),
    "send chat": Step(TEAMS, "MessageSent", Category.SEND, ("channel", "{unit}-{n}")),
    "pull code": Step(GITHUB, "git.fetch", Category.READ, ("repository", "service-{n}")),
    "push code": Step(GITHUB, "git.push", Category.UPLOAD, ("repository", "service-{n}")),
    "clone code": Step(GITHUB, "git.clone", Category.DOWNLOAD, ("repository", "service-{n}")),
    "view record": Step(SALESFORCE, "RecordViewed", Category.READ, ("account", "001A{n}")),
    "edit record": Step(SALESFORCE, "RecordUpdated", Category.MODIFY, ("account", "001A{n}")),
    "export report": Step(SALESFORCE, "ReportExported", Category.DOWNLOAD, ("report", "report-{n}"), 400_000),
    "assume role": _aws("sts", "AssumeRole", Category.TOKEN, "role", "arn:aws:iam::111122223333:role/deploy"),
    "console logon": _aws("signin", "ConsoleLogin", Category.LOGON),
    "list instances": _aws("ec2", "DescribeInstances", Category.LIST),
    "list buckets": _aws("s3", "ListBuckets", Category.LIST),
    "list bucket": _aws("s3", "ListObjectsV2", Category.LIST, "bucket", "data-{n}"),
    "get object": Step("s3.amazonaws.com", "GetObject", Category.DOWNLOAD, ("object", "data/part-{n}"), 4_000_000),
    "put object": Step("s3.amazonaws.com", "PutObject", Category.UPLOAD, ("object", "data/part-{n}"), 4_000_000),
    "delete object": _aws("s3", "DeleteObject", Category.DELETE, "object", "data/part-{n}"),
    "delete bucket": _aws("s3", "DeleteBucket", Category.DELETE, "bucket", "data-{n}"),
    "read logs": _aws("logs", "FilterLogEvents", Category.LIST, "log group", "/app/{n}"),
    "read metric": _aws("monitoring", "GetMetricData", Category.READ),
    "read secret": _aws("secretsmanager", "GetSecretValue", Category.SECRET_READ, "secret", "secret-{n}"),
    "start vm": _aws("ec2", "RunInstances", Category.COMPUTE_START, "instance", "i-{n}"),
    "stop vm": _aws("ec2", "StopInstances", Category.COMPUTE_STOP, "instance", "i-{n}"),
    "terminate vm": _aws("ec2", "TerminateInstances", Category.COMPUTE_STOP, "instance", "i-{n}"),
    "create snapshot": _aws("ec2", "CreateSnapshot", Category.CREATE, "snapshot", "snap-{n}"),
    "delete snapshot": _aws("ec2", "DeleteSnapshot", Category.DELETE, "snapshot", "snap-{n}"),
    "share snapshot": _aws("ec2", "ModifySnapshotAttribute", Category.SHARE, "snapshot", "snap-{n}"),
    "create access key": _aws("iam", "CreateAccessKey", Category.CREDENTIAL, "user", "user-{n}"),
    "attach policy": _aws("iam", "AttachUserPolicy", Category.ROLE_GRANT, "policy", "AdministratorAccess"),
    "stop logging": _aws("cloudtrail", "StopLogging", Category.AUDIT_CONFIG, "trail", "management-events"),
    "delete trail": _aws("cloudtrail", "DeleteTrail", Category.AUDIT_CONFIG, "trail", "management-events"),
}

APPS: dict[str, dict[str, float]] = {
    "mail": {"read mail": 58, "send mail": 24, "delete mail": 8, "search mail": 5},
    "files": {"open file": 48, "edit file": 20, "download": 12, "upload": 8, "share": 3, "search": 6, "rename file": 1},
    "chat": {"send chat": 50, "read chat": 40},
    "code": {"pull code": 46, "push code": 20, "clone code": 2},
    "crm": {"view record": 60, "edit record": 20, "export report": 3},
    "aws": {
        "list instances": 24,
        "read metric": 20,
        "read logs": 18,
        "list bucket": 12,
        "get object": 6,
        "list buckets": 5,
        "assume role": 5,
        "put object": 4,
        "create snapshot": 2,
    },
    "backup": {"get object": 90, "list bucket": 8, "list buckets": 2},
    "deploy": {"assume role": 15, "put object": 40, "list bucket": 15, "read secret": 10, "pull code": 20},
    "monitor": {"read metric": 60, "list instances": 30, "read logs": 10},
}
"""Kinds of work: steps by weight."""

DEFAULT_APPS = ("mail", "files", "chat")
SERVICE_APPS = ("monitor",)


def step(name: str) -> Step:
    """The step of a name.

    Raises:
        UnclearError: there is none.
    """
    found = STEPS.get(name.strip().lower())
    if found is None:
        msg = f"expected a shortcut, found {name!r}; known are {', '.join(STEPS)}. For any other give action, category"
        raise UnclearError(msg)
    return found
