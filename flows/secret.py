"""Secrets: read from a variable or a file when they are used, never written into settings, logs or messages."""

from __future__ import annotations

import os
from pathlib import Path

from flows.settings import Secret, SettingsError


def resolve(secret: Secret, where: str) -> str:
    """A secret's value, from its variable or file, without the end of the line.

    Raises:
        SettingsError: there is none. Nothing of a value is in the message.
    """
    if bool(secret.env) == bool(secret.file):
        msg = f'{where}: expected {{ env = "VARIABLE" }} or {{ file = "PATH" }}, found both or neither'
        raise SettingsError(msg)
    if secret.env:
        value, what = os.environ.get(secret.env, ""), f"variable {secret.env}"
    else:
        what = f"file {secret.file}"
        try:
            value = Path(secret.file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            msg = f"{where}: expected a secret in {what}: {reason}"
            raise SettingsError(msg) from None
    if not value:
        msg = f"{where}: expected a secret in {what}, found it unset or empty"
        raise SettingsError(msg)
    return value
