"""Microsoft 365: records checked by hand, who acted, in whose mailbox, rules on mail, and what the operations are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activities.activity import Activity, Category, Device, Object, Outcome, Raw, User, UserType
from activities.formats import parse_record
from activities.m365_operations import NAMES, OPERATIONS
from activities.record import Rejected

RAW = Raw("logs", "m365.jsonl", 1)
FIXTURE = Path(__file__).parents[1] / "fixtures" / "microsoft" / "m365.jsonl"
RECORDS: list[dict[str, Any]] = [json.loads(line)["record"] for line in FIXTURE.read_bytes().splitlines()]
SST = "5a0f38c6-710b-4503-92c0-3a9f6e00f726"
OURS = "2f4a9838-26b7-47ee-be60-ccc1fdec5953"
SYSTEM = User(
    "nt authority\\system (microsoft.exchange.servicehost)",
    "NT AUTHORITY\\SYSTEM (Microsoft.Exchange.Servicehost)",
    type=UserType.SERVICE,
)
SERVICE, APP, PERSON = UserType.SERVICE, UserType.APP, UserType.PERSON
PLAN = (
    "EURP193A005.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/sst5f.onmicrosoft.com/"
    "ExchangeOnlineDeskless-96d3a052-0b63-4281-aae5-cfb3ad49523e"
)


def person(name: str) -> User:
    return User(name.lower(), name, name)


def golden(
    tenant: str,
    record_id: str,
    time: int,
    user: User,
    action: str,
    category: Category,
    app: str,
    **rest: Any,  # noqa: ANN401
) -> Activity:
    return Activity(tenant, record_id, time, 0, user, action, category, app=app, source="m365", raw=RAW, **rest)


HOMER = person("homer.simpson@simpsons.onmicrosoft.com")
ALICE = person("alice@example.com")

# Made by hand from the records of the fixture, in their order. Times: `date -u -d ... +%s`.
GOLDEN = [
    golden(
        SST, "c9d2d808-0efe-48cb-eaec-08da3028eb80", 1_651_928_153_000, SYSTEM, "Install-DefaultSharingPolicy",
        Category.CREATE, "Exchange",
        objects=(
            Object("defaultsharingpolicy", "sst5f.onmicrosoft.com\\952cae95-808b-4aa7-b783-a9151be9a05a"),
        ),
    ),
    golden(
        SST, "cd710ce3-52fa-4c70-aec8-08da3028fa73", 1_651_928_178_000, SYSTEM, "Set-MailboxPlan", Category.MODIFY,
        "Exchange",
        objects=(
            Object("mailboxplan", PLAN), Object("Identity", PLAN), Object("ResetPasswordOnNextLogon", "False"),
        ),
    ),
    golden(
        SST, "cc0bb5b2-b540-4640-5e1c-08da3028fe4f", 1_651_928_184_000, SYSTEM, "Set-AdminAuditLogConfig",
        Category.AUDIT_CONFIG, "Exchange",
        objects=(
            Object("adminauditlogconfig", "sst5f.onmicrosoft.com\\Admin Audit Log Settings"),
            Object("Identity", PLAN.rpartition("/")[0]),
            Object("AdminAuditLogEnabled", "True"),
        ),
    ),
    golden(  # its address is 0.0.0.0, which says nothing
        SST, "0a454a7b-fbac-4329-a20c-72bad3bc5000", 1_652_022_821_000, person("piet@sst5f.onmicrosoft.com"),
        "UserLoggedIn", Category.LOGON, "AzureActiveDirectory",
        objects=(Object("application", "00000003-0000-0000-c000-000000000000"),),
    ),
    golden(  # keys in lower case
        "11-aa-bb", "111-22-33", 1_670_883_540_000, HOMER, "Set-Mailbox", Category.MAILBOX_RULE, "Exchange",
        ip="1.2.3.4", tags=("forwarding", "external"),
        objects=(
            Object("mailbox", "homer.simpson"),
            Object("ForwardingSmtpAddress", "smtp:peter.griffin@familyguy.com"),
            Object("DeliverToMailboxAndForward", "False"),
            Object("Identity", "homer.simpson@simpsons.onmicrosoft.com"),
        ),
    ),
    golden(
        "11-aa-bb", "111-22-33", 1_670_883_540_000, HOMER, "New-InboxRule", Category.MAILBOX_RULE, "Exchange",
        ip="1.2.3.4", tags=("forwarding", "external", "hiding"),
        objects=(
            Object("inboxrule", "homer.simpson"),
            Object("ForwardTo", "external@example.com"),
            Object("DeleteMessage", "True"),
            Object("StopProcessingRules", "True"),
            Object("Identity", "Delete and Forward Rule"),
            Object("Mailbox", "homer.simpson@simpsons.onmicrosoft.com"),
        ),
    ),
    golden(
        "11-22-abc", "111-aa-234", 1_670_873_501_000, person("my.user@yourorg.onmicrosoft.com"), "AddedToSecureLink",
        Category.SHARE, "OneDrive", ip="1.2.3.4", session="aa-bb-cc", tags=("external",),
        device=Device(
            user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/108.0.0.0 Safari/537.36"
        ),
        objects=(
            Object("file", "https://yourorg.sharepoint.com/personal/user_yourorg/Documents/importantsecrets.docx"),
            Object("guest", "OUTSIDER@ALLOWEDDOMAIN.COM"),
            Object("site", "https://yourorg.sharepoint.com/personal/user_yourorg"),
        ),
    ),
    golden(  # says success in `ResultStatus`
        "11-aa-22-bb", "abc-def-123", 1_670_860_677_000, person("sample.user@yourorg.onmicrosoft.com"),
        "UserLoginFailed", Category.FAILED_LOGON, "AzureActiveDirectory", outcome=Outcome.FAILURE,
        error="InvalidUserNameOrPassword", ip="1.2.3.4",
        objects=(Object("object", "aa-11-22-bb"), Object("app_id", "123-abc-sfa-321")),
        device=Device(
            user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/107.0.0.0 Safari/537.36"
        ),
    ),
    golden(  # a factor was registered
        "111-222-333", "123-abc-123", 1_670_866_115_000, User("aa-bb-ccc", "aa-bb-ccc", type=APP), "Update user.",
        Category.CREDENTIAL, "AzureActiveDirectory", objects=(Object("user", "sample.user@yourorg.onmicrosoft.com"),),
        tags=("factor-added",),
    ),
    golden(  # of Sentinel's table; the tenant is a zero GUID, two of the seven messages have one id
        "default", "699e0b10-1c53-403e-976f-ce0847a92b44", 1_627_911_127_000, person("pgustavo@simulandlabs.com"),
        "MailItemsAccessed", Category.READ, "Exchange", ip="1.2.3.4", device=Device(user_agent="Client=REST;;"),
        objects=(
            Object("mailbox", "pgustavo@simulandlabs.com"),
            Object("folder", "\\Inbox"),
            *(
                Object("message", f"<00000000-0000-0000-0000-000000000000@az.{region}.production.microsoft.com>")
                if region else Object(
                    "message", "<AB1CD23EF4567DAC24353B8AD047DDEB0B1EB9@AB1CD23EF4567.abcdef12.prod.outlook.com>"
                )
                for region in ("centralus", "", "southcentralus", "eastus", "northcentralus", "westus2")
            ),
        ),
    ),
    golden(
        OURS, "0d3f8a52-1a6b-4e6c-9d0f-08dcf00a1111", 1_772_439_342_000,
        User("alice@example.com", "Alice@Example.com", "Alice@Example.com"), "FileDownloaded", Category.DOWNLOAD,
        "OneDrive", ip="2001:db8:0:1::7", session="1b1f4a6e-5d6c-4a39-9d4e-2f9b5b0c7a10",
        device=Device(user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
        objects=(
            Object(
                "file",
                "https://example-my.sharepoint.com/personal/alice_example_com/Documents/Finance/q3.xlsx", 482_133,
            ),
            Object("site", "https://example-my.sharepoint.com/personal/alice_example_com/"),
        ),
    ),
    golden(  # a rule made in Outlook
        OURS, "5f2be8b1-2f31-4a3e-8f4c-08dcf00a2222", 1_772_439_360_000, person("bob@example.com"),
        "UpdateInboxRules", Category.MAILBOX_RULE, "Exchange", ip="198.51.100.23",
        tags=("forwarding", "external", "hiding"),
        device=Device(user_agent="Client=MSExchangeRPC"),
        objects=(
            Object("mailbox", "bob@example.com"),
            Object("ForwardTo", "eve@example.org"),
            Object("DeleteMessage", "True"),
            Object("Name", "."),
            Object("RuleOperation", "AddMailboxRule"),
            Object("RuleId", "1946157056"),
            Object("RuleState", "Enabled"),
        ),
    ),
    golden(  # a delegate
        OURS, "7a8c3d44-95b0-4f0b-a1d2-08dcf00a3333", 1_772_439_450_000, person("carol@example.com"), "SendAs",
        Category.SEND, "Exchange", impersonated=person("ceo@example.com"), ip="203.0.113.9", session="3f9a",
        device=Device(user_agent="Client=OWA;Mozilla/5.0 (Macintosh)"),
        objects=(
            Object("mailbox", "ceo@example.com"),
            Object("message", "Urgent payment", 20_480),
            Object("attachment", "invoice.pdf (18204b)"),
        ),
    ),
    golden(
        OURS, "f1d2c3b4-aaaa-4bbb-8ccc-08dcf00a4444", 1_772_439_611_000, ALICE, "MemberAdded", Category.ROLE_GRANT,
        "MicrosoftTeams", ip="198.51.100.24", tags=("external",),
        objects=(Object("team", "Finance"), Object("user", "bob_example.org#EXT#@example.onmicrosoft.com")),
    ),
    golden(  # was only asked for a second factor; the user is in `Actor`
        OURS, "b7e6d5c4-1111-4222-8333-08dcf00a5555", 1_772_439_669_000, ALICE, "UserLoginFailed", Category.LOGON,
        "AzureActiveDirectory", outcome=Outcome.UNKNOWN, error="UserStrongAuthClientAuthNRequiredInterrupt",
        ip="198.51.100.24", session="1b1f4a6e-5d6c-4a39-9d4e-2f9b5b0c7a10",
        device=Device(os="Ios 17", user_agent="Mozilla/5.0 (iPhone)"),
        objects=(
            Object("application", "00000002-0000-0ff1-ce00-000000000000"),
            Object("app_id", "d3590ed6-52b3-4102-aeff-aad2292ab01c"),
        ),
        tags=("mfa-challenge",),
    ),
]  # fmt: skip


@pytest.mark.parametrize("fmt", ["auto", "m365"])
@pytest.mark.parametrize(("record", "expected"), list(zip(RECORDS, GOLDEN, strict=True)))
def test_golden(record: dict[str, Any], expected: Activity, fmt: str) -> None:
    assert parse_record(json.dumps(record).encode(), fmt, "default", RAW) == expected


def parse(**fields: object) -> Activity | Rejected:
    record: dict[str, object] = {
        "CreationTime": "2026-03-02T08:15:42", "Id": "1", "Operation": "FileAccessed", "OrganizationId": OURS,
        "UserType": 0, "Workload": "SharePoint", "UserId": "alice@example.com",
    }  # fmt: skip
    return parse_record(json.dumps(record | fields).encode(), "auto", "default", RAW)


def read(**fields: object) -> Activity:
    result = parse(**fields)
    assert isinstance(result, Activity), result
    return result


@pytest.mark.parametrize(
    ("fields", "user"),
    [
        ({"UserId": "Bob@Example.com"}, User("bob@example.com", "Bob@Example.com", "Bob@Example.com")),
        (
            {"UserId": "bob_example.org#EXT#@example.onmicrosoft.com"},
            User("bob@example.org", "bob_example.org#EXT#@example.onmicrosoft.com", "bob@example.org"),
        ),
        ({"UserId": "urn:spo:guest#bob@example.org"}, person("bob@example.org")),
        ({"UserId": "ServicePrincipal_7c2b5a90", "UserType": 4}, User("7c2b5a90", "7c2b5a90", type=APP)),
        ({"UserId": "app@sharepoint", "UserType": 0}, User("app@sharepoint", "app@sharepoint", type=APP)),
        (
            {"UserId": "i:0i.t|00000003-0000-0ff1-ce00-000000000000|app@sharepoint"},
            User("app@sharepoint", "app@sharepoint", type=APP),
        ),
        ({"UserId": "SHAREPOINT\\system"}, User("sharepoint\\system", "SHAREPOINT\\system", type=SERVICE)),
        ({"UserId": "Device Registration Service", "UserType": 4},
         User("device registration service", "Device Registration Service", type=SERVICE)),
        ({"UserId": "Mail Helper", "UserType": "Application"}, User("mail helper", "Mail Helper", type=APP)),
        (
            {"UserId": "Sync_DC1_0a1b2c3d4e5f@example.onmicrosoft.com"},
            User("sync_dc1_0a1b2c3d4e5f@example.onmicrosoft.com", "Sync_DC1_0a1b2c3d4e5f@example.onmicrosoft.com",
                 "Sync_DC1_0a1b2c3d4e5f@example.onmicrosoft.com", SERVICE),
        ),
        ({"UserId": "Not Available", "UserKey": "10032001A4B5C6D7"}, User("10032001a4b5c6d7", "10032001A4B5C6D7")),
        ({"UserId": "0a1b", "Actor": [{"ID": "x", "Type": 0}, {"ID": "eve@example.com", "Type": 5}]},
         person("eve@example.com")),
    ],
)  # fmt: skip
def test_who_acted(fields: dict[str, object], user: User) -> None:
    assert read(**fields).user == user


@pytest.mark.parametrize(
    "name", [None, "", " ", "Not Available", "Unknown", "00000000-0000-0000-0000-000000000000", 7, {}, []]
)
@pytest.mark.parametrize("key", [None, "Not Available", "00000000-0000-0000-0000-000000000000"])
def test_nobody_is_rejected(name: object, key: object) -> None:
    result = parse(UserId=name, UserKey=key)
    assert isinstance(result, Rejected)
    assert "`$.UserId`" in result.reason


@pytest.mark.parametrize(
    ("fields", "owner"),
    [
        ({"LogonType": 0, "MailboxOwnerUPN": "alias@example.com"}, None),
        ({"Logon_Type": "Owner", "MailboxOwnerUPN": "alias@example.com"}, None),
        ({"LogonType": 2, "MailboxOwnerUPN": "alice@EXAMPLE.com"}, None),
        ({"LogonType": 2, "MailboxOwnerUPN": "bob@example.com"}, "bob@example.com"),
        ({"LogonType": 1, "MailboxOwnerUPN": "bob@example.com"}, "bob@example.com"),
        ({"MailboxOwnerUPN": "bob@example.com"}, "bob@example.com"),
        ({"LogonType": 0, "MailboxOwnerUPN": "bob@example.com", "UserId": "app", "UserType": 5}, "bob@example.com"),
        ({"LogonType": 0, "SendOnBehalfOfUserSmtp": "ceo@example.com"}, "ceo@example.com"),
        ({"MailboxOwnerUPN": "Not Available"}, None),
    ],
)
def test_in_whose_mailbox(fields: dict[str, object], owner: str | None) -> None:
    found = read(Workload="Exchange", Operation="MailItemsAccessed", **fields).impersonated
    assert (found and found.id) == owner


@pytest.mark.parametrize(
    ("operation", "fields", "category"),
    [
        ("Set-Mailbox", {"Parameters": [{"Name": "ForwardingAddress", "Value": "eve"}]}, Category.MAILBOX_RULE),
        ("Set-Mailbox", {"Parameters": '[{"Name": "ForwardingAddress", "Value": "eve"}]'}, Category.MAILBOX_RULE),
        ("Set-Mailbox", {"Parameters": [{"Name": "AuditEnabled", "Value": "False"}]}, Category.AUDIT_CONFIG),
        ("Set-Mailbox", {"Parameters": [{"Name": "GrantSendOnBehalfTo", "Value": "eve"}]}, Category.ROLE_GRANT),
        ("Set-Mailbox", {"Parameters": [{"Name": "IssueWarningQuota", "Value": "1"}]}, Category.MODIFY),
        ("Set-OrganizationConfig", {"Parameters": [{"Name": "AuditDisabled", "Value": True}]}, Category.AUDIT_CONFIG),
        ("New-ComplianceSearchAction", {"Parameters": [{"Name": "Purge", "Value": "True"}]}, Category.DELETE),
        ("New-ComplianceSearchAction", {"Parameters": [{"Name": "Export", "Value": "True"}]}, Category.DOWNLOAD),
        ("Add-MailboxPermission", {}, Category.ROLE_GRANT),
        ("FileSyncDownloadedFull", {}, Category.DOWNLOAD),
        ("SharingRevoked", {}, Category.ROLE_REVOKE),
        ("AnonymousLinkCreated", {}, Category.SHARE),
        ("AnonymousLinkUsed", {}, Category.READ),
        ("Remove-SafeLinksPolicy", {}, Category.DELETE),  # by its verb: no rights are in it
        ("Disable Strong Authentication.", {"Workload": None}, Category.CREDENTIAL),
        ("Frobnication", {}, Category.OTHER),
    ],
)
def test_categories(operation: str, fields: dict[str, object], category: Category) -> None:
    activity = read(Operation=operation, **fields)
    assert (activity.action, activity.category) == (operation, category)


@pytest.mark.parametrize(
    ("operation", "category"),
    [
        ("Add member to role.", Category.ROLE_GRANT),
        ("Consent to application.", Category.ROLE_GRANT),
        ("Add service principal credentials.", Category.CREDENTIAL),
        ("Disable Strong Authentication.", Category.CREDENTIAL),
        ("Add user.", Category.CREATE_USER),
        ("Hard Delete application.", Category.DELETE),
    ],
)
def test_entra_ids_operations_are_those_of_its_own_log(operation: str, category: Category) -> None:
    assert read(Workload="AzureActiveDirectory", Operation=operation).category is category


@pytest.mark.parametrize(
    ("fields", "category", "outcome", "error"),
    [
        ({"ErrorNumber": "50126"}, Category.FAILED_LOGON, Outcome.FAILURE, "50126"),
        ({"ErrorNumber": "53003", "LogonError": "BlockedByConditionalAccess"}, Category.FAILED_LOGON, Outcome.DENIED,
         "BlockedByConditionalAccess"),
        ({"LogonError": "KmsiInterrupt"}, Category.LOGON, Outcome.UNKNOWN, "KmsiInterrupt"),
        ({"ExtendedProperties": [{"Name": "LogonError", "Value": "IdsLocked"}]}, Category.FAILED_LOGON,
         Outcome.FAILURE, "IdsLocked"),
        ({"ErrorNumber": 50058}, Category.OTHER, Outcome.UNKNOWN, "50058"),
        ({"ErrorNumber": "0"}, Category.FAILED_LOGON, Outcome.FAILURE, "UserLoginFailed"),
        ({}, Category.FAILED_LOGON, Outcome.FAILURE, "UserLoginFailed"),
    ],
)  # fmt: skip
def test_failed_sign_ins(fields: dict[str, object], category: Category, outcome: Outcome, error: str) -> None:
    activity = read(Operation="UserLoginFailed", Workload="AzureActiveDirectory", **fields)
    assert (activity.category, activity.outcome, activity.error) == (category, outcome, error)


@pytest.mark.parametrize(
    ("status", "outcome", "error"),
    [
        (None, Outcome.SUCCESS, ""), ("Succeeded", Outcome.SUCCESS, ""), ("True", Outcome.SUCCESS, ""),
        (True, Outcome.SUCCESS, ""), ("PartiallySucceeded", Outcome.SUCCESS, ""),
        ("Failed", Outcome.FAILURE, "failed"), ("False", Outcome.FAILURE, "false"),
        ("Denied", Outcome.DENIED, "denied"), ("Whatever", Outcome.UNKNOWN, "whatever"),
    ],
)  # fmt: skip
def test_outcomes(status: object, outcome: Outcome, error: str) -> None:
    activity = read(ResultStatus=status)
    assert (activity.outcome, activity.error) == (outcome, error)


def test_a_mailbox_logon_that_failed_is_a_failed_logon() -> None:
    activity = read(Operation="MailboxLogin", Workload="Exchange", ResultStatus="Failed")
    assert (activity.category, activity.outcome) == (Category.FAILED_LOGON, Outcome.FAILURE)


@pytest.mark.parametrize(
    ("actions", "objects"),
    [
        ('[{"ActionType": "RedirectToRecipients", "Recipients": ["a@b.org", "c@d.org"]}]',
         (("RedirectTo", "a@b.org"), ("RedirectTo", "c@d.org"))),
        ('[{"ActionType": "MoveToFolder", "Folder": "RSS Feeds"}, {"ActionType": "MarkAsRead"}]',
         (("MoveToFolder", "RSS Feeds"), ("MarkAsRead", "True"))),
        ("Forward to eve@example.org", (("RuleActions", "Forward to eve@example.org"),)),
        ("[]", ()),
        ('[{"ActionType": 7}, 3, null]', (("7", "True"),)),
    ],
)  # fmt: skip
def test_rules_made_in_outlook(actions: str, objects: tuple[tuple[str, str], ...]) -> None:
    properties = [{"Name": "RuleActions", "Value": actions}]
    activity = read(Operation="UpdateInboxRules", Workload="Exchange", OperationProperties=properties)
    assert tuple((item.type, item.name) for item in activity.objects) == objects


SERVER_RULE = {
    "Actions": [
        {
            "$type": "Microsoft.Exchange.Rules.ForwardToRecipientsAction, Rules",
            "Recipients": [{"Values": [{"Value": 7}, {"Value": "eve@example.org"}, {"Value": "Eve"}]}],
        },
        {"$type": "Microsoft.Exchange.Rules.DeleteAction, Rules"},
    ]
}


def test_a_rule_as_the_server_keeps_it() -> None:
    properties = [
        {"Name": "RuleName", "Value": "."},
        {"Name": "ServerRule", "Value": json.dumps(SERVER_RULE)},
        {"Name": "RuleActions", "Value": '[{"ActionType": "Forward", "Recipients": ["eve@example.org"]}]'},
    ]
    activity = read(Operation="UpdateInboxRules", Workload="Exchange", OperationProperties=properties)
    assert [(item.type, item.name) for item in activity.objects] == [
        ("ForwardTo", "eve@example.org"), ("DeleteMessage", "True"), ("Name", "."),
    ]  # fmt: skip
    assert activity.tags == ("forwarding", "external", "hiding")


def test_parameters_as_on_a_command_line() -> None:
    written = '-Name "Case 7" -ExchangeLocation ("All","bob@example.com") -Purge -Force "True" -Page 1'
    activity = read(Operation="New-ComplianceSearchAction", Workload="SecurityComplianceCenter", Parameters=written)
    found = [(item.type, item.name) for item in activity.objects]
    assert found == [("Name", "Case 7"), ("ExchangeLocation", "All, bob@example.com"), ("Page", "1")]
    assert (
        read(Operation="New-ComplianceSearchAction", Parameters='-PurgeType "HardDelete"').category is Category.DELETE
    )
    assert read(Operation="Set-Mailbox", Parameters="-" * 100_000 + '"(' * 100_000).category is Category.MODIFY


def rule(**parameters: object) -> dict[str, object]:
    return {"Workload": "Exchange", "Parameters": [{"Name": name, "Value": v} for name, v in parameters.items()]}


def links(kind: str) -> dict[str, object]:
    name = f"SharingLinks.7f06ab3a-bd98-41d3-a0b2-ad270d71e4d8.{kind}.d323b5ea-ceca-4d65-a628-e22ca9296a76"
    return {"TargetUserOrGroupName": name, "TargetUserOrGroupType": "SharePointGroup"}


@pytest.mark.parametrize(
    ("operation", "fields", "tags"),
    [
        ("New-InboxRule", rule(ForwardTo="bob@example.com"), ("forwarding",)),
        ("New-InboxRule", rule(RedirectTo='"Eve" [SMTP:eve@example.org]'), ("forwarding", "external")),
        ("New-InboxRule", rule(ForwardTo="bob@mail.example.com;carol@example.onmicrosoft.com"), ("forwarding",)),
        ("New-InboxRule", rule(DeleteMessage="False"), ()),
        ("Set-InboxRule", rule(MarkAsRead=True), ("hiding",)),
        ("Set-InboxRule", rule(MoveToFolder="alice@example.com:\\RSS Feeds"), ("hiding",)),
        ("Set-InboxRule", rule(MoveToFolder=".."), ("hiding",)),
        ("Set-InboxRule", rule(MoveToFolder="Newsletters"), ()),
        ("Remove-InboxRule", rule(ForwardTo="eve@example.org"), ()),
        ("New-TransportRule", rule(BlindCopyTo="eve@example.org"), ("forwarding", "external")),
        ("Set-Mailbox", rule(ForwardingSmtpAddress="smtp:eve@example.org"), ("forwarding", "external")),
        ("Set-Mailbox", rule(AuditEnabled="False"), ("logging-reduced",)),
        ("Set-Mailbox", rule(AuditEnabled="True"), ()),
        ("Set-AdminAuditLogConfig", rule(UnifiedAuditLogIngestionEnabled=False), ("logging-reduced",)),
        ("Set-MailboxAuditBypassAssociation", rule(AuditBypassEnabled="True"), ("logging-reduced",)),
        ("Add-RoleGroupMember", rule(Identity="Organization Management"), ("privileged",)),
        ("New-ManagementRoleAssignment", rule(Role="ApplicationImpersonation"), ("privileged",)),
        ("AnonymousLinkCreated", {}, ("anonymous-link",)),
        ("AnonymousLinkUsed", {}, ("anonymous-link",)),
        ("SharingSet", links("AnonymousEdit"), ("anonymous-link",)),
        ("SharingSet", links("OrganizationView"), ()),
        ("SharingLinkCreated", {"SharingLinkScope": "Anyone"}, ("anonymous-link",)),
        ("SharingSet", {"TargetUserOrGroupName": "bob_example.org#ext#@example.com"}, ("external",)),
        ("SharingInvitationCreated", {"TargetUserOrGroupName": "bob@example.org"}, ("external",)),
        ("SharingInvitationCreated", {"TargetUserOrGroupName": "bob@example.com"}, ()),
        ("AddedToGroup", {"TargetUserOrGroupName": "Everyone", "TargetUserOrGroupType": "SecurityGroup"}, ("public",)),
        ("MemberAdded", {"Members": [{"UPN": "x", "Role": 3}]}, ("external",)),
        ("MemberAdded", {"Members": [{"UPN": "x", "Role": 1}, 7, None]}, ()),
        ("UserLoggedIn", {"ExtendedProperties": [{"Name": "RequestType", "Value": "OAuth2:Token"}]},
         ("non-interactive",)),
        ("UserLoggedIn", {"ExtendedProperties": [{"Name": "RequestType", "Value": "SAS:EndAuth"}]}, ("mfa",)),
        ("UserLoggedIn", {"UserAgent": "BAV2ROPC"}, ("password-grant", "legacy-protocol")),
        ("UserLoginFailed", {"ErrorNumber": "500121"}, ("mfa-failed",)),
        ("UserLoginFailed", {"LogonError": "IdsLocked"}, ("locked-out",)),
        ("UserLoginFailed", {"LogonError": "UserAccountNotFound"}, ("unknown-user",)),
        ("Consent to application.", {"Workload": "AzureActiveDirectory"}, ("consent",)),
    ],
)  # fmt: skip
def test_tags(operation: str, fields: dict[str, object], tags: tuple[str, ...]) -> None:
    assert read(Operation=operation, **fields).tags == tags


def test_keeping_the_books_of_sharing_is_not_sharing() -> None:
    limited = read(Operation="SharingSet", TargetUserOrGroupName="Limited Access System Group")
    assert limited.category is Category.MODIFY
    assert read(Operation="SharingSet", TargetUserOrGroupName="Owners").category is Category.SHARE


def test_what_forwards_is_not_crowded_out() -> None:
    given = [{"Name": f"P{number}", "Value": "x"} for number in range(100)]
    activity = read(
        Operation="New-InboxRule", Workload="Exchange", Parameters=[*given, {"Name": "ForwardTo", "Value": "e@x.org"}]
    )
    assert len(activity.objects) == 32
    assert Object("ForwardTo", "e@x.org") in activity.objects


def test_ingest_time() -> None:
    assert read(_TimeReceived="2026-03-02T08:20:00Z").ingested == 1_772_439_600_000
    assert read(TimeGenerated="2026-03-02T08:20:00Z").ingested == 0


def test_tenant() -> None:
    assert read().tenant == OURS
    assert read(OrganizationId="00000000-0000-0000-0000-000000000000").tenant == "default"
    assert read(OrganizationId=None, OfficeTenantId="$RestApiTenantId$").tenant == "default"


@pytest.mark.parametrize(
    ("field", "value"),
    [("CreationTime", None), ("CreationTime", "yesterday"), ("CreationTime", "2026-02-30T00:00:00"),
     ("CreationTime", {}), ("Operation", None), ("Operation", " "), ("Operation", 3)],
)  # fmt: skip
def test_required_fields(field: str, value: object) -> None:
    result = parse(**{field: value})
    assert isinstance(result, Rejected)
    assert f"`$.{field}`" in result.reason


def test_a_record_without_an_id_gets_a_stable_one() -> None:
    assert read(Id=None).id == read(Id=None).id
    assert read(Id=None).id != read(Id=None, Site="x").id


def test_the_table_names_each_operation_once() -> None:
    names = [name.lower() for group in NAMES.values() for name in group.split()]
    assert len(names) == len(set(names)) == len(OPERATIONS)
