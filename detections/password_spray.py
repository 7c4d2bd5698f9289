"""Logons of many users fail from networks not theirs; then one succeeds. Made by correlation, from what all tell."""

from __future__ import annotations

from activities.activity import Category
from stateful.attack import PASSWORD_SPRAYING
from stateful.detection import Detection, by_correlation
from stateful.features import ADDRESSES
from stateful.finding import Severity

DETECTION = Detection(
    id="password_spray",
    title="Password spray",
    description=(
        "Within an hour, logons of many users fail from one address or provider that isn't theirs, or with one program "
        "from all over, a few times each: common passwords are tried on all. All that begins within a day is one "
        "alert. The user who gets in afterwards has one of their own."
    ),
    techniques=(PASSWORD_SPRAYING,),
    severity=Severity.MEDIUM,
    evaluate=by_correlation,
    categories=frozenset({Category.LOGON, Category.FAILED_LOGON}),
    features=(ADDRESSES,),
    settings={"min_users": 10, "times_usual": 3},
    learning_days=0,
    runbook=(
        "Look at the users that got in from there: reset their passwords, revoke their sessions.",
        "Block the addresses, or require a second factor for logons from them.",
        "Look for the same addresses and user agents in the days before: sprays come in waves.",
    ),
    quiet="Fewer users, addresses that are the users' own, or as many failing from there on usual days.",
)
