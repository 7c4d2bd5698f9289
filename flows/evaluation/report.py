"""What was measured, for the terminal."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.evaluation.measure import Measured, per_attack, percentile

WIDTH = 160
"""Columns of output that no terminal shows."""


def show(measured: Measured) -> None:
    """Print it."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    if measured.found:
        console.print(_attacks(measured))
    if measured.false:
        console.print(_false(measured))
    delays = measured.delays
    console.print(
        Text(
            f"recall {measured.recall:.1%} of {len(measured.found)} attacks, precision {measured.precision:.1%} of "
            f"{measured.alerts} alerts ({measured.closed} more were closed)\n"
            f"{measured.false_rate:.2f} false alerts per 1,000 users and week ({len(measured.false)} in all)\n"
            f"delay from an attack's first activity to its alert: median {_seconds(percentile(delays, 50))}, "
            f"95th percentile {_seconds(percentile(delays, 95))}"
        )
    )


def _attacks(measured: Measured) -> Table:
    table = Table(title="Attacks", box=None, pad_edge=False, header_style="bold")
    for name in ("attack", "found", "by a fitting detection", "median delay", "median rank", "missed"):
        table.add_column(name, justify="left" if name in ("attack", "missed") else "right")
    for name, row in per_attack(measured.found).items():
        table.add_row(
            Text(name[:60]),
            f"{row.found}/{row.attacks}",
            f"{row.fitting}/{row.attacks}",
            _seconds(row.delay_p50_s),
            f"{row.rank_p50:g}",
            Text(", ".join(row.missed_variants)),
        )
    return table


def _false(measured: Measured) -> Table:
    table = Table(title="False alerts", box=None, pad_edge=False, header_style="bold")
    table.add_column("detection")
    table.add_column("alerts", justify="right")
    for name, count in Counter(
        alert.detections[0] if alert.detections else "" for alert in measured.false
    ).most_common():
        table.add_row(Text(name), str(count))
    return table


def _seconds(value: object) -> str:
    return f"{value:.1f} s" if isinstance(value, float) else "none"
