"""How a delivery fails."""

from __future__ import annotations


class Unavailable(Exception):  # noqa: N818  said of the receiver
    """The receiver can't be reached, or can't take messages now: trying again may help.

    Attributes:
        after: seconds that the receiver asks to be left alone for; 0 where it doesn't say.
    """

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class Refused(Exception):  # noqa: N818
    """The receiver won't take what was sent, however often.

    Attributes:
        perhaps_one: of several messages one may be the reason, so that the others are worth sending alone.
    """

    def __init__(self, reason: str, *, perhaps_one: bool = False) -> None:
        super().__init__(reason)
        self.perhaps_one = perhaps_one


class DeliveryError(Exception):
    """Neither could a message be delivered nor set aside; the message says why. The run ends, and nothing is lost."""
