"""Steps by the vendors' own names of operations, with the category that the vendor's record is read as.

The categories are those of the parsers in `activities`, so that a native record says the same as the vendor's would.
"""

from __future__ import annotations

from functools import lru_cache

from activities import (
    azure_operations,
    cloudtrail_operations,
    entra_errors,
    entra_operations,
    github_operations,
    m365_operations,
)
from activities.activity import Category, Outcome
from activities.category import category_of_verb
from simulator.aws_parameters import is_read_only, parameters
from simulator.record import NativeObject, NativeUser, Step

ENTRA = "AzureActiveDirectory"
EXCHANGE = "Exchange"
SHAREPOINT = "SharePoint"
TEAMS = "MicrosoftTeams"
MICROSOFT = (ENTRA, EXCHANGE, SHAREPOINT, TEAMS)
GITHUB = "GitHub"
SALESFORCE = "Salesforce"
NETSUITE = "NetSuite"
WORKDAY = "Workday"
AZURE = "microsoft."
"""How the names of Azure's resource providers begin, which are its apps: `microsoft.compute`."""
KEY_VAULT = "Azure Key Vault"

HOME_REGION, HOME_PLACE = "eu-west-1", "westeurope"
"""Where the company has its machines, in AWS and in Azure."""

MFA = "mfa"
"""A fact: more than one factor was shown, now or earlier in the session."""
MFA_DENIED, MFA_UNANSWERED, MFA_WRONG_CODE = "mfa-denied", "mfa-unanswered", "mfa-wrong-code"
LEGACY, PASSWORD_GRANT, DEVICE_CODE = "legacy-protocol", "password-grant", "device-code"  # noqa: S105
"""Facts: how somebody logged on where no browser and no second factor were used."""

WRONG_PASSWORD, UNKNOWN_USER, LOCKED, DISABLED = "50126", "50034", "50053", "50057"  # noqa: S105
SECOND_FACTOR, SECOND_FACTOR_FAILED, POLICY = "50074", "500121", "53003"
"""Codes of Microsoft's identity platform: asked for a second factor, which then failed; blocked by policy."""
ASKS_ADMIN = "90094"
"""A code: the app wants what only an administrator may let it have."""

Objects = tuple[NativeObject, ...]
_SUCCESS, _FAILURE, _DENIED = Outcome.SUCCESS, Outcome.FAILURE, Outcome.DENIED


def named(kind: str, *names: str) -> Objects:
    """Objects of one kind."""
    return tuple(NativeObject(kind, name) for name in names)


def settings(**values: str) -> Objects:
    """A cmdlet's or rule's parameters: `settings(ForwardTo="x@example.org")`."""
    return tuple(NativeObject(name, value) for name, value in values.items())


@lru_cache(maxsize=256)
def logon(error: str = "0", *facts: str) -> Step:
    """A logon to the company's identity provider that ended with a code of Microsoft's identity platform."""
    ending = entra_errors.interactive(error)
    done = error == "0"
    action = "UserLoggedIn" if done else "UserLoginFailed"
    return Step(ENTRA, action, ending.category, (), ending.outcome, "" if done else error, facts)


def directory(action: str, *objects: NativeObject, changed: tuple[str, ...] = ()) -> Step:
    """A change in Entra ID; `changed` are the names of properties, which may decide what it is."""
    return Step(ENTRA, action, entra_operations.category_of(action, list(changed)), objects, facts=changed)


def m365(app: str, action: str, *objects: NativeObject, owner: NativeUser | None = None, denied: bool = False) -> Step:
    """An operation of Exchange, SharePoint or Teams. Objects whose type begins with a capital are parameters."""
    outcome, error = (_DENIED, "denied") if denied else (_SUCCESS, "")
    return Step(app, action, _m365_category(action, _given(objects)), objects, outcome, error, owner=owner)


def exchange(action: str, *objects: NativeObject, owner: NativeUser | None = None) -> Step:
    """As `m365`, in a mailbox: the actor's own, or that of `owner`."""
    return m365(EXCHANGE, action, *objects, owner=owner)


def sharepoint(action: str, *objects: NativeObject, denied: bool = False) -> Step:
    """As `m365`, on files and sites."""
    return m365(SHAREPOINT, action, *objects, denied=denied)


def _given(objects: Objects) -> tuple[tuple[str, str], ...]:
    return tuple((item.type.lower(), item.name) for item in objects if item.type[:1].isupper())


@lru_cache(maxsize=4096)
def _m365_category(action: str, given: tuple[tuple[str, str], ...]) -> Category:
    return m365_operations.category_of(action, dict(given))


def aws(service: str, action: str, *objects: NativeObject, error: str = "", region: str = "") -> Step:
    """A call of an AWS service, e.g. `s3`; `error` is an AWS error code, of which some mean that it was denied."""
    app = f"{service}.amazonaws.com"
    outcome = _aws_outcome(error) if error else _SUCCESS
    category = aws_category(app, action, objects)
    return Step(app, action, category, placed(category, objects, region), outcome, error, region=region)


def placed(category: Category, objects: Objects, region: str = "") -> Objects:
    """The objects, of a machine that is started also where: in the company's own region unless another is given."""
    if category is not Category.COMPUTE_START:
        return objects
    return (*objects, NativeObject("region", region or HOME_REGION))


def _aws_outcome(error: str) -> Outcome:
    refused = ("AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden")
    return _DENIED if any(word in error for word in refused) else _FAILURE


def aws_category(app: str, action: str, objects: Objects) -> Category:
    """The category of an AWS operation."""
    shared = any(item.type == "account" for item in objects)
    return _aws_category(app, action, parameters_matter=shared or action.startswith("GetParameter"), shared=shared)


@lru_cache(maxsize=4096)
def _aws_category(app: str, action: str, *, parameters_matter: bool, shared: bool) -> Category:
    given = parameters(action, named("account", "1") if shared else ()) if parameters_matter else {}
    return cloudtrail_operations.category_of(app, action, given, is_read_only(action))


def azure(action: str, *objects: NativeObject, denied: bool = False) -> Step:
    """An operation of the Azure activity log."""
    outcome, error = (_DENIED, "AuthorizationFailed") if denied else (_SUCCESS, "")
    category = azure_operations.category_of(action, created=False)
    if category is Category.COMPUTE_START:
        objects = (*objects, NativeObject("region", HOME_PLACE))
    return Step(action.partition("/")[0].lower(), action, category, objects, outcome, error)


def github(action: str, *objects: NativeObject) -> Step:
    """An event of GitHub's audit log."""
    return Step(GITHUB, action, github_operations.category_of(action, "", ""), objects)


def other(app: str, action: str, category: Category | None, *objects: NativeObject) -> Step:
    """An operation of an app that has no parser of its own; None as category: what the verb says."""
    return Step(app, action, category or category_of_verb(action), objects)
