"""Event time: watermarks, lateness, and the open 24 hours of a key."""
