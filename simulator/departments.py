"""Departments: who works in them, and what their people do."""

from __future__ import annotations

from typing import NamedTuple


class Department(NamedTuple):
    """A department: its weight in the company, mean activities of a person's working day, and what its people do."""

    name: str
    weight: int
    activities: float
    work: dict[str, float]
    """Weights of the kinds of work in `simulator.habits`."""


DEPARTMENTS: tuple[Department, ...] = (
    Department("engineering", 30, 34, {"mail": 2, "files": 1.5, "chat": 3, "code": 5}),
    Department("sales", 18, 32, {"mail": 4, "files": 2, "chat": 2, "crm": 5}),
    Department("support", 14, 38, {"mail": 3, "files": 1.5, "chat": 3, "crm": 4}),
    Department("finance", 9, 33, {"mail": 3, "files": 4, "chat": 1.5, "ledger": 4}),
    Department("marketing", 9, 28, {"mail": 3, "files": 5, "chat": 3, "crm": 1}),
    Department("it", 8, 40, {"mail": 2, "files": 2, "chat": 3, "code": 2, "desk": 0.7}),
    Department("hr", 5, 26, {"mail": 4, "files": 3, "chat": 2, "staff": 4}),
    Department("legal", 4, 25, {"mail": 4, "files": 6, "chat": 1}),
    Department("executive", 3, 22, {"mail": 6, "files": 2, "chat": 2, "ledger": 0.5}),
)
ENGINEERING, IT = DEPARTMENTS[0], DEPARTMENTS[5]
API_WEIGHT = 5.0
PLATFORM_SHARE = {"it": 0.8, "engineering": 0.12}
"""Share of a department that administers cloud accounts."""
ADMINISTRATORS, HELP_DESK = "cloud-admins", "helpdesk"
"""Groups that say so."""
