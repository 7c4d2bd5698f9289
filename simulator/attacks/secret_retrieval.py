"""Stored secrets are read, many of them (T1555.006)."""

from __future__ import annotations

from activities.activity import Category
from simulator.apis import refused, resource
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.habits import CONSOLE_LOGON
from simulator.hostile import HOMES_AWAY, PUBLIC_CLOUDS, VPNS, anywhere, home_proxy, relay, server
from simulator.moves import WHO_AM_I
from simulator.operations import DEVICE_CODE, KEY_VAULT, MFA, aws, azure, directory, named, other
from simulator.record import HOUR, MINUTE, Account
from simulator.scene import Scene, aws_account, aws_person, aws_service, azure_person, directory_admin
from simulator.services import Service
from simulator.world import World

_APPS = "billing checkout crm search auth mail export ledger mobile gateway".split()
_KINDS = "db-password api-key signing-key smtp oauth-client".split()


def _secrets(scene: Scene, count: int) -> list[str]:
    names = [f"prod/{app}/{kind}" for app in _APPS for kind in _KINDS]
    return scene.rng.sample(names, k=min(count, len(names)))


def secrets_manager(scene: Scene) -> None:
    """All the secrets that a stolen key can see, in minutes."""
    scene.wait(60, 900)
    via = scene.intruder(server(scene.rng, scene.city), scripted("aws-cli/2.15.30 Python/3.11.8 Linux/6.6.9"))
    scene.act_all([WHO_AM_I, aws("secretsmanager", "ListSecrets")], via, 2, 20)
    steps = [
        aws("secretsmanager", "GetSecretValue", *named("secret", name))
        for name in _secrets(scene, scene.number(20, 50))
    ]
    scene.spread(steps, via, scene.number(1, 10) * MINUTE)


def one_by_one(scene: Scene) -> None:
    """Stealthy: an administrator reads a dozen secrets that aren't theirs, over three hours, at their desk."""
    scene.wait(60, 900)
    steps = [
        aws("secretsmanager", "GetSecretValue", *named("secret", name))
        for name in _secrets(scene, scene.number(10, 18))
    ]
    scene.spread(steps, scene.shell(), 3 * HOUR)


def parameters(scene: Scene) -> None:
    """Parameters of Systems Manager, decrypted ten at a time."""
    scene.wait(60, 900)
    via = scene.intruder(server(scene.rng, scene.elsewhere()), scripted("Boto3/1.34.162 md/Botocore#1.34.162"))
    names = _secrets(scene, 50)
    steps = [aws("ssm", "DescribeParameters")]
    steps += [
        aws("ssm", "GetParameters", *named("parameter", *names[first : first + 10])) for first in range(0, 50, 10)
    ]
    steps += [aws("ssm", "GetParametersByPath", *named("parameter", f"/prod/{app}")) for app in _APPS]
    scene.act_all(steps, via, 1, 15)


def machine_passwords(scene: Scene) -> None:
    """The administrator's password of every Windows machine is asked for."""
    scene.wait(60, 900)
    machines = [resource("ec2.amazonaws.com", "instance", number) for number in range(scene.number(20, 45))]
    steps = [aws("ec2", "GetPasswordData", machine) for machine in machines]
    scene.spread(steps, scene.shell(), scene.number(1, 12) * MINUTE)


def key_vault(scene: Scene) -> None:
    """A key vault of Azure is emptied."""
    scene.wait(60, 900)
    steps = [other(KEY_VAULT, "VaultGet", None), other(KEY_VAULT, "SecretList", None)]
    secret = other(KEY_VAULT, "SecretGet", None)
    steps += [secret._replace(objects=named("secret", name)) for name in _secrets(scene, scene.number(20, 50))]
    scene.act_all(steps, scene.own(), 1, 20)


def recovery_keys(scene: Scene) -> None:
    """The keys that unlock the disks of lost laptops are read, of one device after the other."""
    scene.wait(60, 900)
    people = scene.world.people[:40]
    steps = [directory("Read BitLocker key", *named("device", person.laptops[0][1].id)) for person in people]
    steps = [scene.rng.choice(steps) for _ in range(scene.number(12, 30))]
    scene.act_all(steps, scene.own(), 5, 60)


