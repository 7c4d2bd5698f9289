"""What each campaign is: what its name says, done as its variants say."""

from __future__ import annotations

from activities.activity import Category, Outcome

from .stories import Played


def campaign_bec(one: Played) -> bool:
    if one.variant == "mail_program":
        deceived = one.actions()["Consent to application."] == 1 and one.count(Category.SHARE) >= 25
    elif one.variant == "guessed_executive":
        deceived = one.actions()["SendOnBehalf"] >= 4 and one.actions()["HardDelete"] >= 20
    else:
        deceived = one.actions()["Send"] >= 3 and one.actions()["HardDelete"] > 0
    return one.count(Category.MAILBOX_RULE) == 1 and deceived


def campaign_insider(one: Played) -> bool:
    if one.variant == "extortionist":
        laptops = {event.device.id for event in one.usual}
        own = all(event.device.id in laptops and "anonymous" in event.address.location.tags for event in one.acts)
        return own and one.count(Category.DOWNLOAD) >= 80 and one.count(Category.AUDIT_CONFIG) >= 1
    if one.variant == "bribed":
        shared = one.count(Category.DOWNLOAD) >= 22 and one.count(Category.SHARE) >= 4
        return one.at_desk and one.actions()["RecordViewed"] >= 220 and shared
    if one.variant == "for_rival":
        # Read on the screen; what goes out are lists of their own.
        looked = one.actions()["WorkerViewed"] >= 35 and one.actions()["RecordViewed"] >= 35
        looked = looked and one.actions()["ChatRetrieved"] >= 60 and not one.count(Category.DOWNLOAD)
        out = one.actions()["FileUploaded"] == one.actions()["SharingInvitationCreated"] == 6
        return one.at_desk and looked and out and one.actions()["HardDelete"] >= 60
    return one.at_desk and one.count(Category.DOWNLOAD) > 100 and one.count(Category.DELETE) >= 10


def campaign_ci_ransomware(one: Played) -> bool:
    own = one.where(one.usual)
    if one.variant == "poisoned_action":
        inside = {event.step.category for event in one.acts if event.address.ip in own}
        return inside == {Category.SECRET_READ} and one.count(Category.DELETE) >= 13
    if one.variant == "build_server":
        early = [event.step for event in one.acts if event.address.ip in own]
        harmless = {Category.READ, Category.LIST, Category.SECRET_READ}
        taken = one.actions()["GetObject"] == one.actions()["DeleteObject"] >= 200
        return bool(early) and {step.category for step in early} <= harmless and taken
    if one.variant == "web_server":
        early = [event.step for event in one.acts if event.address.ip in own]
        refused = [step for step in early if step.outcome is Outcome.DENIED]
        spread = {event.step.region for event in one.acts if event.step.category is Category.COMPUTE_START}
        shared = one.count(Category.SECRET_READ) == 16 and one.count(Category.SHARE) >= 3
        gone = one.actions()["CopyObject"] >= 150 and one.count(Category.DELETE) >= 18
        return len(early) == len(refused) + 1 >= 37 and len(spread) == 3 and shared and gone
    if one.variant == "by_mail":
        gone = one.actions()["GetObject"] == one.actions()["DeleteObject"] >= 100 and one.actions()["SendEmail"] >= 3
    elif one.variant == "public_secrets":
        gone = one.actions()["DeleteObject"] >= 200 and one.actions()["PutBucketReplication"] == 3
    else:
        gone = one.actions()["CopyObject"] >= 100
    return not own & one.where(one.acts) and gone


def campaign_oauth(one: Played) -> bool:
    apps = {event.actor.user.id for event in one.acts if event.actor}
    if one.variant == "miner":
        made = [event for event in one.acts if event.actor and event.step.category is Category.COMPUTE_START]
        return len(apps) == 1 and len(made) >= 16 and one.acts[1].step.action == "Add application."
    if one.variant == "called_up":
        let_in = not apps and one.acts[0].step.action == "ConnectedAppAuthorized"
        return let_in and one.actions()["BulkJobExported"] >= 12
    if one.variant == "ransomed_code":
        let_in = not apps and one.acts[0].step.action == "oauth_authorization.create"
        return let_in and one.actions()["git.clone"] >= 35 and one.actions()["repo.destroy"] >= 20
    if one.variant == "trusted_app":
        # An app that the company has: nothing new is let in.
        mine = {service.user.id for service in one.world.services}
        owners = {event.step.owner.id for event in one.acts if event.actor and event.step.owner}
        given = {event.step.action for event in one.acts if not event.actor}
        steps = {"Add service principal credentials.", "Add app role assignment to service principal."}
        return len(apps) == 1 and apps <= mine and given == steps and len(owners) >= 3
    return len(apps) == 1 and one.acts[0].step.action == "Add service principal."


def campaign_mfa_admin(one: Played) -> bool:
    if one.variant == "whole_cloud":
        harm = one.count(Category.SECRET_READ) >= 14 and one.count(Category.DELETE) >= 29
    elif one.variant == "spoken_codes":
        harm = one.count(Category.AUDIT_CONFIG) == 2 and one.count(Category.DOWNLOAD) >= 90
    elif one.variant == "texted_link":
        boxes = {event.step.owner.id for event in one.acts if event.step.owner}
        opened = one.actions()["Add-MailboxPermission"] == len(boxes) >= 4
        read = opened and one.actions()["MailItemsAccessed"] >= 15 * len(boxes)
        harm = read and one.count(Category.AUDIT_CONFIG) == 3
    else:
        harm = one.count(Category.AUDIT_CONFIG) == 1
    return one.count(Category.ROLE_GRANT) >= 1 and harm
