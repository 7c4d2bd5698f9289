"""An account is used from two places between which nobody can have travelled in the time.

The owner goes on working; the intruder is in a city where the company has an office, so neither country is new to it.
"""

from __future__ import annotations

from simulator.apis import habitual
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import CONSOLE_LOGON, DEVICE_ADDED, FACTOR_ADDED, HABITS
from simulator.hostile import home_proxy, phone_line, server
from simulator.moves import READ_MAIL, WHO_AM_I, files_in_a_row, read_files, read_mail, search_mail
from simulator.operations import TEAMS, aws, directory, exchange, github, m365, named, settings, sharepoint
from simulator.people import Person
from simulator.places import OFFICES
from simulator.record import Account, NativeObject
from simulator.scene import Scene, anybody, aws_person, aws_service, coder, contractor, directory_admin, seller
from simulator.services import Service
from simulator.world import World

_TWO_COASTS = ("New York", "San Francisco")
_FAR_OFFICES = frozenset(("AU", "BR", "SG", "US"))
"""Countries of offices that are far from where contractors live."""


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


def console(scene: Scene) -> None:
    """The AWS console from a home line at another office's, while the owner works: what is there, whose keys."""
    scene.wait(300, 1_500)
    via = scene.intruder(home_proxy(scene.rng, scene.elsewhere()), scene.plain_browser())
    scene.act(CONSOLE_LOGON, via)
    looks = [WHO_AM_I, aws("iam", "ListUsers"), aws("iam", "ListAccessKeys"), aws("ec2", "DescribeInstances")]
    scene.act_all([*looks, aws("s3", "ListBuckets"), aws("rds", "DescribeDBInstances")], via, 4, 60)


def subcontractor(scene: Scene) -> None:
    """Stealthy: a contractor has somebody on another continent do the work: it is what they always do."""
    scene.wait(300, 1_200)
    city = scene.rng.choice([office.city for office in OFFICES if office.city.country in _FAR_OFFICES])
    via = scene.intruder(home_proxy(scene.rng, city), scene.plain_browser())
    scene.log_on(via)
    for _ in range(scene.number(2, 4)):
        read_files(scene, via, scene.number(1, 4), 30, 200)
        channel = NativeObject("channel", f"{scene.victim.unit}-{scene.number(0, 5):02d}")
        scene.act_all([m365(TEAMS, "ChatRetrieved", channel), m365(TEAMS, "MessageSent", channel)], via, 20, 200)
        scene.wait(300, 900)


def own_factor(scene: Scene) -> None:
    """A phishing kit's server abroad: a factor of the intruder's is added, mail and files are taken (Storm-1167)."""
    scene.wait(300, 1_800)
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scene.plain_browser())
    scene.log_on(via)
    scene.wait(20, 120)
    scene.act(FACTOR_ADDED, via)
    read_mail(scene, via, scene.number(3, 8), 10, 60)
    files = files_in_a_row(scene, scene.number(3, 9))
    scene.act_all([sharepoint("FileDownloaded", file) for file in files], via, 5, 60)


def code_key(scene: Scene) -> None:
    """Stealthy: on GitHub, from a home line at another office's, while the programmer works: a key, a few clones."""
    scene.wait(300, 1_500)
    via = scene.intruder(home_proxy(scene.rng, scene.elsewhere()), scene.plain_browser())
    scene.act(github("public_key.create", *named("key", "work-laptop")), via)
    via = via._replace(device=scripted("git/2.39.5", "macOS 14"))
    numbers = scene.rng.sample(range(80), k=scene.number(2, 4))
    scene.wait(30, 200)
    scene.act_all([github("git.clone", *named("repository", f"service-{n:02d}")) for n in numbers], via, 10, 120)


def invoice(scene: Scene) -> None:
    """From a home line at another office's, while the owner works: an invoice is looked for, answered, thrown away."""
    scene.wait(300, 1_800)
    via = scene.intruder(home_proxy(scene.rng, scene.elsewhere()), scene.plain_browser())
    scene.log_on(via)
    scene.act_all([search_mail(scene.rng) for _ in range(scene.number(2, 4))], via, 15, 90)
    read_mail(scene, via, scene.number(3, 7))
    sent = named("folder", "Sent Items")
    for _ in range(scene.number(2, 4)):
        scene.act_all([exchange("Send", *sent), exchange("MoveToDeletedItems", *sent), READ_MAIL], via, 20, 300)


def twin(scene: Scene) -> None:
    """Stealthy: a workload's key from its image, used by the same kit at another office's: its own calls, a few."""
    service = scene.victim
    if not isinstance(service, Service):
        msg = f"expected a service account, found {service.key}"
        raise TypeError(msg)
    here = service.address.location.country
    city = scene.rng.choice([office.city for office in OFFICES if office.city.country != here])
    via = scene.intruder(server(scene.rng, city), service.device)
    reads = tuple(call for call in service.calls if call.action.startswith(("Get", "Describe", "Decrypt")))
    calls = tuple(call for call in reads if "Secret" not in call.action)
    scene.wait(60, 600)
    for _ in range(scene.number(3, 4)):
        scene.act_all([habitual(scene.rng, calls) for _ in range(scene.number(4, 9))], via, 2, 40)
        scene.wait(500, 1_500)