def reads_secrets(world: World, account: Account) -> bool:
    """A service account that reads secrets of its own."""
    return (
        aws_service(world, account)
        and isinstance(account, Service)
        and any(call.category is Category.SECRET_READ for call in account.calls)
    )


def inside_pipeline(scene: Scene) -> None:
    """Stealthy: a poisoned step of the pipeline reads others' secrets, at the pipeline's own address and pace."""
    scene.wait(60, 900)
    steps = [
        aws("secretsmanager", "GetSecretValue", *named("secret", name))
        for name in _secrets(scene, scene.number(12, 24))
    ]
    scene.spread(steps, scene.own(), scene.number(30, 80) * MINUTE)


def local_administrators(scene: Scene) -> None:
    """The help desk's stolen session, on a home line: the administrator's password of one laptop after the other."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    people = scene.rng.sample(scene.world.people, k=min(len(scene.world.people), scene.number(11, 24)))
    steps = [
        directory("Recover device local administrator password", *named("device", person.laptops[0][1].id or "LT-0"))
        for person in people
    ]
    scene.act_all(steps, via, 15, 120)


def batches(scene: Scene) -> None:
    """A leaked key, by VPN: region by region, twenty secrets with one call; each is in the trail as well (Sysdig)."""
    scene.wait(60, 900)
    agent = "aws-cli/2.22.4 md/awscrt#0.22.0 os/linux#6.8.11 md/command#secretsmanager.batch-get-secret-value"
    via = scene.intruder(relay(scene.rng, VPNS), scripted(agent))
    scene.act(WHO_AM_I, via)
    names = _secrets(scene, 50)
    for number, region in enumerate(("", "us-east-1", "eu-central-1")):
        part = names[number * 16 : number * 16 + scene.number(9, 16)]
        scene.act_all([aws("secretsmanager", "ListSecrets", region=region)], via, 5, 40)
        scene.act_all([aws("secretsmanager", "BatchGetSecretValue", region=region)], via, 2, 20)
        reads = [aws("secretsmanager", "GetSecretValue", *named("secret", name), region=region) for name in part]
        scene.act_all(reads, via, 0.0, 0.1)


def account_keys(scene: Scene) -> None:
    """Stealthy: at the desk, over the afternoon, keys of storage and databases, and what sites are configured with."""
    scene.wait(60, 900)
    steps = [
        azure(action, *named("resource", f"{kind}-{number:02d}"))
        for action, kind, most in (
            ("Microsoft.Storage/storageAccounts/listKeys/action", "store", scene.number(6, 9)),
            ("Microsoft.Web/sites/config/list/action", "site", scene.number(4, 7)),
            ("Microsoft.DocumentDB/databaseAccounts/listKeys/action", "cosmos", scene.number(2, 4)),
            ("Microsoft.ContainerRegistry/registries/listCredentials/action", "registry", scene.number(1, 2)),
        )
        for number in scene.rng.sample(range(40), k=most)
    ]
    scene.spread(steps, scene.own(), 3 * HOUR)


def opened_vaults(scene: Scene) -> None:
    """Behind a VPN, by command line: vaults are opened to oneself, then emptied (Storm-0501, 2025)."""
    scene.later(0.5, 5)
    agent = "python/3.12.7 (Windows-10-10.0.19045-SP0) AZURECLI/2.67.0 (MSI)"
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scripted(agent, "Windows 10"))
    scene.log_on(via)
    scene.act_all([azure("Microsoft.KeyVault/vaults/read", *named("resource", "vault-00"))], via, 5, 60)
    names = _secrets(scene, 50)
    for number in range(scene.number(2, 4)):
        vault = named("resource", f"vault-{number:02d}")
        scene.act_all([azure("Microsoft.KeyVault/vaults/accessPolicies/write", *vault)], via, 20, 120)
        secret = other(KEY_VAULT, "SecretGet", None)
        reads = [secret._replace(objects=named("secret", name)) for name in names[number * 11 : number * 11 + 11]]
        scene.act_all([other(KEY_VAULT, "SecretList", None), *reads], via, 0.5, 6)


def of_each_kind(scene: Scene) -> None:
    """Stealthy: at their desk, over the afternoon, a few of each store: nowhere many, but everywhere some."""
    scene.wait(60, 900)
    names = _secrets(scene, 12)
    machines = [resource("ec2.amazonaws.com", "instance", number) for number in scene.rng.sample(range(60), k=4)]
    steps = [aws("secretsmanager", "GetSecretValue", *named("secret", name)) for name in names[: scene.number(3, 5)]]
    steps += [aws("ssm", "GetParameter", *named("parameter", f"/{name}")) for name in names[5 : 5 + scene.number(4, 6)]]
    steps += [aws("ec2", "GetPasswordData", machine) for machine in machines]
    steps += [aws("acm", "ExportCertificate", *named("certificate", f"cert-{n}")) for n in range(scene.number(2, 3))]
    steps += [aws("lightsail", "DownloadDefaultKeyPair")]
    scene.rng.shuffle(steps)
    scene.spread(steps, scene.shell(), 3 * HOUR)


def page_by_page(scene: Scene) -> None:
    """Behind a VPN, a stolen session in the console: one secret's page after the other (Scattered Spider, 2023)."""
    scene.later(0.5, 5)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    scene.act_all([CONSOLE_LOGON, aws("secretsmanager", "ListSecrets")], via, 5, 60)
    for name in _secrets(scene, scene.number(16, 30)):
        secret = named("secret", name)
        steps = [aws("secretsmanager", action, *secret) for action in ("DescribeSecret", "GetSecretValue")]
        scene.act_all(steps, via, 3, 25)
    names = _secrets(scene, scene.number(5, 10))
    scene.act_all([aws("ssm", "GetParameter", *named("parameter", f"/{name}")) for name in names], via, 4, 40)


