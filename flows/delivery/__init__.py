"""Delivery to other programs over HTTP: an outbox that neither loses a message nor holds up the flow."""