def kit_downloads(scene: Scene) -> None:
    """A phishing kit's server at another office's replays the cookie: searches, then what they find is downloaded."""
    scene.wait(300, 1_500)
    via = scene.replayed(server(scene.rng, scene.elsewhere()), scripted("axios/1.8.4"))
    for words in scene.rng.sample(("payment", "contract", "password", "passport", "bank", "board"), k=3):
        scene.wait(5, 40)
        scene.act(sharepoint("SearchQueryPerformed", *named("query", words)), via)
        files = files_in_a_row(scene, scene.number(6, 14))
        scene.act_all([sharepoint("FileDownloaded", wanted) for wanted in files], via, 2, 25)


def two_resets(scene: Scene) -> None:
    """Stealthy: the help desk's account, at another office's while its owner works: executives' passwords, factors."""
    scene.wait(300, 1_500)
    via = scene.intruder(home_proxy(scene.rng, scene.elsewhere()), scene.plain_browser())
    scene.log_on(via)
    for boss in scene.executives(2):
        user = named("user", boss.user.id)
        steps = [directory("Reset user password.", *user), directory("Admin deleted security info", *user)]
        scene.act_all([*steps, directory("Admin registered security info", *user)], via, 30, 200)


def device_joined(scene: Scene) -> None:
    """On a server at another office's, while the owner works: a device joins, and then syncs mail (AADInternals)."""
    scene.wait(300, 1_500)
    city = scene.elsewhere()
    via = scene.intruder(server(scene.rng, city), scripted("Dsreg/10.0 (Windows 10.0.19044.1826)", "Windows 10"))
    scene.log_on(via)
    scene.wait(5, 60)
    scene.act(DEVICE_ADDED, via)
    scene.wait(60, 400)
    agent = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)"
    again = scene.intruder(server(scene.rng, city), scripted(agent, "Windows 10"))
    scene.log_on(again)
    read_mail(scene, again, scene.number(25, 60), 1, 15)
    read_files(scene, again, scene.number(3, 8))


def second_tab(scene: Scene) -> None:
    """Stealthy: a seller's session of Salesforce, at another office's while they work: customers, as always."""
    victim = scene.victim
    if not isinstance(victim, Person):
        msg = f"expected a person, found {victim.key}"
        raise TypeError(msg)
    scene.wait(300, 1_200)
    via = scene.replayed(home_proxy(scene.rng, scene.elsewhere()))
    for _ in range(scene.number(3, 4)):
        scene.act_all([HABITS["crm"].step(scene.rng, victim) for _ in range(scene.number(5, 10))], via, 10, 90)
        scene.wait(400, 1_000)


def rule_meanwhile(scene: Scene) -> None:
    """On a server at another office's, while the owner works: mail is read, a rule hides answers, mail goes out."""
    scene.wait(300, 1_500)
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scene.plain_browser())
    scene.log_on(via)
    read_mail(scene, via, scene.number(4, 9), 5, 50)
    scene.wait(20, 120)
    rule = settings(MoveToFolder="RSS Subscriptions", MarkAsRead="True", Name="...", StopProcessingRules="True")
    scene.act(exchange("New-InboxRule", *rule), via)
    for _ in range(scene.number(3, 6)):
        scene.act_all([exchange("Send", *named("folder", "Sent Items")), READ_MAIL], via, 20, 200)


def chat_token(scene: Scene) -> None:
    """Stealthy: the owner's token of Teams, from a home line at another office's while they work: chats only."""
    scene.wait(300, 1_200)
    via = scene.replayed(home_proxy(scene.rng, scene.elsewhere()))
    for words in scene.rng.sample(("password", "vpn", "access key", "mfa", "remote"), k=3):
        scene.act(m365(TEAMS, "SearchQueryPerformed", *named("query", words)), via)
        channels = [NativeObject("channel", f"{scene.victim.unit}-{n:02d}") for n in scene.rng.sample(range(12), k=3)]
        scene.act_all([m365(TEAMS, "ChatRetrieved", channel) for channel in channels], via, 10, 90)
        scene.wait(500, 1_200)


VARIANTS = (
    Variant("rented_server", anybody, rented_server),
    Variant("home_line", anybody, home_line),
    Variant("mail_app", anybody, mail_app),
    Variant("other_coast", on_one_coast, other_coast),
    Variant("console", aws_person, console),
    Variant("subcontractor", contractor, subcontractor, hours=3),
    Variant("own_factor", anybody, own_factor),
    Variant("code_key", coder, code_key),
    Variant("invoice", anybody, invoice),
    Variant("twin", aws_service, twin, hours=3),
    Variant("kit_downloads", anybody, kit_downloads),
    Variant("two_resets", directory_admin, two_resets),
    Variant("device_joined", anybody, device_joined),
    Variant("second_tab", seller, second_tab, hours=3),
    Variant("rule_meanwhile", anybody, rule_meanwhile, held_out=True),
    Variant("chat_token", anybody, chat_token, held_out=True, quiet=True),
)
