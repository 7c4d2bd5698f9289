"""Entra ID: sign-ins and audit records checked by hand, how sign-ins end, who acted, what changes are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activities.activity import Activity, Category, Device, Location, Object, Outcome, Raw, User, UserType
from activities.entra_errors import ACCEPTED, ASKED, DENIED, ERRORS, GUESSED
from activities.entra_operations import NAMES, OPERATIONS
from activities.formats import parse_record
from activities.record import Rejected

RAW = Raw("logs", "entra.jsonl", 1)
FIXTURES = Path(__file__).parents[1] / "fixtures" / "microsoft"
OURS = "2f4a9838-26b7-47ee-be60-ccc1fdec5953"
SERVICE, APP, PERSON = UserType.SERVICE, UserType.APP, UserType.PERSON
ALICE = User("alice@example.com", "Alice Example", "Alice@example.com")
SENTINEL = "4b2462a4-bbee-495a-a0e1-f23ae524cc9c"
CTF = User("ctfuser3@seccxp.ninja", "CTFUser3", "ctfuser3@seccxp.ninja")
EDGE = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.138 Safari/537.36 Edg/81.0.416.72"
BROWSER = (
    Object("resource", "Windows Azure Service Management API"), Object("client", "Browser"),
    Object("app_id", "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"),
)  # fmt: skip
GUSTAVO = User("pgustavo@simulandlabs.com", "pgustavo@simulandlabs.com", "pgustavo@simulandlabs.com")
POWERSHELL = Device(user_agent="Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.17763.1971")


def records(name: str) -> list[dict[str, Any]]:
    return [json.loads(line)["record"] for line in (FIXTURES / f"{name}.jsonl").read_bytes().splitlines()]


def sign_in(tenant: str, record_id: str, time: int, user: User, category: Category, app: str, **rest: Any) -> Activity:  # noqa: ANN401
    return Activity(
        tenant, record_id, time, 0, user, "Sign-in activity", category, app=app, source="entra_signin", raw=RAW, **rest
    )


def audit(tenant: str, record_id: str, time: int, user: User, action: str, category: Category, **rest: Any) -> Activity:  # noqa: ANN401
    return Activity(
        tenant, record_id, time, 0, user, action, category, **{"app": "Core Directory", **rest},
        source="entra_audit", raw=RAW,
    )  # fmt: skip


# Made by hand from the records of the fixture, in their order; ids that begin with "blake2b" are of records that have
# none. Times: `date -u -d ... +%s`.
SIGN_INS = [
    sign_in(
        SENTINEL, "f05079ed-f820-4531-ab26-498b53af3800", 1_625_011_132_882, CTF, Category.LOGON, "Azure Portal",
        ip="24.13.212.221", location=Location("US", "Park Ridge", 41.9971809387207, -87.8483123779297), objects=BROWSER,
        device=Device(os="Windows 10", user_agent=f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {EDGE}"),
        tags=("single-factor",),
    ),
    sign_in(
        SENTINEL, "39f36cc7-ad3e-430c-bf78-bc96fbc33300", 1_625_006_723_882, CTF, Category.TOKEN, "Azure Portal",
        ip="73.226.223.252", objects=BROWSER,
        location=Location("US", "Millstone", 40.46562957763672, -74.6107177734375),
        device=Device(os="Windows 10", user_agent=f"Mozilla/5.0 (Windows NT 10.0; ) {EDGE}"),
        tags=("non-interactive", "single-factor"),
    ),
    sign_in(  # a wrong client secret; keys in lower case
        "a2aa49aa-2c0c-49d2-af87-f402c421df0b", "36658c78-02d9-4d8f-84ee-5ca4a3fdefef", 1_690_412_310_983,
        User("b1c34143-e405-4058-8e29-84596ad737b8", "some-service-principal", type=APP), Category.TOKEN,
        "cfceb902-8fab-4f8c-88ba-374d3c975c3a", outcome=Outcome.FAILURE, error="7000215", ip="12.12.12.12",
        location=Location("IE", "Dublin", 51.35555555555555, -5.244444444444444), session="NDDDDDDDDDDDDDDDDDD_DD",
        objects=(Object("resource", "Azure Storage"), Object("app_id", "cfceb902-8fab-4f8c-88ba-374d3c975c3a")),
        tags=("non-interactive",),
    ),
    sign_in(
        "18360841-3f87-44a6-8c9a-3ffc680611a0", "blake2b-65f2e4b42e23b252b516a4f89b8d11a1", 1_771_399_970_552,
        User("jane.doe@example.com", "jane.doe@example.com", "jane.doe@example.com"), Category.TOKEN, "Custom App",
        ip="203.0.113.10", session="00baf379-e510-523f-1c0e-346163d4a768",
        objects=(Object("resource", "Microsoft Graph"), Object("app_id", "app-noninteractive-test-999")),
        tags=("non-interactive",),
        device=Device(user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36"),
    ),
    sign_in(
        "c5fd010a-2972-4be2-9c67-986ceca2a042", "d9ae0e20-c959-42a3-ba74-00f59ac9f6c6", 1_689_915_832_160,
        User("eve@lexcorp.com", "A User Display Name", "eve@lexcorp.com"), Category.LOGON,
        "Office 365 Exchange Online", ip="12.12.12.12", session="hhhhhhhhhhhhhhhhhhhhhh",
        location=Location("US", "Springfield", 34.55555555555555, -74.4444444444444, 1234),
        device=Device(os="MacOs", user_agent="BAV2ROPC"),
        objects=(
            Object("resource", "Office 365 Exchange Online"), Object("client", "Authenticated SMTP"),
            Object("protocol", "rpoc"), Object("app_id", "975c4feb-8c6b-4ed8-82e2-f0952ecc64d4"),
        ),
        tags=("mfa", "legacy-protocol", "password-grant"),
    ),
    sign_in(  # a wrong password is a failed logon also without interaction
        "tenant-ghi", "blake2b-d2ee7b973819fae5f6dbda244d01031a", 1_736_953_550_678,
        User("attacker@company.com", "attacker@company.com", "attacker@company.com"), Category.FAILED_LOGON,
        "Office Application", outcome=Outcome.FAILURE, error="50126", ip="192.0.2.250",
        device=Device(user_agent="curl/7.68.0"),
        objects=(
            Object("client", "Other clients"), Object("protocol", "ropc"), Object("app_id", "app-office-555"),
        ),
        tags=("non-interactive", "legacy-protocol", "password-grant"),
    ),
    sign_in(
        "tenant-123", "blake2b-1a9dfb1101eca44a31b608f2c8a53107", 1_736_933_445_123,
        User("aragorn@lotr.com", "aragorn@lotr.com", "aragorn@lotr.com"), Category.LOGON,
        "Microsoft Authentication Broker", ip="2.2.2.2",
        device=Device(
            "device-attacker-456", "Windows 10", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/1.1.1.1"
        ),
        objects=(
            Object("resource", "Microsoft Graph"), Object("protocol", "deviceCode"),
            Object("app_id", "29d9ed98-a469-4536-ade2-f981bc1d605e"),
        ),
        tags=("device-code",),
    ),
    sign_in(  # as Graph has it, which names no tenant
        "default", "66ea54eb-6301-4ee5-be62-ff5a759b0100", 1_772_439_212_000, ALICE, Category.LOGON, "Graph Explorer",
        ip="198.51.100.24", location=Location("US", "Redmond", 47.68050003051758, -122.12094116210938),
        device=Device(os="Windows 10"), session="kq3hY1XxR0eJ",
        objects=(
            Object("resource", "Microsoft Graph"), Object("client", "Browser"),
            Object("app_id", "de8bc8b5-d9f9-48b1-a8ad-b748da725064"),
        ),
    ),
    sign_in(  # was asked for a second factor
        "default", "66ea54eb-6301-4ee5-be62-ff5a759b0200", 1_772_439_241_000,
        User("alice@example.com", "Alice Example", "alice@example.com"), Category.LOGON, "OfficeHome",
        outcome=Outcome.UNKNOWN, error="50074", ip="2001:db8::24", location=Location("NO", "Oslo", 59.9, 10.7),
        device=Device("5e0c", "Windows 11", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
        session="1b1f4a6e-5d6c-4a39-9d4e-2f9b5b0c7a10",
        objects=(
            Object("resource", "OfficeHome"), Object("client", "Browser"),
            Object("app_id", "4765445b-32c6-49b0-83e6-1d93765276ca"),
        ),
        tags=("mfa-challenge",),
    ),
    sign_in(  # a managed identity
        OURS, "ac0b3bf6-8ed2-4b0c-9c1f-000000000001", 1_772_440_198_765,
        User("7c2b5a90-3e44-4d1a-b6f7-0000000000b2", "backup-vm", type=SERVICE), Category.TOKEN,
        "9f1d7a40-1c55-4f6b-8d3e-0000000000a1", session="uX2", tags=("non-interactive",),
        objects=(Object("resource", "Azure Key Vault"), Object("app_id", "9f1d7a40-1c55-4f6b-8d3e-0000000000a1")),
    ),
]  # fmt: skip

DENETHOR = User("denethor@lotr.com", "denethor@lotr.com", "denethor@lotr.com")
AUDITS = [
    audit(
        "default", "Directory_10065ffb-8199-48bc-8ff5-912cb5b8295a_AUMVX_13992832", 1_627_910_965_983, GUSTAVO,
        "Update application – Certificates and secrets management", Category.CREDENTIAL, device=POWERSHELL,
        objects=(Object("application", "SimuLandApp"),), tags=("key-added",),
    ),
    audit(
        "default", "Directory_ae69aa7a-e9b7-4066-84f2-58582994d8cb_7H1JL_8584070", 1_627_910_712_246, GUSTAVO,
        "Update application", Category.MODIFY, device=POWERSHELL, objects=(Object("application", "SimuLandApp"),),
    ),
    audit(
        "default", "Directory_630d7f0c-acc4-4596-85ab-7e5d839b4291_9VRQI_37762000", 1_627_910_840_017, GUSTAVO,
        "Add delegated permission grant", Category.ROLE_GRANT, device=POWERSHELL,
        objects=(
            Object("serviceprincipal", "Microsoft Graph"),
            Object("serviceprincipal", "0d2f5969-011b-460d-ac74-3291d227d49f"),
            Object("permission", "User.Read Mail.ReadWrite"),
        ),
        tags=("consent", "admin-consent", "privileged"),
    ),
    audit(
        "tenant-123", "blake2b-ea8eb18db8a2ebbcc798527b0254ba1e", 1_736_930_730_123,
        User("denethor@lotr.com", "Senior Administrator", "denethor@lotr.com"),
        "User has elevated their access to User Access Administrator for their Azure Resources", Category.ROLE_GRANT,
        app="Microsoft.Authorization", ip="2.2.2.2", tags=("privileged",),
    ),
    audit(
        "tenant-123", "blake2b-37f51565015a4e0ec0756950f1cb836b", 1_736_933_420_123,
        User("frodo@lotr.com", "IT Administrator", "frodo@lotr.com"), "Add service principal credentials",
        Category.CREDENTIAL, ip="2.2.2.2", objects=(Object("serviceprincipal", "Production API Service"),),
        tags=("key-added",),
    ),
    audit(
        "123456789", "Invited Users_123456789", 1_727_101_989_049, DENETHOR, "Invite external user",
        Category.CREATE_USER, app="Invited Users", ip="1.2.3.4", objects=(Object("user", "Zeus.Theboss"),),
        tags=("external",),
    ),
    audit(
        "tenant-123", "blake2b-df00bccd8ad81d8c63a751642f831558", 1_736_933_425_123,
        User("frodo@lotr.com", "Compromised Admin", "frodo@lotr.com"), "Set federation settings on domain",
        Category.CREDENTIAL, ip="2.2.2.2", tags=("key-added",),
    ),
    audit(
        "12345", "PIM_123415", 1_734_366_736_087,
        User("radahn@starscourge.onmicrosoft.com", "Ju Cho", "Radahn@Starscourge.onmicrosoft.com"),
        "Add member to role in PIM completed (permanent)", Category.ROLE_GRANT, app="PIM", ip="1.2.3.4",
        objects=(
            Object("role", "Application Administrator"), Object("request", "12345"), Object("user", "Malenia"),
            Object("directory", "Panther"), Object("other", "12345"),
        ),
    ),
    audit(
        "tenant-def", "blake2b-e03ced79cc37be2bd9a970b5984b7962", 1_736_950_535_345,
        User("secadmin@company.com", "Security Admin", "secadmin@company.com"), "Remove role assignment",
        Category.ROLE_REVOKE, app="Microsoft.Authorization", ip="198.51.100.150",
        objects=(Object("user", "former@company.com"),),
    ),
    audit(
        "12341234", "IPCGraph_af23466234", 1_732_674_178_727,
        User("aragorn@lotr.com", "aragorn@lotr.com", "aragorn@lotr.com"), "Delete conditional access policy",
        Category.DELETE, app="Conditional Access", ip="1.2.3.4", objects=(Object("policy", "Outside MFA"),),
    ),
    audit(  # a service without an id; a factor was registered
        "default", "Directory_1f0e_NLKZO_3127", 1_772_440_805_123,
        User("azure mfa strongauthenticationservice", "Azure MFA StrongAuthenticationService", type=SERVICE),
        "Update user", Category.CREDENTIAL, objects=(Object("user", "alice@example.com"),), tags=("factor-added",),
    ),
    audit(
        "default", "Directory_2a_XYZ_9", 1_772_440_860_000, User("alice@example.com", "Alice", "Alice@example.com"),
        "Consent to application", Category.ROLE_GRANT, outcome=Outcome.FAILURE, ip="198.51.100.24",
        error="Microsoft.Online.Security.AuthorizationException", device=Device(user_agent="EvoSTS"),
        objects=(Object("serviceprincipal", "Mail Helper"), Object("permission", "Mail.ReadWrite offline_access")),
        tags=("consent",),
    ),
]  # fmt: skip
GOLDEN = [*zip(records("entra_signin"), SIGN_INS, strict=True), *zip(records("entra_audit"), AUDITS, strict=True)]


@pytest.mark.parametrize(("record", "expected"), GOLDEN)
def test_golden(record: dict[str, Any], expected: Activity) -> None:
    for fmt in ("auto", expected.source):
        assert parse_record(json.dumps(record).encode(), fmt, "default", RAW) == expected


def parse(record: dict[str, Any], **fields: object) -> Activity | Rejected:
    return parse_record(json.dumps(record | fields).encode(), "auto", "default", RAW)


SIGN_IN = records("entra_signin")[7]
AUDIT = records("entra_audit")[11]


def read(record: dict[str, Any], **fields: object) -> Activity:
    result = parse(record, **fields)
    assert isinstance(result, Activity), result
    return result


@pytest.mark.parametrize(
    ("code", "category", "outcome"),
    [
        (0, Category.LOGON, Outcome.SUCCESS),
        (50126, Category.FAILED_LOGON, Outcome.FAILURE),
        (50053, Category.FAILED_LOGON, Outcome.FAILURE),
        (500121, Category.FAILED_LOGON, Outcome.FAILURE),
        (50074, Category.LOGON, Outcome.UNKNOWN),
        (50076, Category.LOGON, Outcome.UNKNOWN),
        (50140, Category.LOGON, Outcome.UNKNOWN),
        (50055, Category.LOGON, Outcome.UNKNOWN),
        (50058, Category.OTHER, Outcome.UNKNOWN),
        (16000, Category.OTHER, Outcome.UNKNOWN),
        (53003, Category.FAILED_LOGON, Outcome.DENIED),
        (50105, Category.FAILED_LOGON, Outcome.DENIED),
        (9_999_999, Category.FAILED_LOGON, Outcome.FAILURE),
        (None, Category.LOGON, Outcome.UNKNOWN),
    ],
)
def test_how_a_persons_sign_in_ends(code: int | None, category: Category, outcome: Outcome) -> None:
    activity = read(SIGN_IN, status={"errorCode": code})
    assert (activity.category, activity.outcome) == (category, outcome)
    assert activity.error == (str(code) if code else "")


@pytest.mark.parametrize(
    "fields",
    [{"isInteractive": False}, {"signInEventTypes": ["nonInteractiveUser"]},
     {"signInEventTypes": ["servicePrincipal"], "servicePrincipalId": "7c"},
     {"signInEventTypes": ["managedIdentity"], "servicePrincipalId": "7c"}],
)  # fmt: skip
@pytest.mark.parametrize(
    ("code", "outcome"),
    [(0, Outcome.SUCCESS), (50076, Outcome.UNKNOWN), (700082, Outcome.FAILURE), (53003, Outcome.DENIED)],
)
def test_a_sign_in_without_a_person_present_is_a_token(fields: dict[str, Any], code: int, outcome: Outcome) -> None:
    activity = read(SIGN_IN, status={"errorCode": code}, **fields)
    assert (activity.category, activity.outcome) == (Category.TOKEN, outcome)


@pytest.mark.parametrize("code", sorted(GUESSED))
def test_a_password_tried_without_interaction_is_a_failed_logon(code: str) -> None:
    assert read(SIGN_IN, isInteractive=False, status={"errorCode": int(code)}).category is Category.FAILED_LOGON


def test_every_error_is_of_one_kind() -> None:
    kinds = [ACCEPTED, ASKED, DENIED, GUESSED]
    assert len(frozenset.union(*kinds)) == sum(map(len, kinds))
    assert frozenset(ERRORS.values()) <= frozenset.union(*kinds)


@pytest.mark.parametrize(
    ("log", "kind"),
    [("SignInLogs", PERSON), ("NonInteractiveUserSignInLogs", PERSON), ("ServicePrincipalSignInLogs", APP),
     ("ManagedIdentitySignInLogs", SERVICE)],
)  # fmt: skip
def test_the_envelopes_category_says_who_signs_in(log: str, kind: UserType) -> None:
    inner = {name: value for name, value in SIGN_IN.items() if name not in ("isInteractive", "signInEventTypes")}
    inner["servicePrincipalId"] = "7c2b"
    envelope = {"time": "2026-03-02T08:20:00Z", "category": log, "tenantId": OURS, "properties": inner}
    activity = read(envelope)
    assert activity.user.type is kind
    assert activity.time == 1_772_439_212_000
    assert activity.tenant == OURS
    assert activity.category is (Category.LOGON if log == "SignInLogs" else Category.TOKEN)


def test_a_row_of_log_analytics_is_the_same_activity() -> None:
    row = {name[0].upper() + name[1:]: value for name, value in SIGN_IN.items() if name not in ("ipAddress", "status")}
    row |= {
        "Type": "SigninLogs", "TimeGenerated": "2026-03-02T08:20:00Z", "TenantId": "a-workspace", "Location": "US",
        "AADTenantId": "default", "LocationDetails": json.dumps(SIGN_IN["location"]), "ResultType": "0",
        "DeviceDetail": json.dumps(SIGN_IN["deviceDetail"]), "IPAddress": SIGN_IN["ipAddress"],
    }  # fmt: skip
    assert read(row) == read(SIGN_IN)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"userPrincipalName": " ALICE@example.com "}, "alice@example.com"),
        ({"userPrincipalName": "bob_example.org#EXT#@example.com"}, "bob@example.org"),
        ({"userPrincipalName": "", "signInIdentifier": "typed@example.com"}, "typed@example.com"),
        ({"userPrincipalName": None, "userId": "0A1B"}, "0a1b"),
    ],
)
def test_who_signs_in(fields: dict[str, Any], key: str) -> None:
    assert read(SIGN_IN, **fields).user.id == key


@pytest.mark.parametrize("name", [None, "", "Unknown", "Not Available", "00000000-0000-0000-0000-000000000000", 7, {}])
def test_nobody_is_rejected(name: object) -> None:
    result = parse(SIGN_IN, userPrincipalName=name, userId="00000000-0000-0000-0000-000000000000")
    assert isinstance(result, Rejected)
    assert "`$.userPrincipalName`" in result.reason
    principal = parse(SIGN_IN, signInEventTypes=["servicePrincipal"], servicePrincipalId=name, appId=name)
    assert isinstance(principal, Rejected)
    assert "`$.servicePrincipalId`" in principal.reason
    changed = parse(AUDIT, initiatedBy={"user": {"userPrincipalName": name, "id": name}, "app": None})
    assert isinstance(changed, Rejected)
    assert "`$.initiatedBy`" in changed.reason


@pytest.mark.parametrize("record", [SIGN_IN, AUDIT])
@pytest.mark.parametrize("value", [None, "", "yesterday", [], "0001-01-01T00:00:00Z"])
def test_a_record_without_a_time_is_rejected(record: dict[str, Any], value: object) -> None:
    field = "createdDateTime" if record is SIGN_IN else "activityDateTime"
    result = parse(record, **{field: value})
    assert isinstance(result, Rejected)
    assert f"`$.{field}`" in result.reason


def test_a_country_by_its_name() -> None:
    where = {"countryOrRegion": "China", "city": "Beijing"}
    assert read(SIGN_IN, location=where).location == Location("CN", "Beijing")
    assert read(SIGN_IN, location={"geoCoordinates": {"latitude": 91, "longitude": 0}}).location == Location()
    assert read(SIGN_IN, location={"geoCoordinates": {"latitude": 1}}).location == Location()


@pytest.mark.parametrize(
    ("initiator", "user"),
    [
        ({"app": {"servicePrincipalId": "7C2B", "displayName": "Sync"}}, User("7c2b", "Sync", type=APP)),
        ({"app": {"appId": "9F1D", "displayName": "Sync"}}, User("9f1d", "Sync", type=APP)),
        ({"app": {"displayName": "MS-PIM"}}, User("ms-pim", "MS-PIM", type=SERVICE)),
        ('{"user": {"id": "0A1B", "userPrincipalName": null}}', User("0a1b", "0A1B")),
    ],
)
def test_who_changed_it(initiator: object, user: User) -> None:
    assert read(AUDIT, initiatedBy=initiator).user == user


@pytest.mark.parametrize(
    ("name", "changed", "category"),
    [
        ("Update user", "AccountEnabled", Category.MODIFY_USER),
        ("Update user.", "StrongAuthenticationPhoneAppDetail", Category.CREDENTIAL),
        ("Update service principal", "KeyDescription", Category.CREDENTIAL),
        ("Update service principal", "DisplayName", Category.MODIFY),
        ("Add member to role in PIM requested (permanent)", "", Category.MODIFY),
        ("Add eligible member to role in PIM completed (timebound)", "", Category.ROLE_GRANT),
        ("Read BitLocker key", "", Category.SECRET_READ),
        ("Delete user", "", Category.DELETE_USER),
        ("User registered security info", "", Category.CREDENTIAL),
        ("Delete authentication strength policy", "", Category.DELETE),
        ("Disable PIM Alert", "", Category.AUDIT_CONFIG),
        ("Create gadget", "", Category.CREATE),
    ],
)
def test_categories(name: str, changed: str, category: Category) -> None:
    target = {"type": "User", "id": "1", "modifiedProperties": [{"displayName": changed, "newValue": "x"}]}
    assert read(AUDIT, activityDisplayName=name, targetResources=[target]).category is category


def test_the_table_names_each_activity_once() -> None:
    names = [name.strip() for group in NAMES.values() for line in group.splitlines() for name in line.split("|")]
    names = [name for name in names if name]
    assert len(names) == len(set(names)) == len(OPERATIONS)
    assert all(name == name.lower() for name in names)


CLAIM = "MFA requirement satisfied by claim in the token"
DECLINED = "MFA denied; user declined the authentication"


@pytest.mark.parametrize(
    ("fields", "tags"),
    [
        ({"authenticationRequirement": "singleFactorAuthentication"}, ("single-factor",)),
        ({"authenticationRequirement": "multiFactorAuthentication"}, ("mfa",)),
        ({"status": {"errorCode": 0, "additionalDetails": CLAIM}}, ("mfa",)),
        ({"authenticationDetails": [{"authenticationStepResultDetail": "MFA successfully completed"}]}, ("mfa",)),
        ({"authenticationDetails": f'[{{"authenticationStepResultDetail": "{CLAIM}"}}]'}, ("mfa",)),
        ({"authenticationDetails": [{"authenticationStepResultDetail": "Correct password"}]}, ()),
        ({"status": {"errorCode": 50074}}, ("mfa-challenge",)),
        ({"status": {"errorCode": 50126}}, ()),
        ({"status": {"errorCode": 50034}}, ("unknown-user",)),
        ({"status": {"errorCode": 50053}}, ("locked-out",)),
        ({"status": {"errorCode": 50057}}, ("disabled-user",)),
        ({"status": {"errorCode": 500121}}, ("mfa-failed",)),
        ({"status": {"errorCode": 500121, "additionalDetails": DECLINED}}, ("mfa-denied",)),
        ({"status": {"errorCode": 500121}, "mfaDetail": {"authDetail": "MFA denied; user did not respond to it"}},
         ("mfa-unanswered",)),
        ({"status": {"errorCode": 500121}, "authenticationDetails": [
            {"authenticationStepResultDetail": "MFA denied (fraud code reported)"}]}, ("mfa-denied", "reported")),
        ({"clientAppUsed": "IMAP4"}, ("legacy-protocol",)),
        ({"clientAppUsed": "Mobile Apps and Desktop clients"}, ()),
        ({"authenticationProtocol": "ropc"}, ("password-grant",)),
        ({"originalTransferMethod": "deviceCodeFlow"}, ("device-code",)),
        ({"isInteractive": False}, ("non-interactive",)),
        ({"riskLevelDuringSignIn": "high"}, ("risk-high",)),
        ({"riskLevelDuringSignIn": "medium"}, ("risk-medium",)),
        ({"riskLevelDuringSignIn": "hidden"}, ()),
        ({"deviceDetail": {"isCompliant": True}}, ("managed-device",)),
        ({"deviceDetail": {"isManaged": "true"}}, ("managed-device",)),
    ],
)  # fmt: skip
def test_tags_of_sign_ins(fields: dict[str, object], tags: tuple[str, ...]) -> None:
    assert read(SIGN_IN, **fields).tags == tags


def change(name: str, new: object, old: object = None) -> dict[str, object]:
    return {"displayName": name, "oldValue": old, "newValue": new}


GRANT = (
    '"[[Id: a, ClientId: b, ConsentType: %s, Scope: User.Read, CreatedDateTime: ]] => '
    '[[Id: a, ClientId: b, ConsentType: %s, Scope:  User.Read Mail.Read, CreatedDateTime: ]]; "'
)
FOR_ALL, FOR_ONE = GRANT % ("AllPrincipals", "AllPrincipals"), GRANT % ("Principal", "Principal")
CLIENT = "7d1e9a3f-2b88-4c10-9f55-c0aa41e2b6d1"


@pytest.mark.parametrize(
    ("action", "changes", "tags", "objects"),
    [
        (
            "Consent to application",
            [
                change("ConsentContext.IsAdminConsent", '"True"'), change("ConsentContext.OnBehalfOfAll", '"False"'),
                change("ConsentAction.Permissions", FOR_ONE), change("TargetId.ServicePrincipalNames", f'"{CLIENT}"'),
            ],
            ("consent",),
            (("permission", "User.Read Mail.Read"), ("app_id", CLIENT)),
        ),
        (
            "Consent to application", [change("ConsentAction.Permissions", FOR_ALL)],
            ("consent", "admin-consent", "privileged"), (("permission", "User.Read Mail.Read"),),
        ),
        ("Consent to application", [change("ConsentContext.IsAdminConsent", "True")], ("consent", "admin-consent"), ()),
        (
            "Add app role assignment to service principal",
            [change("AppRole.Value", '"RoleManagement.ReadWrite.Directory"'), change("ServicePrincipal.AppId", CLIENT)],
            ("consent", "admin-consent", "privileged"),
            (("permission", "RoleManagement.ReadWrite.Directory"), ("app_id", CLIENT)),
        ),
        (
            "Add delegated permission grant",
            [
                change("DelegatedPermissionGrant.Scope", '" User.Read"'),
                change("DelegatedPermissionGrant.ConsentType", '"Principal"'),
                change("TargetId.ServicePrincipalNames", '"00000003-0000-0000-c000-000000000000"'),
            ],
            ("consent",), (("permission", "User.Read"),),
        ),
        (
            "Add member to role", [change("Role.DisplayName", '"Global Administrator"')], ("privileged",),
            (("role", "Global Administrator"),),
        ),
        ("Add member to role", [change("Role.DisplayName", '"Reports Reader"')], (), (("role", "Reports Reader"),)),
        ("Remove member from role", [change("Role.DisplayName", None, '"User Administrator"')], ("privileged",),
         (("role", "User Administrator"),)),
        ("Update user", [change("StrongAuthenticationMethod", "[]", '[{"MethodType":6}]')], ("factor-removed",), ()),
        ("Update user", [change("StrongAuthenticationMethod", "x", "y")], (), ()),
        ("Update application", [change("KeyDescription", '["a","b"]', '["a"]')], ("key-added",), ()),
        ("Update application", [change("KeyDescription", "[]", '["a"]')], (), ()),
        ("Set Company Information", [change("TrustedCAsForPasswordlessAuth", "[x]", "[]")], ("key-added",), ()),
        ("Reset user password", [], ("password-set",), ()),
        ("User registered security info", [], ("factor-added",), ()),
        ("Fraud reported - user is blocked for MFA", [], ("reported",), ()),
        ("Update user", [7, None, {}, {"displayName": 7}], (), ()),
    ],
)  # fmt: skip
def test_tags_of_changes(
    action: str, changes: list[object], tags: tuple[str, ...], objects: tuple[tuple[str, str], ...]
) -> None:
    found = read(AUDIT, activityDisplayName=action, targetResources=[{"modifiedProperties": changes}])
    assert found.tags == tags
    assert tuple((item.type, item.name) for item in found.objects) == objects
