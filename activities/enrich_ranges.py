"""Networks as the settings and files write them."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from activities.enrich_address import Network
from activities.enrich_files import EnrichmentError

_SHOWN = 80
_WORD = re.compile(r"\s*([^\s,;#]+)")
"""The first word of a line that isn't a remark."""
_MAPPED = 96
"""Bits of the prefix ::ffff:0:0/96."""


def network(written: str) -> Network:
    """The network or single address `written`.

    Raises:
        ValueError: It is neither, or has bits set behind its prefix.
    """
    found = ipaddress.ip_network(written)
    if isinstance(found, ipaddress.IPv6Network):
        mapped = found.network_address.ipv4_mapped
        if mapped is not None and found.prefixlen >= _MAPPED:
            return ipaddress.IPv4Network((int(mapped), found.prefixlen - _MAPPED))
    return found


def networks(written: Iterable[str], where: str) -> list[Network]:
    """As `network`, of several.

    Args:
        written: Addresses and networks.
        where: What has them, for the message.

    Raises:
        EnrichmentError: One is none.
    """
    found = []
    for text in written:
        try:
            found.append(network(text))
        except ValueError as error:
            msg = f"{where}: expected an address or a network such as 198.51.100.0/24, found {text[:_SHOWN]!r}: {error}"
            raise EnrichmentError(msg) from None
    return found


def networks_of_file(path: Path) -> list[Network]:
    """The networks in a file.

    A text file has one a line, as the first word; what follows `#` is a remark. Of a JSON document (`.json`) every text
    that is a network counts, wherever it is: the providers' own files all differ.

    Raises:
        EnrichmentError: It can't be read, or holds none; the message names the file and, of a text, the line.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".json":
            found = [parsed for text in _texts(json.loads(content)) if (parsed := _network_or_none(text))]
        else:
            words = ((number, _WORD.match(line)) for number, line in enumerate(content.splitlines(), 1))
            found = [one for number, word in words if word for one in networks([word[1]], f"{path}:{number}")]
    except (OSError, ValueError, RecursionError) as error:
        msg = f"{path}: expected a text file of addresses and networks, or a JSON document: {error}"
        raise EnrichmentError(msg) from error
    if not found:
        msg = f"{path}: expected addresses or networks, found none; remove the file from the settings if that is right"
        raise EnrichmentError(msg)
    return found


def _network_or_none(text: str) -> Network | None:
    try:
        return network(text)
    except ValueError:
        return None


def _texts(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)
