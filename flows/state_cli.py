"""`anput state`: what a state directory holds, whether it is sound, and what can be done to it between runs.

Exit codes: 0 done; 2 a wrong option or setting, or an unknown user; 3 the state can't be used, or `verify` found
something wrong. Standard error says why.
"""

from __future__ import annotations

import json as json_
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from flows import backup_cli
from flows import settings as settings_
from flows.exit_codes import STATE, USAGE
from flows.explain import printable
from flows.settings import Settings, SettingsError

if TYPE_CHECKING:
    from flows.state_reader import StateReader
    from flows.state_rewrite import Plan
    from flows.state_stats import Stats
    from flows.state_verify import Verdict

PLAIN_WIDTH = 10_000
"""Columns where no terminal shows them: nothing is cut or wrapped for a pipe."""
SHOWN = 20
"""Problems that are printed."""

NOT_REACHED = (
    "backups (delete those made before: anput state backups)",
    "the alert store and JSON lines of alerts",
    "the lanes (late, rejected, suppressed), dead letters, and what waits in outboxes",
    "the logs that were read: reading them again learns of the user again",
    "activities of others that name the user, as one they acted on",
)
"""Where `forget` erases nothing."""

state_app = typer.Typer(
    name="state",
    help="Look at a state directory; check, migrate, back it up; forget a user.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

State = Annotated[
    str | None, typer.Option(metavar="DIR", help="Directory of state and recovery. [default: anput-state]")
]
Config = Annotated[Path | None, typer.Option(metavar="FILE", help="Settings file. [default: anput.toml, if there]")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant's id, exactly.")]
User = Annotated[str, typer.Argument(metavar="USER", help="The user's id.")]


@state_app.command()
def init(
    *,
    state: State = None,
    key_groups: Annotated[int | None, typer.Option(help="Fixed from then on. [default: 128]")] = None,
    recovery_partitions: Annotated[int | None, typer.Option(help="Bytewax's; fixed from then on. [default: 4]")] = None,
    config: Config = None,
) -> None:
    """Initialises a state directory, or checks that a run with these settings could use the one there."""
    from flows.detect import prepare  # noqa: PLC0415  Bytewax and scipy take a second to import
    from recovery import stamp  # noqa: PLC0415
    from recovery.committed import committed  # noqa: PLC0415

    with _refusing():
        options = {"state": state, "key_groups": key_groups, "recovery_partitions": recovery_partitions}
        settings = _settings(config, options)
        directory = Path(settings.state)
        existed = (directory / stamp.STAMP).exists()
        directory.mkdir(parents=True, exist_ok=True)
        with stamp.lock(directory):
            stamped = prepare(settings)
            epoch = committed(directory).epoch
    _print(
        _table(
            (),
            [
                ("state", f"{directory}, {'as it was' if existed else 'initialised'}"),
                ("cluster", stamped.cluster_id),
                ("key groups", stamped.key_groups),
                ("recovery partitions", stamped.partitions),
                ("schema", ", ".join(f"{name} {version}" for name, version in stamped.schema.items())),
                ("written by", f"anput {stamped.anput}"),
                ("next run", f"from epoch {epoch}"),
            ],
        )
    )


@state_app.command()
def show(tenant: Tenant, user: User, *, state: State = None, config: Config = None, json: Json = False) -> None:
    """Shows what is known of a user, as of the last snapshot; also while a run goes on."""
    from flows.state_documents import Documents  # noqa: PLC0415
    from flows.state_show import UnknownUserError, look_up, render, to_json  # noqa: PLC0415

    with _refusing():
        settings = _settings(config, {"state": state})
        try:
            known = look_up(_reader(settings), Documents(), settings, tenant, user)
        except UnknownUserError as error:
            _fail(str(error), USAGE)
    if json:
        _print_json(to_json(known))
    else:
        _print(render(known))


@state_app.command()
def verify(*, state: State = None, config: Config = None, json: Json = False) -> None:
    """Checks all that the next run could touch, and changes nothing; also while a run goes on."""
    from flows.state_documents import Documents  # noqa: PLC0415
    from flows.state_verify import verify as verify_  # noqa: PLC0415

    with _refusing():
        verdict = verify_(_reader(_settings(config, {"state": state})), Documents())
    if json:
        _print_json(verdict)
    else:
        _print_verdict(verdict)
    if verdict.problem_count:
        raise typer.Exit(STATE)


@state_app.command()
def stats(*, state: State = None, config: Config = None, json: Json = False) -> None:
    """Measures the state: users, documents, sizes, versions, disk; also while a run goes on."""
    from flows.state_documents import Documents  # noqa: PLC0415
    from flows.state_stats import measure  # noqa: PLC0415

    with _refusing():
        measured = measure(_reader(_settings(config, {"state": state})), Documents())
    if json:
        _print_json(measured)
    else:
        _print_stats(measured)


@state_app.command()
def migrate(
    *,
    state: State = None,
    config: Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would change; also while a run goes on.")
    ] = False,
    json: Json = False,
) -> None:
    """Rewrites documents of older versions, which a run does one by one as it writes their users.

    Older releases refuse the state from then on. Interrupted, it is run again.
    """
    from flows.state_documents import Documents  # noqa: PLC0415
    from flows.state_rewrite import migrate as migrate_  # noqa: PLC0415
    from flows.state_rewrite import plan  # noqa: PLC0415
    from recovery import stamp  # noqa: PLC0415

    documents = Documents()
    with _refusing():
        settings = _settings(config, {"state": state})
        if dry_run:
            planned, count = plan(_reader(settings), documents), 0
        else:
            with stamp.lock(_existing(settings)):
                planned = plan(_reader(settings), documents)
                count = migrate_(_writable(settings), documents, _schema()) if planned.stale else 0
    if json:
        _print_json({**msgspec.to_builtins(planned), "migrated": count})
    else:
        _print_plan(planned, count, dry_run=dry_run)


@state_app.command()
def forget(
    tenant: Tenant,
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's id, exactly as `show` has it.")],
    *,
    state: State = None,
    config: Config = None,
) -> None:
    """Erases a user for good: baseline, open activities, findings and alerts in correlation."""
    from flows.state_rewrite import forget as forget_  # noqa: PLC0415
    from recovery import stamp  # noqa: PLC0415

    with _refusing():
        settings = _settings(config, {"state": state})
        with stamp.lock(_existing(settings)):
            forgotten = forget_(_writable(settings), tenant, user, _schema())
    name = f"user {printable(user)} of tenant {printable(tenant)}"
    if not forgotten.documents:
        _fail(
            f"{name}: expected one that the state knows; found none. Its place in the files was cleaned anyway.", USAGE
        )
    _print(Text(f"Erased {name}: {forgotten.documents} documents, {forgotten.bytes:,} bytes. This does not reach:"))
    for place in NOT_REACHED:
        _print(Text(f"- {place}"))


backup_cli.register(state_app)


@contextmanager
def _refusing() -> Iterator[None]:
    from recovery.errors import StateError  # noqa: PLC0415

    try:
        yield
    except StateError as error:
        _fail(str(error), STATE)
    except SettingsError as error:
        _fail(str(error), USAGE)


def _fail(message: str, code: int) -> None:
    typer.echo(f"anput: {printable(message, 2000)}", err=True)
    raise typer.Exit(code)


def _settings(config: Path | None, options: dict[str, Any]) -> Settings:
    environment = dict(os.environ)
    if config is not None:
        environment["ANPUT_CONFIG"] = str(config)
    return settings_.load(environment, options)


def _schema() -> int:
    """As a run passes it to its stores."""
    from flows.detect import SCHEMA  # noqa: PLC0415

    return max(SCHEMA.values())


def _reader(settings: Settings) -> StateReader:
    from flows.state_reader import StateReader  # noqa: PLC0415

    return StateReader(Path(settings.state), _schema())


def _existing(settings: Settings) -> Path:
    """The state directory, which must be one."""
    from recovery import stamp  # noqa: PLC0415

    stamp.read(Path(settings.state))
    return Path(settings.state)


def _writable(settings: Settings) -> Path:
    """The state directory, stamped with the versions that are going to be written, so that older releases refuse it."""
    from flows.detect import prepare  # noqa: PLC0415
    from recovery import stamp  # noqa: PLC0415

    state = Path(settings.state)
    known = stamp.read(state)
    prepare(msgspec.structs.replace(settings, key_groups=known.key_groups, recovery_partitions=known.partitions))
    return state


def _print_verdict(verdict: Verdict) -> None:
    rows: list[tuple[object, ...]] = [
        ("next run", f"from epoch {verdict.epoch}"),
        ("stores", f"{verdict.stores:,}, {verdict.generations:,} generations proved"),
        ("documents", ", ".join(f"{count:,} {kind}" for kind, count in sorted(verdict.documents.items())) or "none"),
        ("bytes", f"{verdict.bytes:,}"),
        ("problems", f"{verdict.problem_count:,}"),
    ]
    if verdict.unclaimed:
        listed = ", ".join(verdict.unclaimed[:SHOWN])
        rows.insert(2, ("not committed", f"{len(verdict.unclaimed):,} stores that the next run begins anew: {listed}"))
    _print(_table((), rows))
    for problem in verdict.problems[:SHOWN]:
        typer.echo(f"anput: {printable(problem, 2000)}", err=True)
    if verdict.problem_count > SHOWN:
        typer.echo(f"anput: and {verdict.problem_count - SHOWN:,} more", err=True)


def _print_stats(measured: Stats) -> None:
    _print(
        _table(
            (),
            [
                ("next run", f"from epoch {measured.epoch}"),
                ("users", f"{measured.users:,} of {measured.tenants:,} tenants"),
                ("open activities", f"{measured.open_activities:,} of {measured.users_with_open:,} users"),
                ("threads", f"{measured.threads:,}"),
                ("versions", "; ".join(f"{kind} {_counted(found)}" for kind, found in measured.versions.items())),
                ("disk", ", ".join(f"{name or 'other'} {size:,}" for name, size in measured.disk.items())),
            ],
        )
    )
    columns = (
        "step",
        "key groups",
        "documents",
        "bytes",
        "bytes per group",
        "documents per group",
        "generations",
        "disk",
    )
    rows: list[Sequence[object]] = []
    for name, step in measured.steps.items():
        spreads = (step.size_per_group, step.documents_per_group, step.generations)
        texts = (f"{spread.least:,.0f} / {spread.median:,.0f} / {spread.most:,.0f}" for spread in spreads)
        rows.append((name, step.key_groups, f"{step.documents:,}", f"{step.size:,}", *texts, f"{step.disk:,}"))
    _print(Text("\nLeast / median / most of the key groups that hold anything"), _table(columns, rows))
    users = [(user.tenant, user.user, f"{user.size:,}", f"{user.open_activities:,}") for user in measured.largest]
    if users:
        _print(Text("\nLargest users"), _table(("tenant", "user", "bytes", "open activities"), users))


def _counted(found: dict[int, int]) -> str:
    return ", ".join(f"v{version}: {count:,}" for version, count in found.items())


def _print_plan(planned: Plan, count: int, *, dry_run: bool) -> None:
    _print(Text(f"{planned.stale:,} of {planned.documents:,} documents are not of the versions that are written now."))
    rows = [(old.kind, f"{old.version} -> {old.current}", f"{old.count:,}") for old in planned.old]
    if rows:
        _print(_table(("kind", "version", "documents"), rows))
    if planned.example:
        _print(Text("\nOne of them:"), Text("\n".join(printable(line, 400) for line in planned.example.splitlines())))
    if planned.stale:
        _print(Text("\nNothing was changed." if dry_run else f"\nMigrated {count:,} documents."))


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=bool(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell, 1000)) for cell in row))
    return table


def _print(*parts: RenderableType) -> None:
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False, emoji=False, markup=False)
    for part in parts:
        console.print(part)


def _print_json(value: Any) -> None:  # noqa: ANN401
    """ASCII alone: what is in a log can't steer the terminal."""
    text = json_.dumps(msgspec.to_builtins(value, str_keys=True), indent=2)
    typer.echo(text.replace("\x7f", "\\u007f"))
