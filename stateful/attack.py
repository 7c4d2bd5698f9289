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
CREDENTIAL_ACCESS = ("TA0006", "Credential Access")
DISCOVERY = ("TA0007", "Discovery")
COLLECTION = ("TA0009", "Collection")
DEFENSE_IMPAIRMENT = ("TA0112", "Defense Impairment")

CLOUD_ACCOUNTS = Technique("T1078.004", "Valid Accounts: Cloud Accounts", *INITIAL_ACCESS)
PASSWORD_GUESSING = Technique("T1110.001", "Brute Force: Password Guessing", *CREDENTIAL_ACCESS)
CREDENTIAL_STUFFING = Technique("T1110.004", "Brute Force: Credential Stuffing", *CREDENTIAL_ACCESS)
CLOUD_STORAGE = Technique("T1530", "Data from Cloud Storage", *COLLECTION)
SHAREPOINT = Technique("T1213.002", "Data from Information Repositories: SharePoint", *COLLECTION)
DISABLE_CLOUD_LOG = Technique("T1685.002", "Disable or Modify Tools: Disable or Modify Cloud Log", *DEFENSE_IMPAIRMENT)
SERVICE_DISCOVERY = Technique("T1526", "Cloud Service Discovery", *DISCOVERY)
INFRASTRUCTURE_DISCOVERY = Technique("T1580", "Cloud Infrastructure Discovery", *DISCOVERY)