def neighbour(scene: Scene) -> None:
    """Stealthy: a container takes the keys of those beside it: in their session, on its machine (ECScape, 2025).

    It is Amazon's network, as ever, and the same program; but the address is another, and so are the secrets.
    """
    scene.wait(60, 900)
    via = scene.replayed(anywhere(scene.rng, PUBLIC_CLOUDS[:1]))
    names = _secrets(scene, scene.number(10, 16))
    steps = [aws("secretsmanager", "GetSecretValue", *named("secret", name)) for name in names]
    scene.spread([WHO_AM_I, *steps], via, scene.number(50, 90) * MINUTE)


def typed_code(scene: Scene) -> None:
    """An engineer types in a code: on a home line abroad, the command line is theirs, and asks for secrets (SSO)."""
    scene.later(0.5, 5)
    agent = "aws-cli/2.17.44 md/awscrt#0.21.2 exec-env/grimoire os/linux#6.8.11-kali md/prompt#off"
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scripted(agent))
    scene.log_on(via, DEVICE_CODE, MFA)
    portal = [aws("sso", action) for action in ("ListAccounts", "ListAccountRoles", "GetRoleCredentials")]
    scene.act_all([*portal, WHO_AM_I, aws("secretsmanager", "ListSecrets")], via, 2, 25)
    for name in _secrets(scene, scene.number(18, 35)):
        secret = named("secret", name)
        denied = scene.rng.random() < 0.15  # noqa: PLR2004
        read = refused("secretsmanager", "GetSecretValue", *secret) if denied else None
        scene.act_all([read or aws("secretsmanager", "GetSecretValue", *secret)], via, 1, 20)
    names = _secrets(scene, 20)
    steps = [aws("ssm", "GetParameters", *named("parameter", *names[first : first + 10])) for first in (0, 10)]
    scene.act_all([aws("ssm", "DescribeParameters"), *steps], via, 3, 30)


