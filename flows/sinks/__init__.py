"""How alerts and lanes leave the flow: OCSF mapping, the alert store, JSON lines."""
