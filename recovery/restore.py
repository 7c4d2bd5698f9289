"""Restore of a state directory from a backup: whole and proved, or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from recovery import manifest as manifests
from recovery.blob import Blob
from recovery.files import sync_directory
from recovery.manifest import OTHER_BACKUP, BackupError, Chunk, File, Manifest, digest
from recovery.state_copy import STATE, prove_state
from recovery.transfer import parallel, working_directory


def restore(
    blob: Blob, backup: str, state: Path, stores: Sequence[str], outputs: Mapping[str, Path]
) -> tuple[Manifest, list[Path]]:
    """Restore a backup to the directory `state`.

    Args:
        blob: Where from.
        backup: The backup's id.
        state: A directory that is empty or not there. When it is there, all else is.
        stores: Steps with key-group stores.
        outputs: Name in the backup -> where to put it, for files that aren't part of the state directory. Those
            without a place are left out.

    Returns:
        The backup's manifest, and the files restored outside `state`.

    Raises:
        BackupError: The backup, or an object of it, is missing or damaged; or something is in the way.
        LockedError: Another restore to the same directory is at work.
        StateError: What was restored can't be resumed from.
        BlobError: The storage fails.
    """
    state = state.absolute()
    _check_free(state)
    manifest = manifests.read(blob, backup)
    # Beside what they become, so that a rename does it.
    temporary = _beside(state)
    targets = _targets(manifest, state, temporary, outputs)
    outside = {target: _beside(target) for target in targets.values() if not target.is_relative_to(temporary)}
    for target in outside:
        if target.exists():
            remedy = "If it is the one that goes with the state, keep it and leave it out of the restore; else move it."
            raise BackupError(target, "no such file yet", "one", remedy)
    with ExitStack() as stack:
        stack.enter_context(working_directory(temporary, "restore to the same directory"))
        for fresh in outside.values():
            stack.callback(fresh.unlink, missing_ok=True)
        wanted = [(file, targets[file.name]) for file in manifest.files if file.name in targets]
        _download(blob, [(file, outside.get(target, target)) for file, target in wanted])
        prove_state(temporary, stores, manifest.epoch)
        for target, fresh in outside.items():
            fresh.rename(target)
            sync_directory(target.parent)
        temporary.rename(state)
        sync_directory(state.parent)
    return manifest, sorted(outside)


def _check_free(state: Path) -> None:
    if state.is_mount():
        remedy = "A mount point can't be put in place in one step: name a directory inside it."
        raise BackupError(state, "a directory that can be replaced", "a mount point", remedy)
    if state.exists() and not (state.is_dir() and not any(state.iterdir())):
        remedy = "Restore to another directory, or move this one away."
        raise BackupError(state, "no directory, or an empty one", "something in it", remedy)


def _targets(manifest: Manifest, state: Path, temporary: Path, outputs: Mapping[str, Path]) -> dict[str, Path]:
    """Where each file is to go; those of the state directory into the temporary one."""
    targets = {}
    for file in manifest.files:
        if file.name.startswith(STATE):
            targets[file.name] = temporary / file.name.removeprefix(STATE)
        elif file.name in outputs:
            target = outputs[file.name].absolute()
            targets[file.name] = temporary / target.relative_to(state) if target.is_relative_to(state) else target
    return targets


def _download(blob: Blob, files: Sequence[tuple[File, Path]]) -> None:
    """Download and verify files, durably."""
    pieces: list[tuple[Chunk, Path, int]] = []
    for file, target in files:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
        offset = 0
        for chunk in file.chunks:
            pieces.append((chunk, target, offset))
            offset += chunk.size
    parallel(lambda piece: _fetch(blob, *piece), pieces)
    # One for all: a state is thousands of small files, and each of its own would wait for the disk.
    os.sync()


def _fetch(blob: Blob, chunk: Chunk, target: Path, offset: int) -> None:
    data = blob.get(chunk.object)
    expected = f"{chunk.size} bytes with digest {chunk.digest}"
    if data is None:
        raise BackupError(blob.where(chunk.object), expected, "no such object", OTHER_BACKUP)
    if len(data) != chunk.size or digest(data) != chunk.digest:
        found = f"{len(data)} bytes with digest {digest(data)}"
        raise BackupError(blob.where(chunk.object), expected, found, OTHER_BACKUP)
    with target.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.restoring")
