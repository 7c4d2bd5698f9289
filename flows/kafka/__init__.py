"""Kafka and Event Hubs: addresses, secrets, connections. What reads and writes is in `flows.sources`, `flows.sinks`."""
