"""What intruders do again and again, whatever else they came for."""

from __future__ import annotations

from random import Random

from simulator.apis import refused, resource
from simulator.habits import LIBRARY_SIZE, file
from simulator.operations import aws, exchange, named, sharepoint
from simulator.record import NativeObject, Step
from simulator.scene import Scene, Via
from simulator.streams import chance

INBOX = named("folder", "Inbox")
READ_MAIL = exchange("MailItemsAccessed", *INBOX)
_WORDS = ("password", "invoice", "wire transfer", "payroll", "vpn", "iban", "mfa", "contract")

SES, STS = "ses", "sts"
WHO_AM_I = aws(STS, "GetCallerIdentity")


def search_mail(rng: Random) -> Step:
    """A search for something that is worth money."""
    return exchange("SearchQueryPerformed", *named("query", rng.choice(_WORDS)))


def read_mail(scene: Scene, via: Via, count: int, low: float = 4, high: float = 100) -> None:
    """Reads mail, with a search or two, like somebody who doesn't know the mailbox."""
    for number in range(count):
        scene.wait(low, high)
        scene.act(search_mail(scene.rng) if number % 6 == 2 else READ_MAIL, via)  # noqa: PLR2004


def read_files(scene: Scene, via: Via, count: int, low: float = 5, high: float = 60) -> None:
    """Opens files of the victim's department."""
    for _ in range(count):
        scene.wait(low, high)
        scene.act(sharepoint("FileAccessed", some_file(scene)), via)


def some_file(scene: Scene, unit: str = "") -> NativeObject:
    """Any file of a department, the victim's by default."""
    return file(unit or scene.victim.unit or "finance", scene.rng.randrange(LIBRARY_SIZE))


def files_in_a_row(scene: Scene, count: int, unit: str = "") -> list[NativeObject]:
    """Files as they lie side by side in a department's library."""
    first = scene.rng.randrange(LIBRARY_SIZE)
    return [file(unit or scene.victim.unit or "finance", (first + number) % LIBRARY_SIZE) for number in range(count)]


def unused(scene: Scene, calls: str) -> list[tuple[str, str]]:
    """Those of `service.Operation`s that the victim never calls by themselves."""
    used = {event.step.action for event in scene.world.life(scene.victim)}
    wanted = [call.split(".", 1) for call in calls.split()]
    return [(service, action) for service, action in wanted if action not in used]


def call(scene: Scene, service: str, action: str, kind: str = "", denied: float = 0.0) -> Step:
    """A call on something of the company's, or one refused."""
    objects = (resource(f"{service}.amazonaws.com", kind, scene.number(0, 59)),) if kind else ()
    return refused(service, action, *objects) if chance(scene.rng, denied) else aws(service, action, *objects)
