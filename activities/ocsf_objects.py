"""What an OCSF event was done to.

Source: schema.ocsf.io, the attributes of the classes that `ocsf_operations` lists.
"""

from __future__ import annotations

from activities.activity import Object
from activities.format import Record
from activities.values import Objects, add, items, known, mapping, objects_in, size

_TARGETS = {
    "file": "file",
    "databucket": "databucket",
    "database": "database",
    "table": "table",
    "group": "group",
    "iam_role": "role",
    "policy": "policy",
    "app": "application",
    "entity": "entity",
    "resource": "resource",
}
_LISTS = {"resources": "resource", "web_resources": "web_resource", "iam_roles": "role", "policies": "policy"}
_ENTITIES = ("policy", "user", "group", "device", "email")


def objects_of(record: Record, subject: bool) -> tuple[Object, ...]:
    """What was acted on, at most 32: the user, what the class names, then the resources.

    Args:
        record: The decoded event.
        subject: Whether `user` is somebody who was acted on, not who acts.
    """
    found: Objects = {}
    if subject:
        user = mapping(record.get("user"))
        add(found, "user", known(user.get("email_addr")) or known(user.get("name")) or user.get("uid"))
    for field, kind in _TARGETS.items():
        _add(found, kind, mapping(record.get(field)))
    for field, kind in _LISTS.items():
        for entry in items(record.get(field)):
            _add(found, kind, mapping(entry))
    for privilege in items(record.get("privileges")):
        add(found, "privilege", privilege)
    return objects_in(found)


def _add(found: Objects, kind: str, entry: Record) -> None:
    """One object: a file by path, a web resource by address, an entity by what it wraps, the others by name."""
    if kind == "entity":
        for wrapped in _ENTITIES:
            inner = mapping(entry.get(wrapped))
            add(found, wrapped, known(inner.get("name")) or inner.get("uid"))
    said = known(entry.get("type")) if kind in ("resource", "web_resource") else ""
    name = known(entry.get("path")) or known(entry.get("url_string")) or known(entry.get("name"))
    add(found, said or kind, name or entry.get("uid"), size(entry.get("size")))
