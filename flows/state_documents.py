"""The documents in key-group stores as `anput state` sees them: what they are, whose, of which version.

Keys, by step (stateful/key_group.py, profile_step.py, correlate_step.py):

    profile     m                                       Meta of the key group
                e + tenant NUL user                     UserDocument, with a Profile in its base
                w + hour + generation, 8 bytes each     Notes of whom to seal when
    correlate   m                                       Meta of the key group
                eu + tenant NUL user                    ThreadDocument
                ev + tenant NUL feature NUL value       ValueDocument
                es + tenant NUL address or asn NUL which    SprayDocument
                et + tenant                             TenantDocument
                w + 1 + hour + generation               Notes
                e + key group of the user in profile, 4 bytes, big-endian
                  + tenant NUL detection NUL user       ThreadDocument of the first release; taken over when it resumes
                w + key group of the user + hour + generation    Notes of those
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from recovery.codec import VERSION_BYTES, Codec
from recovery.errors import SAME_BACKUP, DocumentError
from stateful.agenda import AGENDA, NOTES_CODEC, Notes
from stateful.correlation import documents as correlation
from stateful.correlation.keys import SPRAY, TENANT, THREAD, VALUE, parts_of, thread_key
from stateful.correlation.legacy import GROUP_BYTES
from stateful.key_group import META_CODEC, Meta
from stateful.profile import PROFILE_VERSION, Profile
from stateful.user import UserDocument, user_codec

META: Final = b"m"
ENTITY: Final = b"e"


KINDS: Final = ("user", "profile", "thread", "value", "spray", "tenant", "meta", "notes")
_KINDS: Final = {THREAD: "thread", VALUE: "value", SPRAY: "spray", TENANT: "tenant"}


class Owner(NamedTuple):
    """Whose document it is."""

    tenant: str
    user: str
    detection: str = ""
    """Of a thread."""
    group: int = -1
    """Of a thread of the first release: the profile key group that its findings come from."""
    about: str = ""
    """Of what is not a user's: the value, network or tenant that it is about."""


def owner_of(step: str, key: bytes) -> Owner | None:
    """Whose document a key names; None for the key group's own.

    Raises:
        DocumentError: it names none.
    """
    if key == META or key.startswith(AGENDA):
        return None
    try:
        if step == "profile" and key.startswith(ENTITY):
            tenant, user = key[1:].decode().split("\0", 1)
            return Owner(tenant, user)
        if step == "correlate" and key[1:2] in _KINDS:
            tenant, *rest = parts_of(key[1:])
            if key[1:2] == THREAD:
                return Owner(tenant, rest[0])
            return Owner(tenant, "", about=" ".join(rest) or tenant)
        if step == "correlate" and key.startswith(ENTITY):
            tenant, detection, user = key[1 + GROUP_BYTES :].decode().split("\0", 2)
            return Owner(tenant, user, detection, int.from_bytes(key[1 : 1 + GROUP_BYTES], "big"))
    except ValueError:
        pass
    name = f"document of step {step}"
    raise DocumentError(name, "a key that says whose it is", f"{key!r:.200}", SAME_BACKUP)


def user_prefix(tenant: str) -> bytes:
    """What the keys of a tenant's users begin with, in `profile`."""
    return ENTITY + f"{tenant}\0".encode("utf-8", "replace")


def thread_of(tenant: str, user: str) -> bytes:
    """The key of a user's thread, in `correlate`."""
    return ENTITY + thread_key(tenant, user)


def old_thread_prefix(tenant: str, group: int) -> bytes:
    """What the keys of a tenant's threads of the first release begin with; `group` is that of the user."""
    return ENTITY + group.to_bytes(GROUP_BYTES, "big") + f"{tenant}\0".encode("utf-8", "replace")


@dataclass(frozen=True)
class Documents:
    """All kinds of documents, with their migrations."""

    user: Codec[UserDocument] = field(default_factory=user_codec)
    # Two that are made where they are used. A version without its migrations fails here at once.
    profile: Codec[Any] = field(default_factory=lambda: Codec(Profile, PROFILE_VERSION))
    thread: Codec[correlation.ThreadDocument] = field(default_factory=correlation.thread_codec)
    value: Codec[correlation.ValueDocument] = field(default_factory=correlation.value_codec)
    spray: Codec[correlation.SprayDocument] = field(default_factory=correlation.spray_codec)
    tenant: Codec[correlation.TenantDocument] = field(default_factory=correlation.tenant_codec)
    meta: Codec[Meta] = META_CODEC
    notes: Codec[Notes] = NOTES_CODEC

    def versions(self, step: str, key: bytes, data: bytes) -> dict[str, int]:
        """Kind -> schema version, of a document and what is in it.

        Raises:
            DocumentError: it is damaged, or of a newer version than the code.
        """
        name, codec = self._kind(step, key)
        found = {name: _version(codec, data)}
        if name == "user" and (base := self.user.decode(data).base):
            found["profile"] = _version(self.profile, base)
        return found

    def current(self) -> dict[str, int]:
        """Kind -> the version that is written."""
        return {name: getattr(self, name).version for name in KINDS}

    def renewed(self, step: str, key: bytes, data: bytes) -> bytes:
        """The document in the version that is written.

        Raises:
            DocumentError: as `versions`.
        """
        name, codec = self._kind(step, key)
        if name != "user":
            return codec.encode(codec.decode(data))
        document = self.user.decode(data)
        if document.base:
            document.base = self.profile.encode(self.profile.decode(document.base))
        return self.user.encode(document)

    def wake(self, step: str, key: bytes, data: bytes) -> int:
        """Event time, ms, at which sealing changes a document of `correlate`.

        Raises:
            DocumentError: as `versions`.
        """
        _, codec = self._kind(step, key)
        return int(codec.decode(data).wake)

    def plain(self, step: str, key: bytes, data: bytes) -> Mapping[str, Any]:
        """The document as it is stored, in builtins: nothing is migrated."""
        name, _ = self._kind(step, key)
        opened = _plain(data)
        body = opened["document"]
        if name == "user" and opened["version"] == self.user.version and isinstance(body, list):
            at = UserDocument.__struct_fields__.index("base")
            body[at] = _plain(body[at]) if body[at] else None
        return opened

    def _kind(self, step: str, key: bytes) -> tuple[str, Codec[Any]]:
        if owner_of(step, key) is None:
            return ("meta", self.meta) if key == META else ("notes", self.notes)
        if step == "profile":
            return "user", self.user
        name = _KINDS.get(key[1:2], "thread")
        return name, getattr(self, name)


def _version(codec: Codec[Any], data: bytes) -> int:
    return codec.needs_migration(data) or codec.version


def _plain(data: bytes) -> dict[str, Any]:
    body = msgspec.msgpack.decode(data[VERSION_BYTES:], strict=False)
    return {"version": int.from_bytes(data[:VERSION_BYTES], "big"), "document": body}
