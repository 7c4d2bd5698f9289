"""Countries in words: every name of the tz database, what geolocation databases write, and what names none."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.country import country_code

TABLE = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
NAMES = {line[:2]: line[3:] for line in TABLE.splitlines() if line and not line.startswith("#")}


def test_every_code_and_name_of_the_tz_database_is_known() -> None:
    assert len(NAMES) == 249
    for code, name in NAMES.items():
        for written in (code, code.lower(), name, name.upper(), f" {name} ", f"The {name}"):
            assert country_code(written) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United States", "US"),
        ("United States of America", "US"),
        ("United Kingdom", "GB"),
        ("UK", "GB"),
        ("South Korea", "KR"),
        ("Korea, Republic of", "KR"),
        ("Republic of Korea", "KR"),
        ("Russian Federation", "RU"),
        ("T\u00fcrkiye", "TR"),
        ("C\u00f4te d'Ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("Viet Nam", "VN"),
        ("Czechia", "CZ"),
        ("Congo", "CG"),
        ("DR Congo", "CD"),
        ("Bosnia and Herzegovina", "BA"),
        ("Kosovo", "XK"),
        ("", ""),
        ("ZZ", ""),
        ("Nowhere", ""),
        ("Norway" * 100, ""),
    ],
)
def test_names(name: str, code: str) -> None:
    assert country_code(name) == code


@given(st.text())
def test_any_text_gives_a_code_or_nothing(name: str) -> None:
    code = country_code(name)
    assert not code or (len(code) == 2 and code.isascii() and code.isupper())
