"""Recovery: the versioned key-group store, its tokens, codec and stamp. Knows bytes and keys, not users."""
