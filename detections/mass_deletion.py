"""Far more deleted, or overwritten, in an hour than this user's hours have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain

from activities.activity import Activity, Category
from stateful.attack import DATA_DESTRUCTION, DATA_ENCRYPTED
from stateful.copies import COPIED, unless_copied
from stateful.detection import Detection
from stateful.features import CHANGES, HOUR, TallyFeature, of_file, succeeded
from stateful.finding import Finding, Severity
from stateful.kinds import of_business, whole
from stateful.models import DAY
from stateful.surge import SURGE, surge
from stateful.view import Context, UserView

DELETIONS = TallyFeature("deletions", frozenset({Category.DELETE}), HOUR, only=succeeded, prior=3.0)
DELETIONS_DAY = TallyFeature("deletions_day", frozenset({Category.DELETE}), DAY, only=succeeded, prior=6.0)
SAID = re.compile(
    r"(chat|channel)? ?(message|post|comment)s?[. _]?(delete|remove)|(delete|remove)[. _]?(chat|message|post|comment)",
    re.IGNORECASE,
)
"""Operations on what was said in a chat."""


def in_mail(activity: Activity) -> bool:
    """Whether it was done in a mail system."""
    return "mail" in activity.app.lower() or "exchange" in activity.app.lower()


def of_record(activity: Activity) -> bool:
    """A record of the business, or what was said in a chat: other than of files and mail, few are tidied away."""
    return of_business(activity) or (SAID.search(activity.action) is not None and not in_mail(activity))


def of_folder(activity: Activity) -> bool:
    """A folder, library or site of files: each record stands for all that was in it. Of mail the folder is where."""
    return whole(activity) and not in_mail(activity)


RECORDS_GONE = TallyFeature(
    "records_deleted", frozenset({Category.DELETE}), HOUR, only=lambda a: succeeded(a) and of_record(a), prior=3.0
)


RECORDS_GONE_DAY = TallyFeature(
    "records_deleted_day", frozenset({Category.DELETE}), DAY, only=lambda a: succeeded(a) and of_record(a), prior=4.0
)
FOLDERS_GONE = TallyFeature(
    "folders_deleted", frozenset({Category.DELETE}), HOUR, only=lambda a: succeeded(a) and of_folder(a), prior=2.0
)


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A surge of deletions; or of files renamed and overwritten, as by ransomware."""
    if activity.category is Category.DELETE:
        few = context.with_settings(min_count=context.settings["min_records"])
        folders = context.with_settings(min_count=context.settings["min_folders"])
        most = context.with_settings(min_count=context.settings["min_count_day"])
        records = "deletions of records or messages"
        more: list[Iterable[Finding]] = []
        if of_record(activity):
            more += (
                surge(activity, user, few, RECORDS_GONE, records, least_objects=3),
                surge(activity, user, few, RECORDS_GONE_DAY, records, least_objects=30, hourly=RECORDS_GONE),
            )
        if of_folder(activity):
            more.append(surge(activity, user, folders, FOLDERS_GONE, "deletions of whole folders", least_objects=8))
        return chain(
            *more,
            surge(activity, user, context, DELETIONS, "deletions", least_objects=10),
            # Bit by bit, below every hour's threshold.
            surge(activity, user, most, DELETIONS_DAY, "deletions", least_objects=10, hourly=DELETIONS),
        )
    if not of_file(activity):
        return ()
    most = context.with_settings(min_count=context.settings["min_changes"])
    found = surge(activity, user, most, CHANGES, "changes of files", base=55, least_objects=50)
    return unless_copied(found, activity, user)


DETECTION = Detection(
    id="mass_deletion",
    title="Mass deletion or encryption",
    description=(
        "The user deletes, renames or overwrites far more in an hour than ever before: destruction, or ransomware that "
        "works through a synchronised folder."
    ),
    techniques=(DATA_DESTRUCTION, DATA_ENCRYPTED),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=frozenset({Category.DELETE, Category.MODIFY, Category.UPLOAD}),
    succeeded=True,
    features=(DELETIONS, DELETIONS_DAY, RECORDS_GONE, RECORDS_GONE_DAY, FOLDERS_GONE, *COPIED),
    settings={
        **SURGE,
        "min_count": 120,
        "min_records": 50,
        "min_folders": 20,
        "min_count_day": 180,
        "times_highest": 3,
        "min_changes": 150,
    },
    learning_days=7,
    runbook=(
        "Suspend the account and its sync clients now; deletions go on while you read.",
        "See whether names end alike (encryption) and whether the recycle bin was emptied.",
        "Restore from versions or backups; ask whether it was a clean-up or a migration.",
    ),
    quiet="Fewer than twice the user's highest hour, or files that are downloaded and uploaded elsewhere as they are.",
)
