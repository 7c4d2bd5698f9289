"""Names that give away that somebody isn't of the organization."""

from __future__ import annotations

import pytest

from stateful.outsiders import is_guest, is_private


@pytest.mark.parametrize(
    ("name", "guest", "private"),
    [
        ("eve@gmail.com", False, True),
        ("eve@yahoo.co.uk", False, True),
        ("eve@freemail.example", False, True),
        ("eve_gmail.com#EXT#@acme.onmicrosoft.com", True, True),
        ("anna_partner.com#EXT#@acme.onmicrosoft.com", True, False),
        ("anna@partner.com", False, False),
        ("bob@freelance-mail.example", False, False),
        ("bob@mailhouse.example", False, False),
        ("ada_web@acme.example", False, False),
        ("sites/hr/mail.docx", False, False),
        ("", False, False),
    ],
)
def test_names(name: str, guest: bool, private: bool) -> None:  # noqa: FBT001
    assert (is_guest(name), is_private(name)) == (guest, private)
