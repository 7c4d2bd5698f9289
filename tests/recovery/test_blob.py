"""The same laws for a folder, S3 and Azure."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from recovery.blob import Blob, BlobError, UrlError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.recovery.conftest import Storage


def test_objects_are_put_listed_read_and_deleted(storage: Storage) -> None:
    blob = Blob(storage.url("laws"), create=True)
    assert blob.entries("a/") == []
    data = os.urandom(1000)
    blob.put("a/b/one", data)
    blob.put("a/two", b"")
    blob.put("ab/three", b"3")
    assert [(entry.name, entry.size) for entry in blob.entries("a/")] == [("a/b/one", 1000), ("a/two", 0)]
    assert (blob.get("a/b/one"), blob.get("a/two"), blob.get("a/none")) == (data, b"", None)
    blob.put("a/two", b"again")
    assert blob.get("a/two") == b"again"
    blob.delete(["a/b/one", "a/none", "a/two"])
    assert blob.entries("a/") == []
    assert blob.get("ab/three") == b"3"


def test_of_many_that_create_at_once_one_does(storage: Storage) -> None:
    blob = Blob(storage.url("create"), create=True)
    with ThreadPoolExecutor(6) as pool:
        created = list(pool.map(lambda n: blob.create("name", b"%d" % n), range(6)))
    assert created.count(True) == 1
    assert blob.get("name") == b"%d" % created.index(True)


def test_errors_name_the_object_and_no_secret(azure: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in azure.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_KEY")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", "sv=2021-12-02&sr=c&sp=rw&sig=nobody-may-see-this")
    with pytest.raises(BlobError, match="az://backups/sas/name: .*403") as refusal:
        Blob(azure.url("sas")).put("name", b"")
    assert "nobody" not in str(refusal.value)
    assert refusal.value.__suppress_context__
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    ["", "s3://", "s3://user:secret@bucket/a", "az://c/a?sig=secret", "https://host/secret?x=secret", "file://host/a"],
)
def test_other_urls_are_refused_without_repeating_secrets(url: str) -> None:
    with pytest.raises(UrlError, match=r"expected a folder.*credentials in the environment") as refusal:
        Blob(url)
    assert "=secret" not in str(refusal.value)
    assert ":secret" not in str(refusal.value)


def test_a_missing_folder_is_refused_unless_it_may_be_made(tmp_path: Path) -> None:
    with pytest.raises(BlobError, match=str(tmp_path / "none")):
        Blob(str(tmp_path / "none"))
    Blob((tmp_path / "made" / "here").as_uri(), create=True).put("a", b"1")
    assert (tmp_path / "made" / "here" / "a").read_bytes() == b"1"
