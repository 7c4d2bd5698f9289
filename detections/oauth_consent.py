"""An app gets rights, or new credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from activities.activity import Activity, Category
from activities.tags import Tag
from stateful.attack import ADDITIONAL_CREDENTIALS, STEAL_TOKEN
from stateful.detection import Detection
from stateful.features import OPERATIONS, ValuesFeature, operation
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.strangers import STRANGER, by_stranger
from stateful.view import Context, UserView, usual

CONSENT = re.compile(
    r"consent|oauth2permissiongrant|app ?role ?assignment|delegated permission|authorize", re.IGNORECASE
)
APP_KEY = re.compile(r"(service principal|application|app).*(credential|secret|certificate|key)", re.IGNORECASE)
BROAD = re.compile(
    r"mail\.|mailbox|full_access|ewsaccess|readwrite|\.all\b|gmail|/drive\b|imap|directory\.|user_impersonation|"
    r"(?<![\w/.])(api|full|repo|admin:\w+|files:\w+|(channels|groups|im):history)(?![\w/])",
    re.IGNORECASE,
)
"""Scopes that read or send mail, change files, or hold for everybody's data: of Microsoft Graph and Google, and of
Salesforce, GitHub and Slack, where they are single words."""
INSTALLED = re.compile(r"install", re.IGNORECASE)
APP_ROLE = re.compile(r"app ?role ?assignment", re.IGNORECASE)
"""Entra's name of rights that an app has by itself, whoever is logged on or nobody."""
APP_TYPES = ("app", "application", "serviceprincipal", "service principal", "oauth", "client", "integration")


CHANGES = frozenset(
    {
        Category.ROLE_GRANT,
        Category.CREDENTIAL,
        Category.TOKEN,
        Category.CREATE,
        Category.MODIFY,
        Category.MODIFY_USER,
        Category.SHARE,
        Category.OTHER,
    }
)
"""What vendors' ways of consenting are filed under."""


@lru_cache(maxsize=4096)
def _names(pattern: re.Pattern[str], action: str) -> bool:
    return pattern.search(action) is not None


def consented(activity: Activity) -> str:
    """The app that got rights; "" if the activity gave none."""
    named = _names(CONSENT, activity.action) and activity.category is not Category.TOKEN
    if not (Tag.CONSENT in activity.tags or Tag.ADMIN_CONSENT in activity.tags or named):
        return ""
    names = {entry.type.lower(): entry.name for entry in reversed(activity.objects)}
    return next(
        (names[kind] for kind in APP_TYPES if kind in names), activity.objects[0].name if activity.objects else ""
    )


CONSENTS = ValuesFeature("consents", consented, CHANGES, shared=True, once=True)


def broad_right(activity: Activity) -> str:
    """An app and what it may do to everybody's data from now on; "" if nothing of the kind was given."""
    if Tag.ADMIN_CONSENT not in activity.tags or not APP_ROLE.search(activity.action):
        return ""
    rights = sorted(entry.name for entry in activity.objects if BROAD.search(entry.name))
    return f"{consented(activity)[:40]}: {', '.join(rights)[:80]}" if rights else ""


APP_RIGHTS = ValuesFeature("app_rights", broad_right, CHANGES, shared=True, once=True)


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Consent to an app that the user never consented to, or a credential added to an app by one who never did."""
    app, words = consented(activity), " ".join(entry.name for entry in activity.objects)
    installed = _names(INSTALLED, activity.action) and user.values(OPERATIONS).get(operation(activity)) is None
    if app and (installed or user.is_news(CONSENTS, app, activity.time)):
        admin = Tag.ADMIN_CONSENT in activity.tags
        # An app that is installed works on what the organization has, whoever is logged on.
        broad = BROAD.search(words) is not None or installed
        strange = by_stranger(activity, user)
        yield context.finding(
            activity,
            anchor=activity.id,
            closes=activity.time,
            risk=30 + 20 * admin + 25 * broad + 25 * strange,
            severity=Severity.HIGH if strange or (admin and broad) else None if admin or broad else Severity.LOW,
            reason=(
                f"{activity.action}: {app} may act for "
                + ("everybody in the tenant" if admin else "this user")
                + (", with access to mail or files" if broad else "")
            ),
            comparisons=(Comparison("app", app, usual(user.values(CONSENTS)), since=user.since, score=1.0),),
            evidence=(context.seen(activity),),
            novelties=(Novelty(CONSENTS.name, app),),
        )
        return
    known, right = user.values(OPERATIONS).get(operation(activity)), broad_right(activity)
    routine = known is not None and known.count >= context.settings["routine_count"]
    if right and not routine and user.is_news(APP_RIGHTS, right, activity.time):
        yield context.finding(
            activity,
            anchor=activity.id,
            closes=activity.time,
            risk=65 + 25 * by_stranger(activity, user),
            severity=Severity.HIGH,
            reason=f"{activity.action}: an app that is in use gets more rights, to everybody's data ({right})",
            comparisons=(Comparison("right", right, usual(user.values(APP_RIGHTS)), since=user.since, score=1.0),),
            evidence=(context.seen(activity),),
            novelties=(Novelty(APP_RIGHTS.name, right),),
        )
        return
    keyed = _names(APP_KEY, activity.action) or (
        Tag.KEY_ADDED in activity.tags and any(entry.type.lower() in APP_TYPES for entry in activity.objects)
    )
    if keyed and not routine:
        target = activity.objects[0].name if activity.objects else activity.app
        yield context.finding(
            activity,
            anchor=activity.id,
            closes=activity.time,
            risk=70,
            severity=Severity.HIGH,
            reason=f"{activity.action}: {target} can be logged on to with a new credential",
            comparisons=(
                Comparison(
                    "this operation", f"time {known.count + 1 if known else 1}", "never", since=user.since, score=1
                ),
            ),
            evidence=(context.seen(activity),),
        )


DETECTION = Detection(
    id="oauth_consent",
    title="Consent to a rare app, or credentials added to an app",
    description=(
        "A user lets an app act for them that neither they nor others used, adds a secret or certificate to an app, "
        "or gives one that is in use rights to everybody's mail or files. All outlive a new password, and are what "
        "phishing for consent is after."
    ),
    techniques=(STEAL_TOKEN, ADDITIONAL_CREDENTIALS),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=CHANGES,
    succeeded=True,
    features=(CONSENTS, APP_RIGHTS, OPERATIONS, *STRANGER),
    settings={"routine_count": 10},
    learning_days=0,
    runbook=(
        "See who publishes the app, what it may do and who else uses it.",
        "If nobody knows it: revoke its grants and tokens, disable it for the tenant.",
        "See what it read or sent since; look for the mail that led to it.",
    ),
    quiet="An app that many of the tenant consented to, or a user who does this often.",
)
