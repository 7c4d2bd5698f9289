"""Rights are given that rule over much, by somebody who doesn't give such (T1098.003)."""

from __future__ import annotations

from simulator.apis import refused
from simulator.attacks import Variant
from simulator.catalogue import principal
from simulator.devices import scripted
from simulator.habits import CONSOLE_LOGON
from simulator.hostile import HOMES_AWAY, PHONES_AWAY, VPNS, anywhere, home_proxy, relay, server
from simulator.moves import WHO_AM_I, some_file
from simulator.operations import aws, azure, directory, exchange, github, named, settings, sharepoint
from simulator.scene import Scene, aws_person, aws_service, azure_person, coder, directory_admin

_ADMIN_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"
_ROLES = ("Global Administrator", "Privileged Role Administrator", "Privileged Authentication Administrator")


def ruler_of_all(scene: Scene) -> None:
    """An administrator's stolen session makes a new account a global administrator."""
    scene.later(0.5, 6)
    via = scene.intruder(home_proxy(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    made = named("user", f"svc-adsync{scene.number(2, 9)}@{scene.domain}")
    role = named("role", scene.rng.choice(_ROLES))
    steps = [
        directory("Add user.", *made),
        directory("Add member to role.", *made, *role, changed=("Role.DisplayName",)),
    ]
    scene.act_all(steps, via, 20, 120)


def own_role(scene: Scene) -> None:
    """Stealthy: an insider of the help desk gives themselves a role, at their own desk."""
    scene.wait(60, 900)
    objects = (*named("user", scene.victim.user.id), *named("role", scene.rng.choice(_ROLES)))
    scene.act(directory("Add member to role.", *objects, changed=("Role.DisplayName",)), scene.own())


def backdoor_user(scene: Scene) -> None:
    """A key of an administrator of AWS makes a user with all rights, a password and keys."""
    scene.wait(120, 1_800)
    via = scene.intruder(server(scene.rng, scene.city), scripted("Boto3/1.34.162 md/Botocore#1.34.162"))
    user = named("user", scene.rng.choice(("aws-support", "backup-admin", "terraform2", "root1")))
    steps = [WHO_AM_I, aws("iam", "ListUsers"), aws("iam", "CreateUser", *user)]
    steps += [aws("iam", "AttachUserPolicy", *user, *named("policy", _ADMIN_POLICY))]
    steps += [aws("iam", "CreateLoginProfile", *user), aws("iam", "CreateAccessKey", *user)]
    scene.act_all(steps, via, 3, 50)


def open_role(scene: Scene) -> None:
    """A role is opened to another account and gets all rights: a way back that no password change closes."""
    scene.wait(60, 900)
    role = named("role", f"ops-readonly-{scene.number(1, 9)}")
    steps = [
        aws("iam", "UpdateAssumeRolePolicy", *role),
        aws("iam", "AttachRolePolicy", *role, *named("policy", _ADMIN_POLICY)),
    ]
    scene.act_all(steps, scene.shell(), 5, 60)


def subscriptions(scene: Scene) -> None:
    """Access to all subscriptions of Azure is taken, then ownership is given to an app."""
    scene.wait(60, 900)
    via = scene.own()
    steps = [azure("Microsoft.Authorization/elevateAccess/action")]
    steps += [azure("Microsoft.Authorization/roleAssignments/write", *named("role", "Owner"))] * 2
    scene.act_all(steps, via, 10, 120)


def mail_for_an_app(scene: Scene) -> None:
    """A role of Exchange is given with which an app can read every mailbox; the app becomes a directory reader."""
    scene.wait(60, 900)
    via = scene.own()
    app = "Legacy Sync Connector"
    grants = settings(Role="ApplicationImpersonation", User=scene.victim.user.id)
    role = (principal(app), *named("role", "Exchange Administrator"))
    steps = [
        exchange("New-ManagementRoleAssignment", *grants),
        directory("Add member to role.", *role, changed=("Role.DisplayName",)),
    ]
    scene.act_all(steps, via, 20, 200)


def organisation_owner(scene: Scene) -> None:
    """An outsider becomes an owner of the organisation's repositories."""
    scene.wait(60, 900)
    guest = named("user", f"dev-{scene.number(1000, 9999)}")
    steps = [github("org.invite_member", *guest), github("org.update_member", *guest, *named("permission", "admin"))]
    scene.act_all(steps, scene.own(), 20, 200)


def cluster_access(scene: Scene) -> None:
    """Stealthy: an administrator lets a user that they made into a cluster, as its administrator."""
    scene.wait(60, 900)
    cluster = named("cluster", f"eks-prod-{scene.number(0, 9):03d}")
    policy = named("policy", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy")
    steps = [aws("eks", "CreateAccessEntry", *cluster), aws("eks", "AssociateAccessPolicy", *cluster, *policy)]
    scene.act_all(steps, scene.shell(), 8, 90)


def federation(scene: Scene) -> None:
    """A domain of the intruder's is trusted to say who somebody is; before it, the role that may do so (T1484.002)."""
    scene.later(0.5, 6)
    via = scene.intruder(server(scene.rng, scene.city), scene.plain_browser())
    scene.log_on(via)
    role = (*named("user", scene.victim.user.id), *named("role", "Hybrid Identity Administrator"))
    steps = [
        directory("Add member to role.", *role, changed=("Role.DisplayName",)),
        directory("Add unverified domain."),
        directory("Verify domain."),
        directory("Set domain authentication."),
    ]
    scene.act_all(steps, via, 30, 200)


def self_escalation(scene: Scene) -> None:
    """A service's stolen key tries what gives itself all rights, until one way is open (as Pacu does; T1098.003)."""
    scene.wait(120, 1_800)
    via = scene.intruder(
        relay(scene.rng, VPNS), scripted("Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#6.6.15-kali")
    )
    user = named("user", scene.victim.user.id.partition("@")[0])
    steps = [
        WHO_AM_I,
        refused("iam", "AddUserToGroup", *user, *named("group", "administrators")),
        refused("iam", "CreatePolicyVersion", *named("policy", f"arn:aws:iam::aws:policy/{user[0].name}")),
        aws("iam", "PutUserPolicy", *user, *named("policy", "all")),
        aws("iam", "AttachUserPolicy", *user, *named("policy", _ADMIN_POLICY)),
        aws("iam", "CreateAccessKey", *user),
    ]
    scene.act_all(steps, via, 3, 60)


def privileged_group(scene: Scene) -> None:
    """Stealthy: at the desk, no role is given: they own and join a group that has one, and leave it within hours."""
    scene.wait(60, 900)
    via = scene.own()
    group = named("group", scene.rng.choice(("sec-global-administrators", "sec-tier0-admins", "role-privileged-auth")))
    objects = (*named("user", scene.victim.user.id), *group)
    joins = [
        directory(f"Add {part} to group.", *objects, changed=("Group.DisplayName",)) for part in ("owner", "member")
    ]
    leaves = [
        directory(f"Remove {part} from group.", *objects, changed=("Group.DisplayName",))
        for part in ("member", "owner")
    ]
    scene.act_all(joins, via, 15, 120)
    scene.wait(3_000, 8_000)
    scene.act_all(leaves, via, 15, 120)


def invited_guest(scene: Scene) -> None:
    """An administrator's stolen session, on a home line abroad: a guest is invited and rules all (Octo Tempest)."""
    scene.later(0.5, 6)
    via = scene.intruder(anywhere(scene.rng, HOMES_AWAY), scene.plain_browser())
    scene.log_on(via)
    guest = named("user", f"it.support{scene.number(10, 99)}@freemail.example")
    scene.act_all([directory("Invite external user", *guest)], via, 60, 300)
    scene.wait(120, 900)
    role = named("role", scene.rng.choice(_ROLES))
    steps = [directory("Add member to role.", *guest, *role, changed=("Role.DisplayName",))]
    steps += [directory("Convert external user to internal member", *guest)]
    scene.act_all(steps, via, 30, 200)


def permission_set(scene: Scene) -> None:
    """Stealthy: at the desk, no user and no role: a set of all rights is made, and given to themselves (T1098.003)."""
    scene.wait(60, 900)
    rights = named("permission_set", scene.rng.choice(("ReadOnlyOps", "BillingViewer", "SupportTemp")))
    user = named("user", scene.victim.user.id)
    steps = [
        aws("sso", "CreatePermissionSet", *rights),
        aws("sso", "AttachManagedPolicyToPermissionSet", *rights, *named("policy", _ADMIN_POLICY)),
        aws("sso", "CreateAccountAssignment", *rights, *user),
        aws("sso", "ProvisionPermissionSet", *rights),
    ]
    scene.act_all(steps, scene.shell(), 10, 120)


def colleague_promoted(scene: Scene) -> None:
    """Behind a VPN, in PowerShell: a colleague, taken over too, gets a password, roles, and no policy on them."""
    scene.later(0.5, 6)
    agent = "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.22631; en-US) PowerShell/7.4.6"
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scripted(agent, "Windows 10"))
    scene.log_on(via)
    user = named("user", scene.colleague().user.id)
    role, mail = named("role", scene.rng.choice(_ROLES)), named("role", "Exchange Administrator")
    steps = [directory("Reset user password.", *user)]
    steps += [directory("Add member to role in PIM completed (permanent)", *user, *role, changed=("Role.DisplayName",))]
    steps += [directory("Add member to role.", *user, *mail, changed=("Role.DisplayName",))]
    steps += [directory("Update conditional access policy", *named("policy", "Require MFA for administrators"))]
    scene.act_all(steps, via, 15, 200)


def site_admin(scene: Scene) -> None:
    """Stealthy: at the help desk's own desk, no role: they administer the sites of the board, staff and law."""
    scene.wait(60, 900)
    via, user = scene.own(), named("user", scene.victim.user.id)
    for unit in ("executive", "hr", "legal"):
        scene.act_all([sharepoint("SiteCollectionAdminAdded", *named("site", f"sites/{unit}"), *user)], via, 30, 300)
    for unit in ("executive", "hr"):
        seen = [sharepoint("FileAccessed", some_file(scene, unit)) for _ in range(scene.number(3, 6))]
        scene.act_all(seen, via, 20, 150)


def old_users(scene: Scene) -> None:
    """Behind a VPN, a stolen session in the console: old users get passwords, keys, all rights (T1098.001)."""
    scene.later(0.5, 5)
    via = scene.intruder(relay(scene.rng, VPNS, scene.city.country), scene.plain_browser())
    scene.log_on(via)
    scene.act_all([CONSOLE_LOGON, aws("iam", "ListUsers"), aws("iam", "ListGroups")], via, 5, 60)
    names = ("svc-monitoring", "svc-snapshots", "svc-batch", "svc-delivery")
    for name in scene.rng.sample(names, k=scene.number(2, 3)):
        user = named("user", name)
        steps = [
            aws("iam", "CreateLoginProfile", *user),
            aws("iam", "CreateAccessKey", *user),
            aws("iam", "AttachUserPolicy", *user, *named("policy", _ADMIN_POLICY)),
        ]
        scene.act_all(steps, via, 15, 120)


def hidden_unit(scene: Scene) -> None:
    """Stealthy: at the help desk's own desk, a unit of a few executives, over whom they alone rule (Datadog, 2024)."""
    scene.wait(60, 900)
    unit = named("administrativeunit", scene.rng.choice(("Regional Pilot", "Device Refresh", "Printers EMEA")))
    steps = [directory("Add administrative unit.", *unit)]
    for person in scene.executives(scene.number(4, 6)):
        steps.append(directory("Add member to administrative unit.", *named("user", person.user.id), *unit))
    ruler = (*named("user", scene.victim.user.id), *named("role", "Privileged Authentication Administrator"), *unit)
    steps.append(directory("Add scoped member to role.", *ruler, changed=("Role.DisplayName",)))
    scene.act_all(steps, scene.own(), 15, 150)


def mail_rulers(scene: Scene) -> None:
    """By a phone's network abroad, a stolen session: a colleague, taken over too, rules all mail (T1098.002)."""
    scene.later(0.5, 6)
    via = scene.intruder(anywhere(scene.rng, PHONES_AWAY), scene.plain_browser())
    scene.log_on(via)
    user = scene.colleague().user.id
    steps = [directory("Reset user password.", *named("user", user))]
    for group in ("Organization Management", "eDiscovery Manager"):
        steps.append(exchange("Add-RoleGroupMember", *settings(Identity=group, Member=user)))
    steps.append(exchange("Add-eDiscoveryCaseAdmin", *settings(User=user)))
    steps.append(exchange("New-ManagementRoleAssignment", *settings(Role="Mailbox Import Export", User=user)))
    scene.act_all(steps, via, 20, 200)


def docs_team(scene: Scene) -> None:
    """Stealthy: at the desk, nobody becomes an owner: a team for documents, with a second account, may do all."""
    scene.wait(60, 900)
    team, second = named("team", "docs-reviewers"), named("user", f"docs-helper-{scene.number(100, 999)}")
    steps = [github(action, *team, *second) for action in ("team.create", "team.add_member", "team.promote_maintainer")]
    for number in scene.rng.sample(range(80), k=scene.number(8, 14)):
        repository = named("repository", f"service-{number:02d}")
        steps.append(
            github("team.update_repository_permission", *team, *repository, *named("permission", "admin")),
        )
    steps.append(github("organization_role.assign", *team, *named("permission", "all_repo_admin")))
    scene.act_all(steps, scene.own(), 30, 240)


VARIANTS = (
    Variant("ruler_of_all", directory_admin, ruler_of_all),
    Variant("own_role", directory_admin, own_role),
    Variant("backdoor_user", aws_person, backdoor_user),
    Variant("open_role", aws_person, open_role),
    Variant("subscriptions", azure_person, subscriptions),
    Variant("mail_for_an_app", directory_admin, mail_for_an_app),
    Variant("organisation_owner", coder, organisation_owner),
    Variant("cluster_access", aws_person, cluster_access),
    Variant("federation", directory_admin, federation),
    Variant("self_escalation", aws_service, self_escalation),
    Variant("privileged_group", directory_admin, privileged_group, hours=4),
    Variant("invited_guest", directory_admin, invited_guest, hours=3),
    Variant("permission_set", aws_person, permission_set),
    Variant("colleague_promoted", directory_admin, colleague_promoted),
    Variant("site_admin", directory_admin, site_admin),
    Variant("old_users", aws_person, old_users, hours=3),
    Variant("hidden_unit", directory_admin, hidden_unit),
    Variant("mail_rulers", directory_admin, mail_rulers, hours=3, held_out=True),
    Variant("docs_team", coder, docs_team, held_out=True, quiet=True),
)
