from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.kafka.address import Address, AddressError, is_address, parse
from flows.settings import load


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kafka://a:9092/t", Address("kafka://a:9092/t", "t", "a:9092")),
        ("kafka://a.example:9092,10.0.0.1:19092/a-b.c_d", Address("", "a-b.c_d", "a.example:9092,10.0.0.1:19092")),
        ("kafka://[::1]:9092/t", Address("", "t", "[::1]:9092")),
        ("eventhubs://ns/hub", Address("", "hub", namespace="ns")),
        ("eventhubs://ns.servicebus.windows.net/hub", Address("", "hub", namespace="ns.servicebus.windows.net")),
    ],
)
def test_addresses(text: str, expected: Address) -> None:
    found = parse(text)
    assert (found.given, found.topic, found.servers, found.namespace) == (
        text,
        expected.topic,
        expected.servers,
        expected.namespace,
    )
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        *("kafka://a/t", "kafka://a:9092", "kafka://a:9092/", "kafka:///t", "kafka://a:9092,/t", "kafka://a:9092/t/u"),
        *("kafka://a:9092/..", "kafka://a:9092/a b", "kafka://a:x/t", "eventhubs://ns", "eventhubs:///hub", "a/b"),
        "kafka://a:9092/" + "t" * 250,
    ],
)
def test_what_is_no_address_is_refused_and_told_what_was_expected(text: str) -> None:
    with pytest.raises(AddressError, match="expected kafka://HOST:PORT|expected eventhubs://NAMESPACE/HUB"):
        parse(text)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(AddressError) as caught:
        parse("kafka://alice:hunter2@a:9092/t")
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=60))
def test_only_the_two_schemes_are_addresses(text: str) -> None:
    assert is_address(text) == (text[:8] == "kafka://" or text[:12] == "eventhubs://")


def test_the_variable_with_the_inputs_may_name_topics_among_files() -> None:
    text = "a.jsonl:kafka://h:9092,i:9093/t:b/c.jsonl:eventhubs://ns/hub"
    assert load({"ANPUT_INPUT": text}).input == (
        "a.jsonl",
        "kafka://h:9092,i:9093/t",
        "b/c.jsonl",
        "eventhubs://ns/hub",
    )
