"""Settings: defaults, then `anput.toml`, then `ANPUT_*` variables, then command-line options, the last one winning."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

import msgspec

from activities.enrich_settings import EnrichmentSettings
from activities.formats import FORMATS
from activities.record import Unreadable, parse_time
from stateful.suppression import Suppression
from stateful.tuning import Tuning
from windowing.lateness import Limits
from windowing.watermark import HOUR

DEFAULT_FILE = "anput.toml"

VERDICT_FILE = "anput-verdicts.jsonl"

LISTS = frozenset({"input", "verdicts"})
"""Settings that a variable gives as a list, parted by the system's path separator (`:`)."""

_ITEM = re.compile(rf"(?:kafka|eventhubs)://[^/]*/[^{os.pathsep}]*|[^{os.pathsep}]+")
"""An item of such a list. A topic's address has separators before its ports."""


SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
"""What a destination begins with that is no file."""


class SettingsError(ValueError):
    """A setting is wrong; the message says which, where, what was expected and found."""


class Tenant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[tenants.NAME]`."""

    detections: dict[str, Tuning] = {}
    alert_budget: float | None = None


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret is: a variable, or a file."""

    env: str = ""
    file: str = ""


Property = str | int | float | bool | Secret


class Kafka(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[kafka]`: inputs and sinks on Kafka and Event Hubs."""

    group: str = "anput"
    """Consumer group that offsets are committed to, for lag tools."""
    start: str = "earliest"
    """earliest, latest, or a time (RFC 3339): where partitions begin that the state doesn't know."""
    until_end: bool = False
    """Read what is there at the start, then end, as with a file."""
    ingest_time: Literal["message", "record"] = "message"
    """Whose time is the ingest time: the message's or, as with files, the record's own."""
    on_expired_offset: Literal["refuse", "earliest"] = "refuse"
    """What to do when the broker has deleted what would be read next."""
    connect_timeout: float = 30
    """Seconds to wait for a broker at the start."""
    delivery_timeout: float = 60
    """Seconds after which an alert that no broker has taken ends the run."""
    properties: dict[str, Property] = {}
    """librdkafka's."""
    sink_properties: dict[str, Property] = {}
    """Laid over `properties` for the sink."""
    eventhubs_connection_string: Secret | None = None

    @property
    def start_time(self) -> int | None:
        """`start` in ms since 1970, None where it is no time.

        Raises:
            SettingsError: it is neither a time nor one of the two words.
        """
        if self.start in ("earliest", "latest"):
            return None
        try:
            return parse_time(self.start, "")
        except Unreadable:
            expected = "earliest, latest or a time such as 2026-01-31T00:00:00Z"
            msg = f"setting kafka.start: expected {expected}, found {self.start!r:.80}"
            raise SettingsError(msg) from None


