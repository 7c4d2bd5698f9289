"""A stolen key explores: calls for discovery and persistence that its owner never made."""

from __future__ import annotations

from random import Random

from activities.activity import Category, Outcome
from simulator.apis import AWS_CALLS
from simulator.people import Person
from simulator.places import NETWORKS, OFFICES, address
from simulator.record import MINUTE, Account, Event, NativeDevice, NativeObject, Step
from simulator.services import Service
from simulator.streams import chance
from simulator.victims import moment
from simulator.world import World

_CALLS: dict[str, dict[Category, str]] = {
    "iam": {
        Category.LIST: "ListUsers ListRoles ListGroups ListUserPolicies ListAttachedUserPolicies ListGroupsForUser "
        "ListMFADevices ListSAMLProviders ListServerCertificates ListSSHPublicKeys GetAccountAuthorizationDetails",
        Category.READ: "GetAccountPasswordPolicy GetCredentialReport GetLoginProfile SimulatePrincipalPolicy",
        Category.CREATE_USER: "CreateUser",
        Category.CREDENTIAL: "CreateAccessKey CreateLoginProfile UpdateLoginProfile",
        Category.ROLE_GRANT: "AttachUserPolicy PutUserPolicy AddUserToGroup UpdateAssumeRolePolicy AttachRolePolicy",
    },
    "organizations": {Category.LIST: "ListAccounts ListPolicies", Category.READ: "DescribeOrganization"},
    "secretsmanager": {Category.LIST: "ListSecrets", Category.SECRET_READ: "GetSecretValue BatchGetSecretValue"},
    "ssm": {Category.SECRET_READ: "GetParameters GetParametersByPath"},
    "guardduty": {Category.LIST: "ListDetectors", Category.READ: "GetDetector"},
    "ses": {Category.LIST: "ListIdentities", Category.READ: "GetAccount GetSendQuota"},
    "servicequotas": {Category.LIST: "ListServiceQuotas"},
    "lightsail": {Category.LIST: "GetInstances GetRegions"},
    "ec2": {Category.READ: "GetPasswordData DescribeInstanceAttribute"},
}
_POOL = tuple(
    (f"{service}.amazonaws.com", action, category)
    for service, calls in _CALLS.items()
    for category, actions in calls.items()
    for action in actions.split()
)
_LOOKS = (Category.LIST, Category.READ)
_DENIED = 0.3
_AGENT = NativeDevice("", "Linux", "Boto3/1.34.162 md/Botocore#1.34.162 ua/2.0 os/linux lang/python#3.11")


def fits(account: Account) -> bool:
    """An administrator of AWS, or a service account that calls AWS."""
    if isinstance(account, Person):
        return account.catalogue is AWS_CALLS
    return isinstance(account, Service) and bool(account.calls)


def strike(world: World, victim: Account, rng: Random) -> list[Event]:
    """8 to 20 new names within an hour, looking first, from a rented server in a country with an office."""
    seen = moment(world, victim, rng)
    used = {event.step.action for event in world.life(victim)}
    fresh = [call for call in _POOL if call[1] not in used]
    chosen = rng.sample(fresh, k=rng.randint(8, 20))
    chosen.sort(key=lambda call: call[2] not in _LOOKS)
    city = victim.city if isinstance(victim, Person) else rng.choice(OFFICES).city
    source = address(city, rng.choice(NETWORKS[city.country].hosting), rng.randint(100, 250))
    offsets = sorted(rng.sample(range(MINUTE, 55 * MINUTE), k=len(chosen)))
    denied = [chance(rng, _DENIED) for _ in chosen]
    # Whatever a stolen key may do, it may do something, and not everything.
    denied[0], denied[-1] = False, True
    events = []
    for (app, action, category), offset, refused in zip(chosen, offsets, denied, strict=True):
        outcome = Outcome.DENIED if refused else Outcome.SUCCESS
        target = (NativeObject("resource", f"{app.split('.', 1)[0]}-{rng.randint(1, 40):03d}"),)
        events.append(Event(seen.time + offset, Step(app, action, category, target, outcome), source, _AGENT, ""))
    return events
