"""What names of things say of them."""

from __future__ import annotations

import pytest

from stateful.kinds import is_trial, is_whole


@pytest.mark.parametrize("name", ["staging", "/app/staging/web-1", "web-dev-2", "pr-17", "load-test-3", "eu_test_db"])
def test_not_in_production(name: str) -> None:
    assert is_trial(name)


@pytest.mark.parametrize("name", ["production", "contest", "developers", "latest", "attestation", "template", "prod"])
def test_perhaps_in_production(name: str) -> None:
    assert not is_trial(name)


def test_what_holds_many() -> None:
    assert is_whole("gcs_bucket")
    assert is_whole("AWS::S3::Bucket")
    assert not is_whole("file")
