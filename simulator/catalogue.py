"""Apps, partners, rights: what people of an ordinary company consent to, share with and hand out."""

from __future__ import annotations

from functools import lru_cache
from random import Random

from simulator.operations import directory, named
from simulator.record import NativeObject, Step
from simulator.streams import guid, zipf

COMMON_APPS = (
    "Zoom",
    "Calendly",
    "Miro",
    "DocuSign",
    "Grammarly",
    "Adobe Acrobat",
    "Slack",
    "Trello",
    "Canva",
    "Lucidchart",
    "Asana",
    "Notion",
    "Figma",
    "Dropbox",
    "Smartsheet",
    "Otter.ai",
    "HubSpot",
    "Loom",
    "Typeform",
    "monday.com",
)
"""Apps that many use, most used first."""
_STEMS = "Quick Smart Easy Cloud Meeting Team Task Mail Note Survey Invoice Travel".split()
_ENDINGS = "Planner Sync Desk Hub Scheduler Tracker Signer Board Converter Notes".split()
SELDOM_APPS = tuple(f"{stem} {ending}" for stem in _STEMS for ending in _ENDINGS)
"""Apps that hardly anybody uses, none of them bad."""
SELDOM_SHARE = 0.08

_MODEST = (
    "User.Read openid profile",
    "User.Read email offline_access",
    "Calendars.Read User.Read",
    "Files.Read User.Read",
)

_PARTNERS = (
    "contoso-logistics northgate-legal adatum-audit fabrikam-print wide-world litware proseware treyresearch".split()
)
_CONTACTS = (
    "anna.larsen ben.ito carla.diaz dev.mehta emma.roux finn.olsen greta.holm hugo.lind iris.chan jon.bauer".split()
)


@lru_cache(maxsize=1024)
def partner(number: int) -> str:
    """The address of somebody at a company that the tenant works with; 0 to 79, the nearest first."""
    return f"{_CONTACTS[number // len(_PARTNERS) % len(_CONTACTS)]}@{_PARTNERS[number % len(_PARTNERS)]}.example"


def acquaintance(rng: Random) -> str:
    """Somebody outside whom people of the tenant share files with."""
    return partner(zipf(rng, 80))


def principal(app: str) -> NativeObject:
    """An app as the directory knows it."""
    return NativeObject("serviceprincipal", app)


def app_id(app: str) -> str:
    """The identifier of an app, the same in all tenants."""
    return guid("app", app)


def consent(app: str, scopes: str) -> tuple[Step, ...]:
    """What the directory logs when a user lets an app act for them, RFC 6749's scopes with blanks between."""
    objects = (principal(app), *named("permission", scopes))
    return (
        directory("Add service principal.", principal(app)),
        directory("Add delegated permission grant.", *objects, changed=("DelegatedPermissionGrant.Scope",)),
        directory("Consent to application.", *objects, changed=("ConsentAction.Permissions",)),
    )


def modest_consent(rng: Random, rollout: str = "") -> tuple[Step, ...]:
    """Consent to an app that many use, now and then to one that few do; or to the one that is being rolled out."""
    seldom = rng.random() < SELDOM_SHARE
    app = rollout or (rng.choice(SELDOM_APPS) if seldom else COMMON_APPS[zipf(rng, len(COMMON_APPS))])
    steps = consent(app, rng.choice(_MODEST))
    # The app's identity is made once in the tenant, by whoever is first.
    return steps if seldom else steps[1:]