class Http(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[webhook]`, and what `[splunk]` shares with it: connections to receivers over HTTP."""

    token: Secret | None = None
    """Where the token is; without this, ANPUT_WEBHOOK_TOKEN or ANPUT_SPLUNK_TOKEN if it is set."""
    headers: dict[str, str | Secret] = {}
    """Added to each request."""
    ca_file: str = ""
    """Certificates to trust (PEM) instead of the system's."""
    timeout: float = 10
    """Seconds to wait for a connection, and for an answer."""
    retry_for: float = 120
    """Seconds in which a message is tried again before it goes to the dead letters."""


class Splunk(Http, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[splunk]`: HTTP Event Collector."""

    index: str = ""
    """"" for the token's own."""
    source: str = "anput"
    sourcetype: str = ""
    """"" for anput:alert, anput:late, anput:rejected, anput:suppressed."""
    batch: int = 100
    """Events of a request."""


class Lanes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[lanes]`: where each lane goes; "" for `lanes` inside the state directory."""

    late: str = ""
    rejected: str = ""
    suppressed: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings. Times in seconds where the name doesn't say otherwise."""

    input: tuple[str, ...] = ()
    """Files, folders, globs, `-` for standard input, kafka://HOST:PORT/TOPIC, eventhubs://NAMESPACE/HUB.

    Each is one source partition; a topic's partitions are one each.
    """
    follow: bool = False
    """Files may grow, be rotated, and others appear: inputs of files don't end."""
    format: str = "auto"
    tenant: str = "default"
    """Tenant of records that don't name one."""
    tenant_names: dict[str, str] = {}
    """What records name -> whose they are: vendors each have another name for one organization; `*`: all others."""
    state: str = "anput-state"
    """Directory of state and recovery."""
    alerts: str = "anput-alerts.db"
    """Alert store; "" for none."""
    alerts_jsonl: str = ""
    """File that each alert revision is appended to as one OCSF JSON line; "" for none."""
    alerts_kafka: str = ""
    """Topic that each alert revision is sent to, kafka://HOST:PORT/TOPIC or eventhubs://NAMESPACE/HUB; "" for none."""
    alerts_webhook: str | Secret = ""
    """URL that each alert revision is posted to; "" for none. It may itself be a secret."""
    alerts_splunk: str | Secret = ""
    """Splunk HTTP Event Collector, https://HOST:8088, that gets each alert revision; "" for none."""
    dead_letters: str = ""
    """File for what a webhook or Splunk wouldn't take; "" for `dead-letters.jsonl` inside `state`."""
    verdicts: tuple[str, ...] = ()
    """Files and topics with verdicts; none: `anput-verdicts.jsonl` beside the alert store, once there is one."""
    lanes: str | Lanes = ""
    """Where late, rejected and suppressed records go, all or each: a directory, or a destination's address.

    kafka://HOST:PORT/TOPIC, eventhubs://NAMESPACE/HUB, https://... (webhook), splunk-hec://HOST:8088.
    """
    key_groups: int = 128
    """Fixed when the state is initialised."""
    recovery_partitions: int = 4
    """Bytewax's; fixed when the state is initialised."""
    snapshot_interval: int = 10
    batch_size: int = 8000
    """Records that a source reads at once, at least one line; of what is there: nobody waits for more to come."""
    state_memory: int = 512
    """MiB of stored state that each process keeps decoded."""
    allowed_lateness_hours: float = 24
    future_tolerance: float = 300
    alignment_hours: float = 1
    """A file partition this far ahead of the slowest in its process waits; 0: none does."""
    idle_timeout: float = 60
    """Seconds of silence (wall clock) after which nobody waits for a live input's time."""
    hourly_cap: int = 2000
    """Activities of one user and hour that are kept in detail."""
    expire_days: float = 400
    """A user who was idle for so long is forgotten; 0: never."""
    seal_at_end: bool = True
    """Make everything final when all input has ended."""
    max_record_bytes: int = 1_048_576
    max_document_bytes: int = 268_435_456
    """Largest file or line that holds many records."""
    detections: dict[str, Tuning] = {}
    tenants: dict[str, Tenant] = {}
    """`[tenants.NAME]`: what differs for one."""
    hold_days: float = 14
    """Days of event time after which a value that a finding rests on is learnt, unless an analyst objects."""
    detections_folder: str = ""
    """Folder with files of detections of your own; "" for none."""
    suppressions: tuple[Suppression, ...] = ()
    min_alert_risk: float = 55
    """0 to 100: what is found of a user within a day is an alert from this risk on, taken together; else noted."""
    alert_budget: float = 0
    """Alerts per 1,000 users and week that a tenant is to have, about; 0: no limit. Critical ones always pass.

    In place of `min_alert_risk`, a controller then says which risk makes an alert: 20 or more.
    """
    kafka: Kafka = Kafka()
    enrichment: EnrichmentSettings = EnrichmentSettings()
    webhook: Http = Http()
    splunk: Splunk = Splunk()

    @property
    def limits(self) -> Limits:
        """Settings of event time."""
        return Limits(round(self.allowed_lateness_hours * HOUR), round(self.future_tolerance * 1000))

    def lane(self, name: str) -> str:
        """Where a lane goes, as it was given; "" for `lanes` inside the state directory."""
        found: str = self.lanes if isinstance(self.lanes, str) else getattr(self.lanes, name)
        return found

    def lane_folder(self, name: str) -> Path | None:
        """The directory of a lane's file; None where it goes elsewhere."""
        given = self.lane(name)
        if SCHEME.match(given):
            return None
        return Path(given) if given else Path(self.state) / "lanes"

    @property
    def dead_letters_file(self) -> Path:
        """Where what couldn't be delivered is."""
        return Path(self.dead_letters) if self.dead_letters else Path(self.state) / "dead-letters.jsonl"

    @property
    def verdict_inputs(self) -> tuple[str, ...]:
        """Where verdicts are read."""
        if self.verdicts:
            return self.verdicts
        beside = Path(self.alerts).parent / VERDICT_FILE
        return (str(beside),) if self.alerts and beside.exists() else ()


def load(environment: Mapping[str, str], options: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings.

    Args:
        environment: variables; `ANPUT_CONFIG` names the file to read instead of `anput.toml`.
        options: what the command line gave, by setting; None values are not given.

    Raises:
        SettingsError: something is wrong.
    """
    values: dict[str, Any] = {}
    file = environment.get("ANPUT_CONFIG", DEFAULT_FILE)
    if "ANPUT_CONFIG" in environment or Path(file).exists():
        values.update(_from_file(Path(file)))
    values.update(_from_environment(environment))
    values.update({name: value for name, value in (options or {}).items() if value is not None})
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        msg = f"settings ({file}, ANPUT_* variables, options): {error}"
        raise SettingsError(msg) from None
    _check(settings)
    return settings


def to_environment(settings: Settings) -> dict[str, str]:
    """Variables that make another process load the same settings, whatever its own files say."""
    return {"ANPUT_SETTINGS": msgspec.json.encode(settings).decode()}


def from_process() -> Settings:
    """The settings of this process, for `python -m bytewax.run flows.detect:flow`."""
    whole = os.environ.get("ANPUT_SETTINGS")
    return msgspec.json.decode(whole, type=Settings) if whole else load(os.environ)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        document = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        msg = f"{path}: expected a settings file: {error.strerror}; give another by --config or ANPUT_CONFIG"
        raise SettingsError(msg) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"{path}: expected TOML: {error}"
        raise SettingsError(msg) from None
    # A date written as TOML has it, e.g. `expires = 2026-12-31`, is the text that it is.
    return dict(msgspec.to_builtins(document))


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        text = environment.get(f"ANPUT_{field.name.upper()}")
        if text is None:
            continue
        values[field.name] = _ITEM.findall(text) if field.name in LISTS else text
    return values


def _check(settings: Settings) -> None:
    _ = settings.kafka.start_time
    checks = (
        ("format", settings.format in FORMATS, f"one of {', '.join(FORMATS)}"),
        ("key_groups", 1 <= settings.key_groups <= 65536, "1 to 65536"),  # noqa: PLR2004
        ("recovery_partitions", settings.recovery_partitions >= 1, "at least 1"),
        ("snapshot_interval", settings.snapshot_interval >= 1, "at least 1 second"),
        ("batch_size", settings.batch_size >= 1, "at least 1"),
        ("allowed_lateness_hours", 0 < settings.allowed_lateness_hours <= 24 * 31, "over 0, up to 744"),  # noqa: PLR2004
        ("alignment_hours", settings.alignment_hours >= 0, "0 or more"),
        ("idle_timeout", settings.idle_timeout > 0, "more than 0 seconds"),
        ("hourly_cap", settings.hourly_cap >= 1, "at least 1"),
        ("hold_days", settings.hold_days >= 0, "0 or more"),
        ("expire_days", settings.expire_days >= 0, "0 or more"),
        ("alert_budget", settings.alert_budget >= 0, "0 or more"),
        ("min_alert_risk", 0 <= settings.min_alert_risk <= 100, "0 to 100"),  # noqa: PLR2004
        ("state_memory", settings.state_memory >= 0, "0 or more MiB"),
        ("future_tolerance", settings.future_tolerance >= 0, "0 or more"),
        ("state", settings.state, "a directory"),
        ("kafka.group", settings.kafka.group, "a name"),
        ("kafka.connect_timeout", settings.kafka.connect_timeout > 0, "more than 0 seconds"),
        ("kafka.delivery_timeout", settings.kafka.delivery_timeout > 0, "more than 0 seconds"),
        ("webhook.timeout", settings.webhook.timeout > 0, "more than 0 seconds"),
        ("webhook.retry_for", settings.webhook.retry_for >= 0, "0 seconds or more"),
        ("splunk.timeout", settings.splunk.timeout > 0, "more than 0 seconds"),
        ("splunk.retry_for", settings.splunk.retry_for >= 0, "0 seconds or more"),
        ("splunk.batch", settings.splunk.batch >= 1, "at least 1"),
    )
    for name, holds, expected in checks:
        if not holds:
            msg = f"setting {name}: expected {expected}, found {attrgetter(name)(settings)!r}"
            raise SettingsError(msg)
    if set(settings.input) & set(settings.verdicts):
        msg = "setting verdicts: expected inputs that are not among input: a log can't be both"
        raise SettingsError(msg)
    if len(set(settings.input)) < len(settings.input):
        msg = f"setting input: expected each input once, found {', '.join(settings.input)}"
        raise SettingsError(msg)
