"""AWS CloudTrail, as it delivers to S3: files of five minutes, one set for each region.

Source: AWS CloudTrail User Guide, "CloudTrail record contents", "CloudTrail log file examples", "Finding your
CloudTrail log files". People log on by IAM Identity Center, so that their session name is their address; service
accounts are IAM users with a key.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

import msgspec

from activities.activity import Category, UserType
from simulator.aws_parameters import is_read_only, moved, parameters
from simulator.operations import HOME_REGION as HOME
from simulator.record import MINUTE, SECOND, Account, Event, NativeUser, Step, rfc3339
from simulator.streams import guid, token
from simulator.vendors.vendor import Recorded, Vendor

_GLOBAL = frozenset("iam organizations route53 ce sts support account signin health budgets".split())
"""Services whose events are logged in us-east-1, wherever they are called from."""
_DATA_EVENTS = frozenset(("GetObject", "PutObject", "CopyObject", "HeadObject", "DeleteObject", "Invoke"))
_OF_ENDINGS = ".amazonaws.com"
_ROLE = "AWSReservedSSO_PlatformAdministrator_1f2e3d4c5b6a7988"
_GLOBAL_REGION = "us-east-1"
_WINDOW = 5 * MINUTE
_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=64)
def account_id(tenant: str) -> str:
    """The tenant's AWS account: twelve digits."""
    return str(10**11 + int(token("aws account", tenant, size=5), 16) % (9 * 10**11))


def _key(prefix: str, *names: str) -> str:
    """An access key id or a principal id."""
    return prefix + token(prefix, *names, size=8).upper()


@lru_cache(maxsize=65_536)
def _identity(user: NativeUser, session: str, day: str, tenant: str) -> dict[str, object]:
    number, address = account_id(tenant), user.id
    if user.type is not UserType.PERSON:
        name = address.partition("@")[0]
        return {
            "type": "IAMUser",
            "principalId": _key("AIDA", name),
            "arn": f"arn:aws:iam::{number}:user/{name}",
            "accountId": number,
            "accessKeyId": _key("AKIA", tenant, name),
            "userName": name,
        }
    role = _key("AROA", tenant)
    issuer = {
        "type": "Role",
        "principalId": role,
        "arn": f"arn:aws:iam::{number}:role/aws-reserved/sso.amazonaws.com/{HOME}/{_ROLE}",
        "accountId": number,
        "userName": _ROLE,
    }
    return {
        "type": "AssumedRole",
        "principalId": f"{role}:{address}",
        "arn": f"arn:aws:sts::{number}:assumed-role/{_ROLE}/{address}",
        "accountId": number,
        "accessKeyId": _key("ASIA", address, session or day),
        "sessionContext": {
            "sessionIssuer": issuer,
            "attributes": {"creationDate": f"{day}T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }


def _region(step: Step) -> str:
    service = step.app.partition(".")[0]
    return step.region or (_GLOBAL_REGION if service in _GLOBAL else HOME)


def _host(step: Step, region: str) -> str:
    service = step.app.partition(".")[0]
    return f"{service}.{region}.amazonaws.com"


def _user(account: Account, tenant: str) -> str:
    """The address of a person; the ARN of an IAM user."""
    if account.user.type is UserType.PERSON:
        return account.user.id
    return f"arn:aws:iam::{account_id(tenant)}:user/{account.user.id.partition('@')[0]}".casefold()


def _record(event: Event, account: Account, uid: str, tenant: str) -> Recorded | None:
    """The record of a call of AWS; None for anything else."""
    step = event.step
    if not step.app.endswith(_OF_ENDINGS):
        return None
    when, region = rfc3339(event.time), _region(step)
    number, data = account_id(tenant), step.action in _DATA_EVENTS
    made: dict[str, object] = {
        "eventVersion": "1.11",
        "userIdentity": _identity(account.user, event.session, when[:10], tenant),
        "eventTime": when[:19] + "Z",
        "eventSource": step.app,
        "eventName": step.action,
        "awsRegion": region,
        "sourceIPAddress": event.address.ip,
        "userAgent": event.device.user_agent,
        "requestParameters": parameters(step.action, step.objects) or None,
        "responseElements": None,
        "requestID": guid("request", uid),
        "eventID": uid,
        "readOnly": is_read_only(step.action),
        "eventType": "AwsApiCall",
        "managementEvent": not data,
        "recipientAccountId": number,
        "eventCategory": "Data" if data else "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": _host(step, region),
        },
    }
    if step.action == "ConsoleLogin":
        made["eventType"] = "AwsConsoleSignIn"
        made["responseElements"] = {"ConsoleLogin": "Failure" if step.error else "Success"}
        made["additionalEventData"] = {"MobileVersion": "No", "MFAUsed": "No"}
        if step.error:
            made["errorMessage"] = step.error
    elif step.error:
        made["errorCode"], made["errorMessage"] = step.error, "The request was refused."
    if data and step.app == "s3.amazonaws.com":
        made["additionalEventData"] = moved(step.objects, out=step.category is Category.DOWNLOAD)
    return Recorded(region, _encode(made))


def _root(region: str, number: str) -> Path:
    return Path("cloudtrail", "AWSLogs", number, "CloudTrail", region)


def _path(region: str, begins: int, part: int, number: str) -> Path:
    """`AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz`."""
    # A file is named after the time at which it was delivered.
    when = rfc3339(begins + _WINDOW)
    stamp = when[:16].replace("-", "").replace(":", "") + "Z"
    name = f"{number}_CloudTrail_{region}_{stamp}_{part:02d}{token('file', region, begins, part, size=7)}.json.gz"
    return _root(region, number).joinpath(*when[:10].split("-"), name)


def _pack(records: list[bytes]) -> bytes:
    return gzip.compress(b'{"Records":[' + b",".join(records) + b"]}", compresslevel=6, mtime=0)


def vendor(tenant: str) -> Vendor:
    """CloudTrail of the tenant's AWS account."""
    number = account_id(tenant)
    return Vendor(
        name="cloudtrail",
        record=lambda event, account, uid, arrives: _record(event, account, uid, tenant),
        user=lambda account: _user(account, tenant),
        resolution=SECOND,
        window=_WINDOW,
        root=lambda region: _root(region, number),
        path=lambda region, begins, part: _path(region, begins, part, number),
        pack=_pack,
        most=5_000,
    )
