"""One event of CloudTrail, of which tests change fields, and what is read of it."""

from __future__ import annotations

import json
from typing import Any

from activities.activity import Activity, Raw
from activities.formats import parse_record
from activities.record import Rejected

RAW = Raw("logs", "a.json", 1)
EVENT: dict[str, Any] = {
    "eventVersion": "1.08",
    "userIdentity": {
        "type": "IAMUser", "principalId": "AIDA1", "arn": "arn:aws:iam::111122223333:user/Alice",
        "accountId": "111122223333", "accessKeyId": "AKIA1", "userName": "Alice",
    },
    "eventTime": "2026-01-02T03:04:05Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "awsRegion": "eu-west-1",
    "sourceIPAddress": "198.51.100.7",
    "userAgent": "aws-cli/2.13",
    "requestParameters": {"bucketName": "reports", "key": "2026/q3.csv"},
    "responseElements": None,
    "additionalEventData": {"bytesTransferredIn": 7, "bytesTransferredOut": 4096},
    "readOnly": True,
    "resources": [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::reports/2026/q3.csv"},
        {"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::reports"},
    ],
    "eventID": "e-1",
    "recipientAccountId": "444455556666",
}  # fmt: skip


def parse(tenant: str = "default", **fields: Any) -> Activity | Rejected:  # noqa: ANN401
    return parse_record(json.dumps({**EVENT, **fields}).encode(), "cloudtrail", tenant, RAW)


def read(**fields: Any) -> Activity:  # noqa: ANN401
    result = parse(**fields)
    assert isinstance(result, Activity), result
    return result
