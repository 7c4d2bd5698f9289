"""Keys of correlation's documents. The first byte says which kind; those of the first release began with a zero."""

from __future__ import annotations

from stateful.models import VALUE_LENGTH

THREAD, VALUE, SPRAY, TENANT = b"u", b"v", b"s", b"t"
SCOPE = b"\x01"
"""Of the notes of when to seal: all documents of a key group are sealed together."""


def thread_key(tenant: str, user: str) -> bytes:
    """Of what is said of a user."""
    return THREAD + _text(tenant, user)


def value_key(tenant: str, feature: str, value: str) -> bytes:
    """Of who shows a value."""
    return VALUE + _text(tenant, feature, value[:VALUE_LENGTH])


def spray_key(tenant: str, kind: str, network: str) -> bytes:
    """Of failed logons from a network; `kind` is `address` or `asn`."""
    return SPRAY + _text(tenant, kind, network)


def tenant_key(tenant: str) -> bytes:
    """Of what is known of a tenant as a whole."""
    return TENANT + _text(tenant)


def parts_of(key: bytes) -> list[str]:
    """Tenant, then what follows it."""
    return key[1:].decode("utf-8", "replace").split("\0", 2 if key[:1] in (VALUE, SPRAY) else 1)


def _text(*parts: str) -> bytes:
    return "\0".join(parts).encode("utf-8", "replace")
