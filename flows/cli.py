"""The command line: `anput`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import resend_cli as _resend_cli  # noqa: F401  registers `alerts resend`
from flows import settings as settings_
from flows.alerts_cli import alerts_app
from flows.backtest_cli import backtest
from flows.docs_cli import docs_app
from flows.enrich_cli import enrich_app
from flows.evaluate_cli import evaluate
from flows.exit_codes import USAGE
from flows.formats_cli import formats, parse
from flows.logs import configure
from flows.new_cli import new_app
from flows.score_cli import score
from flows.simulate_cli import simulate
from flows.state_cli import state_app
from flows.suppressions_cli import suppressions_app
from flows.test_cli import test
from flows.verdict_cli import add_to

app = typer.Typer(
    name="anput",
    help="Watch cloud activities, learn how each user behaves, alert when behaviour breaks away.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(alerts_app, name="alerts")
app.add_typer(enrich_app, name="enrich")
app.add_typer(state_app, name="state")
app.add_typer(suppressions_app, name="suppressions")
add_to(alerts_app)
app.add_typer(docs_app, name="docs")
app.add_typer(new_app, name="new")
app.command("evaluate")(evaluate)
app.command("score")(score)
app.command("test")(test)
app.command()(backtest)
app.command()(formats)
app.command()(parse)
app.command()(simulate)


@app.callback()
def _main() -> None:
    configure()


@app.command()
def run(
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            help="File, folder or pattern, - for standard input: each is one ordered source. Or a topic, "
            "kafka://HOST:PORT/TOPIC or eventhubs://NAMESPACE/HUB.",
        ),
    ] = None,
    follow: Annotated[
        bool | None, typer.Option("--follow/--no-follow", help="Go on with files that grow and appear. [default: no]")
    ] = None,
    state: Annotated[str | None, typer.Option(help="Directory of state and recovery. [default: anput-state]")] = None,
    alerts: Annotated[str | None, typer.Option(help="Alert store. [default: anput-alerts.db]")] = None,
    alerts_jsonl: Annotated[str | None, typer.Option(help="Also append each alert revision here as OCSF JSON.")] = None,
    alerts_kafka: Annotated[
        str | None, typer.Option(help="Also send each alert revision to this topic, kafka://HOST:PORT/TOPIC.")
    ] = None,
    alerts_webhook: Annotated[
        str | None, typer.Option(metavar="URL", help="Also post each alert revision there. Token: ANPUT_WEBHOOK_TOKEN.")
    ] = None,
    alerts_splunk: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Also to this Splunk HTTP Event Collector. Token: ANPUT_SPLUNK_TOKEN."),
    ] = None,
    lanes: Annotated[
        str | None,
        typer.Option(help="Directory or address for late, rejected, suppressed. [default: STATE/lanes]"),
    ] = None,
    fmt: Annotated[str | None, typer.Option("--format", help="One of `anput formats`. [default: auto]")] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant of records that name none. [default: default]")] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes on this machine.")] = 1,
    seal_at_end: Annotated[
        bool | None,
        typer.Option("--seal-at-end/--no-seal-at-end", help="Make all final when the input ends. [default: yes]"),
    ] = None,
    state_memory: Annotated[
        int | None, typer.Option(help="MiB of stored state that each process keeps decoded. [default: 512]")
    ] = None,
    snapshot_interval: Annotated[int | None, typer.Option(help="Seconds between snapshots. [default: 10]")] = None,
    key_groups: Annotated[int | None, typer.Option(help="Fixed on first use. [default: 128]")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file. [default: anput.toml, if there]")] = None,
    summary: Annotated[Path | None, typer.Option(help="Write the summary as JSON.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Read activities, learn, alert. Stop and start it as you like: it goes on where it was."""
    from flows.run import run as run_  # noqa: PLC0415  Bytewax and scipy take a second to import

    options: dict[str, Any] = {
        "input": inputs or None,
        "follow": follow,
        "state": state,
        "alerts": alerts,
        "alerts_jsonl": alerts_jsonl,
        "alerts_kafka": alerts_kafka,
        "alerts_webhook": alerts_webhook,
        "alerts_splunk": alerts_splunk,
        "lanes": lanes,
        "format": fmt,
        "tenant": tenant,
        "seal_at_end": seal_at_end,
        "state_memory": state_memory,
        "snapshot_interval": snapshot_interval,
        "key_groups": key_groups,
    }
    environment = dict(os.environ)
    if config is not None:
        environment["ANPUT_CONFIG"] = str(config)
    try:
        settings = settings_.load(environment, options)
    except settings_.SettingsError as error:
        _fail(str(error))
    raise typer.Exit(run_(settings, processes, summary, quiet=quiet))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Directory for everything it makes; made anew each time.")] = Path("demo"),
) -> None:
    """Simulate a tenant with attacks, find them, and look at real CloudTrail: a minute."""
    from flows.demo import demo as demo_  # noqa: PLC0415

    raise typer.Exit(demo_(out))


def _fail(message: str) -> None:
    typer.echo(f"anput: {message}", err=True)
    raise typer.Exit(USAGE)
