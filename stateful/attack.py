"""MITRE ATT&CK Enterprise v19 techniques that detections name (https://attack.mitre.org, v19 of 2026)."""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "19"


@dataclass(frozen=True)
class Technique:
    """A technique with the tactic it is used for here. `id` is `T1234` or `T1234.001`."""

    id: str
    name: str
    tactic_id: str
    tactic: str


INITIAL_ACCESS = ("TA0001", "Initial Access")
EXECUTION = ("TA0002", "Execution")
PERSISTENCE = ("TA0003", "Persistence")
PRIVILEGE_ESCALATION = ("TA0004", "Privilege Escalation")
STEALTH = ("TA0005", "Stealth")
CREDENTIAL_ACCESS = ("TA0006", "Credential Access")
DISCOVERY = ("TA0007", "Discovery")
LATERAL_MOVEMENT = ("TA0008", "Lateral Movement")
COLLECTION = ("TA0009", "Collection")
EXFILTRATION = ("TA0010", "Exfiltration")
COMMAND_AND_CONTROL = ("TA0011", "Command and Control")
IMPACT = ("TA0040", "Impact")
DEFENSE_IMPAIRMENT = ("TA0112", "Defense Impairment")

VALID_ACCOUNTS = Technique("T1078", "Valid Accounts", *INITIAL_ACCESS)
CLOUD_ACCOUNTS = Technique("T1078.004", "Valid Accounts: Cloud Accounts", *INITIAL_ACCESS)
MULTI_HOP_PROXY = Technique("T1090.003", "Proxy: Multi-hop Proxy", *COMMAND_AND_CONTROL)
ADDITIONAL_CREDENTIALS = Technique("T1098.001", "Account Manipulation: Additional Cloud Credentials", *PERSISTENCE)
ADDITIONAL_DELEGATION = Technique(
    "T1098.002", "Account Manipulation: Additional Email Delegate Permissions", *PERSISTENCE
)
ADDITIONAL_ROLES = Technique("T1098.003", "Account Manipulation: Additional Cloud Roles", *PRIVILEGE_ESCALATION)
DEVICE_REGISTRATION = Technique("T1098.005", "Account Manipulation: Device Registration", *PERSISTENCE)
PASSWORD_GUESSING = Technique("T1110.001", "Brute Force: Password Guessing", *CREDENTIAL_ACCESS)
PASSWORD_SPRAYING = Technique("T1110.003", "Brute Force: Password Spraying", *CREDENTIAL_ACCESS)
CREDENTIAL_STUFFING = Technique("T1110.004", "Brute Force: Credential Stuffing", *CREDENTIAL_ACCESS)
EMAIL_COLLECTION = Technique("T1114.002", "Email Collection: Remote Email Collection", *COLLECTION)
EMAIL_FORWARDING = Technique("T1114.003", "Email Collection: Email Forwarding Rule", *COLLECTION)
SHAREPOINT = Technique("T1213.002", "Data from Information Repositories: Sharepoint", *COLLECTION)
CUSTOMER_RECORDS = Technique(
    "T1213.004", "Data from Information Repositories: Customer Relationship Management Software", *COLLECTION
)
DATA_DESTRUCTION = Technique("T1485", "Data Destruction", *IMPACT)
DATA_ENCRYPTED = Technique("T1486", "Data Encrypted for Impact", *IMPACT)
INHIBIT_RECOVERY = Technique("T1490", "Inhibit System Recovery", *IMPACT)
COMPUTE_HIJACKING = Technique("T1496.001", "Resource Hijacking: Compute Hijacking", *IMPACT)
SERVICE_DISCOVERY = Technique("T1526", "Cloud Service Discovery", *DISCOVERY)
STEAL_TOKEN = Technique("T1528", "Steal Application Access Token", *CREDENTIAL_ACCESS)
CLOUD_STORAGE = Technique("T1530", "Data from Cloud Storage", *COLLECTION)
UNUSED_REGIONS = Technique("T1535", "Unused/Unsupported Cloud Regions", *STEALTH)
TRANSFER_TO_ACCOUNT = Technique("T1537", "Transfer Data to Cloud Account", *EXFILTRATION)
STEAL_COOKIE = Technique("T1539", "Steal Web Session Cookie", *CREDENTIAL_ACCESS)
APPLICATION_TOKEN = Technique(
    "T1550.001", "Use Alternate Authentication Material: Application Access Token", *LATERAL_MOVEMENT
)
WEB_SESSION = Technique("T1550.004", "Use Alternate Authentication Material: Web Session Cookie", *LATERAL_MOVEMENT)
CLOUD_SECRETS = Technique(
    "T1555.006", "Credentials from Password Stores: Cloud Secrets Management Stores", *CREDENTIAL_ACCESS
)
MFA_MODIFICATION = Technique("T1556.006", "Modify Authentication Process: Multi-Factor Authentication", *PERSISTENCE)
HIDING_RULES = Technique("T1564.008", "Hide Artifacts: Email Hiding Rules", *STEALTH)
TO_CLOUD_STORAGE = Technique("T1567.002", "Exfiltration Over Web Service: Exfiltration to Cloud Storage", *EXFILTRATION)
CREATE_INSTANCE = Technique("T1578.002", "Modify Cloud Compute Infrastructure: Create Cloud Instance", *STEALTH)
INFRASTRUCTURE_DISCOVERY = Technique("T1580", "Cloud Infrastructure Discovery", *DISCOVERY)
STORAGE_DISCOVERY = Technique("T1619", "Cloud Storage Object Discovery", *DISCOVERY)
MFA_REQUESTS = Technique("T1621", "Multi-Factor Authentication Request Generation", *CREDENTIAL_ACCESS)
DISABLE_CLOUD_LOG = Technique("T1685.002", "Disable or Modify Tools: Disable or Modify Cloud Log", *DEFENSE_IMPAIRMENT)
CLEAR_MAILBOX = Technique("T1070.008", "Indicator Removal: Clear Mailbox Data", *STEALTH)
