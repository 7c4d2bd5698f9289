"""An account is used from two places between which nobody can have travelled in the time.

The owner goes on working; the intruder is in a city where the company has an office, so neither country is new to it.
"""

from __future__ import annotations

from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.hostile import home_proxy, phone_line, server
from simulator.moves import read_files, read_mail
from simulator.people import Person
from simulator.places import OFFICES
from simulator.record import Account
from simulator.scene import Scene, anybody
from simulator.world import World

_TWO_COASTS = ("New York", "San Francisco")


def on_one_coast(world: World, account: Account) -> bool:
    """Somebody of one of two offices that are far apart in one country."""
    return anybody(world, account) and isinstance(account, Person) and account.city.name in _TWO_COASTS


def rented_server(scene: Scene) -> None:
    """Bought credentials are tried out on a server abroad, and the mailbox is read."""
    scene.wait(300, 1_800)
    via = scene.intruder(server(scene.rng, scene.elsewhere()))
    scene.log_on(via)
    read_mail(scene, via, scene.number(5, 14))


def home_line(scene: Scene) -> None:
    """A proxy on somebody's home line abroad, the owner's user agent copied: an adversary in the middle (T1557)."""
    scene.wait(600, 2_400)
    city = scene.elsewhere()
    via = scene.intruder(home_proxy(scene.rng, city), scene.replayed(scene.seen.address).device)
    scene.log_on(via)
    read_mail(scene, via, scene.number(3, 8))
    read_files(scene, via, scene.number(2, 6))


def mail_app(scene: Scene) -> None:
    """A mail app on a phone in a foreign mobile network fetches the mailbox."""
    scene.wait(300, 1_500)
    agent = "Outlook-iOS/723.4027091.prod.iphone (4.28.0)"
    via = scene.intruder(phone_line(scene.rng, scene.elsewhere()), scripted(agent, "iOS 17.2"))
    scene.log_on(via)
    read_mail(scene, via, scene.number(8, 20), 1, 15)


def other_coast(scene: Scene) -> None:
    """The same country, four thousand kilometres away within the half-hour."""
    scene.wait(300, 1_200)
    here = scene.city.name
    city = next(office.city for office in OFFICES if office.city.name in _TWO_COASTS and office.city.name != here)
    via = scene.intruder(home_proxy(scene.rng, city), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(4, 10))
    read_files(scene, via, scene.number(3, 8))


VARIANTS = (
    Variant("rented_server", anybody, rented_server),
    Variant("home_line", anybody, home_line),
    Variant("mail_app", anybody, mail_app),
    Variant("other_coast", on_one_coast, other_coast),
)
