"""Sources: where records come from. Each partition is an ordered log with a position that a snapshot keeps."""
