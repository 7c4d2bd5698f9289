"""Exit codes of the commands. README lists them."""

from __future__ import annotations

OK = 0
FAILED = 1
"""Something broke: the message or trace says what."""
USAGE = 2
"""An option, a setting or an input is wrong or missing."""
STATE = 3
"""The state, or a file that belongs to it, can't be used: nothing was changed."""
SIGNALLED = 128
"""Plus the signal's number: stopped on request, all that was read is saved."""