def far_copies(scene: Scene) -> None:
    """Stealthy: at the desk, secrets are copied to a region that nobody uses, read there, and the copies removed."""
    scene.wait(60, 900)
    region = scene.rng.choice(("ap-northeast-3", "af-south-1", "me-south-1", "sa-east-1"))
    secrets = [named("secret", name) for name in _secrets(scene, scene.number(7, 11))]
    via = scene.shell()
    scene.act_all([aws("secretsmanager", "ReplicateSecretToRegions", *secret) for secret in secrets], via, 20, 150)
    scene.wait(600, 1_800)
    reads = [aws("secretsmanager", "GetSecretValue", *secret, region=region) for secret in secrets]
    scene.act_all(reads, via, 20, 200)
    scene.act_all([aws("secretsmanager", "RemoveRegionsFromReplication", *secret) for secret in secrets], via, 10, 90)


def every_store(scene: Scene) -> None:
    """On a home line abroad, a stolen session: a script asks each store of secrets for all (MicroBurst)."""
    scene.later(0.5, 5)
    agent = "AzurePowershell/Az5.1.0 PSVersion/v5.1.19041 (Microsoft Windows 10.0.19045)"
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scripted(agent, "Windows 10"))
    scene.log_on(via)
    names = _secrets(scene, 40)
    for number in range(scene.number(3, 5)):
        part = names[number * 8 : number * 8 + scene.number(4, 8)]
        reads = [other(KEY_VAULT, "SecretGet", None)._replace(objects=named("secret", name)) for name in part]
        vault = azure("Microsoft.KeyVault/vaults/read", *named("resource", f"vault-{number:02d}"))
        scene.act_all([vault, other(KEY_VAULT, "SecretList", None), *reads], via, 0.5, 6)
    kinds = (
        ("Microsoft.Web/sites/publishxml/action", "site", scene.number(4, 9)),
        ("Microsoft.Storage/storageAccounts/listKeys/action", "store", scene.number(4, 9)),
        ("Microsoft.ContainerRegistry/registries/listCredentials/action", "registry", scene.number(1, 2)),
        ("Microsoft.Automation/automationAccounts/listKeys/action", "automation", scene.number(1, 3)),
    )
    steps = [azure(action, *named("resource", f"{kind}-{n:02d}")) for action, kind, most in kinds for n in range(most)]
    scene.act_all(steps, via, 0.5, 6)


def private_keys(scene: Scene) -> None:
    """Stealthy: at the desk, no secret by name: certificates are exported one by one, with their keys (T1552.004)."""
    scene.wait(60, 900)
    steps = [aws("acm", "ListCertificates"), aws("iam", "ListServerCertificates")]
    for number in scene.rng.sample(range(40), k=scene.number(10, 15)):
        certificate = named("certificate", f"cert-{number:02d}")
        steps += [aws("acm", action, *certificate) for action in ("DescribeCertificate", "ExportCertificate")]
    scene.spread(steps, scene.shell(), scene.number(100, 170) * MINUTE)


VARIANTS = (
    Variant("secrets_manager", aws_account, secrets_manager),
    Variant("one_by_one", aws_person, one_by_one, hours=4),
    Variant("parameters", aws_account, parameters),
    Variant("machine_passwords", aws_person, machine_passwords),
    Variant("key_vault", azure_person, key_vault),
    Variant("recovery_keys", directory_admin, recovery_keys),
    Variant("inside_pipeline", reads_secrets, inside_pipeline),
    Variant("local_administrators", directory_admin, local_administrators),
    Variant("batches", aws_account, batches),
    Variant("account_keys", azure_person, account_keys, hours=4),
    Variant("opened_vaults", azure_person, opened_vaults, hours=3),
    Variant("of_each_kind", aws_person, of_each_kind, hours=4),
    Variant("page_by_page", aws_person, page_by_page, hours=3),
    Variant("neighbour", reads_secrets, neighbour),
    Variant("typed_code", aws_person, typed_code, hours=3),
    Variant("far_copies", aws_person, far_copies, hours=3),
    Variant("every_store", azure_person, every_store, hours=3, held_out=True),
    Variant("private_keys", aws_person, private_keys, hours=4, held_out=True, quiet=True),
)
