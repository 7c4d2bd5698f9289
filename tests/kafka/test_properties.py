from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from flows.kafka import properties
from flows.kafka.address import parse
from flows.settings import Kafka, Secret, Settings, SettingsError, from_process, load, to_environment

ADDRESS = parse("kafka://a:9092/t")
HUB = parse("eventhubs://ns/hub")


def kafka(toml: str) -> Kafka:
    return msgspec.convert(msgspec.toml.decode(toml), Kafka)


def test_properties_are_passed_through_and_ours_laid_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TEST_PASSWORD", "s3cret")
    (tmp_path / "key").write_text("k3y\n")
    settings = kafka(
        f"""
        group = "soc"
        [properties]
        "security.protocol" = "SASL_SSL"
        "socket.keepalive.enable" = true
        "fetch.wait.max.ms" = 100
        "sasl.password" = {{ env = "TEST_PASSWORD" }}
        "ssl.key.password" = {{ file = "{tmp_path / "key"}" }}
        [sink_properties]
        "compression.type" = "zstd"
        """
    )
    for made in (properties.consumer(settings, ADDRESS), properties.producer(settings, ADDRESS)):
        assert made.items() >= {
            ("bootstrap.servers", "a:9092"),
            ("security.protocol", "SASL_SSL"),
            ("socket.keepalive.enable", "true"),
            ("fetch.wait.max.ms", "100"),
            ("sasl.password", "s3cret"),
            ("ssl.key.password", "k3y"),
        }
    reading, writing = properties.consumer(settings, ADDRESS), properties.producer(settings, ADDRESS)
    assert (reading["group.id"], reading["auto.offset.reset"], reading["enable.auto.commit"]) == (
        "soc",
        "error",
        "false",
    )
    assert (writing["enable.idempotence"], writing["acks"], writing["compression.type"]) == ("true", "all", "zstd")
    assert "compression.type" not in reading


def test_secrets_never_leave_the_variable_or_file_by_way_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PASSWORD", "s3cret")
    settings = Settings(kafka=kafka('properties = { "sasl.password" = { env = "TEST_PASSWORD" } }'))
    handed_on = to_environment(settings)
    assert "s3cret" not in str(handed_on) + repr(settings)
    monkeypatch.setenv("ANPUT_SETTINGS", handed_on["ANPUT_SETTINGS"])
    assert from_process() == settings


@pytest.mark.parametrize("name", sorted(properties.SECRETS))
def test_a_secret_written_out_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(SettingsError, match=f'kafka.properties."{name}": expected .* env') as caught:
        properties.consumer(Kafka(properties={name: "hunter2"}), ADDRESS)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(properties.OURS))
def test_a_property_that_would_lose_something_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f'"{name}": expected a property that can be passed through'):
        properties.producer(Kafka(sink_properties={name: "x"}), ADDRESS)


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (Secret(env="TEST_UNSET"), "variable TEST_UNSET, found it unset or empty"),
        (Secret(file="/nonexistent/x"), "file /nonexistent/x: No such file"),
        (Secret(), "both or neither"),
        (Secret(env="A", file="b"), "both or neither"),
    ],
)
def test_a_missing_secret_is_named(secret: Secret, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        properties.consumer(Kafka(properties={"sasl.password": secret}), ADDRESS)


def test_an_event_hub_needs_a_connection_string(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="kafka.eventhubs_connection_string: expected .* for eventhubs://ns/hub"):
        properties.consumer(Kafka(), HUB)
    monkeypatch.setenv("TEST_STRING", "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKey=hunter2")
    settings = Kafka(eventhubs_connection_string=Secret(env="TEST_STRING"))
    with pytest.raises(SettingsError, match="eventhubs_connection_string: .* SharedAccessKeyName is missing") as caught:
        properties.consumer(settings, HUB)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "toml",
    [
        'start = "yesterday"',
        "connect_timeout = 0",
        "delivery_timeout = -1",
        'group = ""',
        'on_expired_offset = "x"',
        "x = 1",
    ],
)
def test_wrong_settings_are_refused(toml: str, tmp_path: Path) -> None:
    file = tmp_path / "anput.toml"
    file.write_text(f"[kafka]\n{toml}\n")
    with pytest.raises(SettingsError, match=r"kafka"):
        load({"ANPUT_CONFIG": str(file)})
