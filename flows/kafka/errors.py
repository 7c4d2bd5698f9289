"""What goes wrong with brokers. What is wrong with the settings is a `ValueError`, with the input an `InputError`."""

from __future__ import annotations


class BrokerError(Exception):
    """A broker can't be reached, or doesn't do what it is asked; trying again later may help."""
