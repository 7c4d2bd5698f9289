"""Refusals of the state backend. Each names the file, what was expected, what was found, and what to do."""

from __future__ import annotations

from pathlib import Path

SAME_BACKUP = (
    "Restore the state directory whole, stores and recovery partitions from the same backup; "
    "to give the state up, start with an empty state directory."
)
UPGRADE = "Run the release that wrote it, or a newer one."


class StateError(Exception):
    """State that must not be used as it is. Starting empty instead would forget every user in silence.

    Args:
        file: The file, directory or document at fault.
        expected: What should have been there.
        found: What is there.
        remedy: What an operator does about it, as sentences.
    """

    def __init__(self, file: Path | str, expected: str, found: str, remedy: str) -> None:
        # All four go to `args`, so that the error survives pickling between processes.
        super().__init__(str(file), expected, found, remedy)
        self.file = str(file)
        self.expected = expected
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.file}: expected {self.expected}; found {self.found}. {self.remedy}"


class LockedError(StateError):
    """Another live process holds the state directory or a store in it."""


class NewerSchemaError(StateError):
    """Written by newer code than this."""


class StampError(StateError):
    """The stamp is damaged or missing, or describes another flow, other steps or another number of key groups."""


class PartitionsError(StateError):
    """Bytewax's recovery partitions are missing, damaged, too many or from different times."""


class DocumentError(StateError):
    """A stored document does not decode."""


class StoreMissingError(StateError):
    """The token names a generation, but there is no store."""


class StoreBehindError(StateError):
    """The store's newest generation is older than its token."""


class GenerationGoneError(StateError):
    """The token's generation has been collected."""


class ForeignStoreError(StateError):
    """The store or the token belongs to another cluster, step or key group."""


class DivergedStoreError(StateError):
    """The store has the token's generation with another content: it took another course since."""


class CorruptStoreError(StateError):
    """A store's files are damaged."""
