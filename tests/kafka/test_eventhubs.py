from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.kafka.address import parse as address
from flows.kafka.eventhubs import ConnectionString, ConnectionStringError, parse, properties

KEY = "kEyKeYkEyKeYkEyKeYkEyKeYkEyKeYkEyKeYkEyKeY="
WHOLE = f"Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=read;SharedAccessKey={KEY};EntityPath=hub"


def test_a_connection_string_gives_the_kafka_endpoint_of_the_namespace() -> None:
    assert parse(WHOLE) == ConnectionString("ns.servicebus.windows.net", 9093, "hub", emulator=False)
    for namespace in ("ns", "NS", "ns.servicebus.windows.net"):
        found = properties(address(f"eventhubs://{namespace}/hub"), f"  {WHOLE}\n")
        assert found.items() >= {
            ("bootstrap.servers", "ns.servicebus.windows.net:9093"),
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.username", "$ConnectionString"),
            ("sasl.password", WHOLE),
        }


def test_the_emulators_has_no_tls() -> None:
    text = f"Endpoint=sb://localhost;SharedAccessKeyName=Root;SharedAccessKey={KEY};UseDevelopmentEmulator=true;"
    assert parse(text) == ConnectionString("localhost", 9092, "", emulator=True)
    assert properties(address("eventhubs://localhost/hub"), text)["security.protocol"] == "SASL_PLAINTEXT"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "Endpoint is missing"),
        (KEY, "its part 1 is none of Endpoint"),
        (WHOLE.replace("SharedAccessKey=", "SharedAccessKe="), "its part 3 is none of"),
        (WHOLE.replace(f";SharedAccessKey={KEY}", ""), "SharedAccessKey is missing"),
        (WHOLE.replace("SharedAccessKeyName=read;", ""), "SharedAccessKeyName is missing"),
        (WHOLE + f";SharedAccessKey={KEY}", "SharedAccessKey is there twice"),
        (WHOLE.replace("sb://", "https://"), "Endpoint is not of the form sb://"),
        (WHOLE.replace("sb://ns.servicebus.windows.net/", f"sb://a/{KEY}"), "Endpoint is not of the form sb://"),
    ],
)
def test_a_malformed_one_is_refused_without_its_key(text: str, expected: str) -> None:
    with pytest.raises(ConnectionStringError, match=expected) as caught:
        parse(text)
    assert KEY[:-1] not in str(caught.value)


@given(st.integers(0, len(WHOLE)), st.sampled_from(";=/: x"), st.booleans())
def test_however_it_is_damaged_its_key_is_not_told(place: int, char: str, replace: bool) -> None:
    damaged = WHOLE[:place] + char + WHOLE[place + replace :]
    try:
        properties(address("eventhubs://ns/hub"), damaged)
    except ConnectionStringError as error:
        pieces = KEY[:8], KEY[8:16], KEY[16:24], KEY[24:32], KEY[32:40]
        assert not any(piece in str(error).replace(damaged[:0], "") for piece in {*pieces})


@pytest.mark.parametrize("given_address", ["eventhubs://other/hub", "eventhubs://ns/other"])
def test_one_of_another_namespace_or_hub_is_refused(given_address: str) -> None:
    with pytest.raises(ConnectionStringError, match=f"in {given_address}, found one of"):
        properties(address(given_address), WHOLE)
