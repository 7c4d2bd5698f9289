"""Brokers for the tests: Apache Kafka, or noida-db for what it can where Maven or Java is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from bench.broker import Broker, Kafka, Noida, fetch_jars, missing_tools, noida_program

STAND_IN = "ANPUT_TEST_STAND_IN"
"""Set it to try the tests on the stand-in."""


@pytest.fixture(scope="session")
def start_broker(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Broker]:
    """Starts a broker of the best kind that this machine has."""
    missing = STAND_IN if os.environ.get(STAND_IN) else missing_tools()
    if not missing:
        jars = fetch_jars()
        return lambda: Kafka(jars, tmp_path_factory.mktemp("kafka"))
    program = noida_program()
    if program is None:
        pytest.skip(f"Apache Kafka needs Java and Maven ({missing} is missing), and noida-db isn't installed")
    return lambda: Noida(program, tmp_path_factory.mktemp("noida"))


@pytest.fixture(scope="session")
def broker(start_broker: Callable[[], Broker]) -> Iterator[Broker]:
    """One that everything but rights, encryption and deleting can be tested on."""
    found = start_broker()
    yield found
    found.kill()


@pytest.fixture(scope="session")
def kafka(broker: Broker) -> Kafka:
    """Apache Kafka itself."""
    if not isinstance(broker, Kafka):
        pytest.skip("needs Apache Kafka: the stand-in can't do this")
    return broker


@pytest.fixture
def second_broker(start_broker: Callable[[], Broker]) -> Iterator[Broker]:
    """One for a test that kills it."""
    found = start_broker()
    yield found
    found.kill()
