"""What kind of thing an operation does, judged by its name alone.

Vendors name operations as a verb and what it is done to: `GetObject`, `user.session.start`, `FileDownloaded`,
`Add member to role.`, `New-InboxRule`. The verb gives the category; some nouns make it a more telling one.
A parser's own table of operations goes before this.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain

from activities.activity import Category, Outcome

_LOGGED_ON = Category.LOGON
_LONGEST_ACTION = 200
_MOST_WORDS = 16
_SEGMENT = re.compile(r"[./:]")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")

_VERBS: dict[str, Category] = {
    verb: category
    for category, verbs in {
        Category.READ: "get read view open head fetch preview check validate verify retrieve reveal decrypt show "
        "accessed estimate peek select",
        Category.LIST: "list describe search find lookup enumerate browse scan discover",
        Category.DOWNLOAD: "download export pull clone",
        Category.UPLOAD: "upload push",
        Category.CREATE: "create insert add new register provision allocate copy restore generate issue import "
        "invite duplicate",
        Category.MODIFY: "update modify change edit set put patch replace move rename enable disable tag untag "
        "associate disassociate attach detach configure activate deactivate suspend unsuspend lock unlock reset "
        "rotate accept apply merge convert migrate extend upgrade switch reject resize reboot approve block unblock "
        "expire install uninstall transfer archive unarchive subscribe unsubscribe abort",
        Category.DELETE: "delete remove destroy purge drop deregister trash erase wipe release recycle unregister "
        "discard",
        Category.SHARE: "share publicize",
        Category.SEND: "send forward email",
        Category.EXECUTE: "invoke execute run submit trigger",
        Category.ROLE_GRANT: "grant assign authorize consent delegate elevate promote",
        Category.ROLE_REVOKE: "revoke unassign demote",
        Category.TOKEN: "assume refresh exchange",
        Category.COMPUTE_STOP: "shutdown terminate deallocate",
        Category.COMPUTE_START: "launch boot",
    }.items()
    for verb in verbs.split()
}
_LOGON = frozenset("login logon signin authenticate authenticated authentication logins logons signins".split())
_LOGOFF = frozenset("logout logoff signout".split())
_PAIRS = {
    **{(verb, "in"): "logon" for verb in ("log", "logged", "sign", "signed", "logging", "signing")},
    **{(verb, "on"): "logon" for verb in ("log", "logged", "sign", "signed")},
    **{(verb, end): "logoff" for verb in ("log", "logged", "sign", "signed") for end in ("out", "off")},
    ("access", "key"): "keypair",
    ("api", "key"): "keypair",
    ("ssh", "key"): "keypair",
    ("public", "key"): "keypair",
    ("key", "pair"): "keypair",
    ("login", "profile"): "keypair",
    ("pull", "request"): "pullrequest",
    ("flow", "log"): "audit",
    ("flow", "logs"): "audit",
    ("security", "group"): "firewall",
    ("network", "acl"): "firewall",
    ("web", "acl"): "firewall",
    ("route", "table"): "network",
    ("internet", "gateway"): "network",
    ("nat", "gateway"): "network",
    ("transit", "gateway"): "network",
    ("traffic", "mirror"): "network",
}
_FAILED = frozenset("fail failed failure denied invalid unsuccessful".split())

_READS = frozenset({Category.READ, Category.LIST})
_WRITES = frozenset(
    {Category.CREATE, Category.MODIFY, Category.DELETE, Category.SHARE, Category.ROLE_GRANT, Category.ROLE_REVOKE}
)
_SECRETS = frozenset("secret password credential".split())
_CREDENTIALS = frozenset("password passkey credential mfa factor secret token otp totp keypair".split())
_AUDIT = frozenset("audit trail logging detector".split())
_NETWORK = frozenset("firewall network vpc subnet vpn route".split())
_RIGHTS = frozenset("role permission privilege membership member owner admin delegation consent entitlement".split())
_ADDING = frozenset("add assign attach grant authorize".split())
_REMOVING = frozenset("remove unassign detach revoke".split())
_USERS = frozenset("user account guest".split())
# Words that may stand beside `user` without making it something else that only has `user` in its name.
_FILLERS = frozenset("a an the to external directory lifecycle new of for in app operation".split())
_OF_USERS = {
    Category.CREATE: Category.CREATE_USER,
    Category.MODIFY: Category.MODIFY_USER,
    Category.DELETE: Category.DELETE_USER,
}
_LINKS = frozenset("anonymous company secure sharing".split())
_COMPUTE = frozenset("instance machine vm container cluster node server".split())
_JOBS = frozenset("execution job query session command build task pipeline workflow automation".split())


@lru_cache(maxsize=8192)
def category_of_verb(action: str) -> Category:
    """The category that an operation's name says; `Category.OTHER` if it says none.

    Reads camelCase, snake_case, dotted, dashed and spaced names, and past participles. A name that says a logon
    failed is `FAILED_LOGON`; otherwise a logon's outcome is the caller's to add: see `settled`.
    """
    words, last = _words(action)
    position = _verb_position(words, last)
    if position is None:
        return _without_verb(words)
    nouns = frozenset(_singular(other) for other in words[:position] + words[position + 1 :])
    return _refined(_stem(words[position]) or "", nouns)


def settled(category: Category, outcome: Outcome) -> Category:
    """`category`, where a logon that did not succeed is a failed logon."""
    if category is _LOGGED_ON and outcome in (Outcome.FAILURE, Outcome.DENIED):
        return Category.FAILED_LOGON
    return category


def _words(action: str) -> tuple[list[str], int]:
    """The lower-case words of a name, and the position of the first one of its last dotted part."""
    name = action[:_LONGEST_ACTION].strip(" .")
    parts = [name] if " " in name else _SEGMENT.split(name)
    before = _joined(" ".join(parts[:-1]))
    return before + _joined(parts[-1]), len(before)


def _joined(name: str) -> list[str]:
    """The words of a name, pairs that mean one thing joined."""
    words = [word.lower() for word in _WORD.findall(name)[:_MOST_WORDS]]
    joined: list[str] = []
    position = 0
    while position < len(words):
        pair = _PAIRS.get((words[position], words[position + 1])) if position + 1 < len(words) else None
        joined.append(pair or words[position])
        position += 2 if pair else 1
    return joined


def _verb_position(words: list[str], last: int) -> int | None:
    """Where the verb is: at the end as a participle (`FileCopied`), else first in the last dotted part, else first."""
    if words and words[-1] not in _VERBS and words[-1].endswith("ed") and _stem(words[-1]):
        return len(words) - 1
    for position in chain(range(last, len(words)), range(last)):
        if _stem(words[position]):
            return position
    return None


def _stem(word: str) -> str | None:
    """The verb that `word` is a form of: `deleted`, `uploading`, `modified`, `stopped`; None if it is none."""
    if word in _VERBS:
        return word
    if len(word) > 4:  # noqa: PLR2004
        for ending, length, added in (("d", 1, ""), ("ed", 2, ""), ("ied", 3, "y"), ("ing", 3, ""), ("ing", 3, "e")):
            if word.endswith(ending) and word[:-length] + added in _VERBS:
                return word[:-length] + added
    return None


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) else word


def _refined(verb: str, nouns: frozenset[str]) -> Category:
    """The category of a verb, made more telling by what it is done to."""
    category = _VERBS[verb]
    if "inboxrule" in nouns or {"inbox", "rule"} <= nouns or {"mailbox", "forwarding"} <= nouns:
        return category if category in _READS else Category.MAILBOX_RULE
    if category is Category.READ and "policy" not in nouns:
        if nouns & _SECRETS:
            return Category.SECRET_READ
        return Category.TOKEN if "token" in nouns and verb == "get" else Category.READ
    if category is Category.COMPUTE_STOP and not nouns & _COMPUTE:
        return Category.LOGOFF if "session" in nouns else Category.DELETE
    return _write(verb, category, nouns) if category in _WRITES else category


def _write(verb: str, category: Category, nouns: frozenset[str]) -> Category:  # noqa: PLR0911, PLR0912
    """The category of a change, the most telling first."""
    if nouns & _AUDIT:
        return Category.AUDIT_CONFIG
    if "token" in nouns and verb in ("issue", "grant", "authorize"):
        return Category.TOKEN
    if nouns & _CREDENTIALS and "policy" not in nouns:
        return Category.CREDENTIAL
    if nouns & _NETWORK:
        return Category.NETWORK_CONFIG
    if verb not in _REMOVING and category is not Category.DELETE:
        if "sharing" in nouns or "share" in nouns or ("link" in nouns and nouns & _LINKS):
            return Category.SHARE
    about_rights = bool(nouns & _RIGHTS) or "policy" in nouns or {"user", "group"} <= nouns
    if about_rights and verb in _ADDING:
        return Category.ROLE_GRANT
    if about_rights and verb in _REMOVING:
        return Category.ROLE_REVOKE
    if category is Category.MODIFY and {"iam", "policy"} <= nouns:
        return Category.ROLE_GRANT
    if verb == "invite" and "member" in nouns:
        return Category.ROLE_GRANT
    if nouns & _USERS and nouns <= _USERS | _FILLERS:
        return _OF_USERS.get(category, category)
    return category


def _without_verb(words: list[str]) -> Category:  # noqa: PLR0911
    """The category of a name whose only verb also serves as a noun: log on and off, start, stop, end."""
    nouns = frozenset(_singular(word) for word in words)
    if nouns & _LOGON:
        return Category.FAILED_LOGON if nouns & _FAILED else Category.LOGON
    if nouns & _LOGOFF:
        return Category.LOGOFF
    if "start" in nouns or "started" in nouns:
        if {"user", "session"} <= nouns:
            return Category.LOGON
        if nouns & _COMPUTE:
            return Category.COMPUTE_START
        if nouns & _AUDIT:
            return Category.AUDIT_CONFIG
        return Category.EXECUTE if nouns & _JOBS else Category.MODIFY
    if nouns & {"stop", "stopped", "end", "ended", "cancel", "cancelled"}:
        if "session" in nouns:
            return Category.LOGOFF
        if nouns & _COMPUTE:
            return Category.COMPUTE_STOP
        return Category.AUDIT_CONFIG if nouns & _AUDIT else Category.MODIFY
    if nouns & {"query", "queried"}:
        return Category.READ
    return Category.SEND if "sent" in nouns else Category.OTHER
