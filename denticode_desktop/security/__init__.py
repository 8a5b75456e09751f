"""Keys and secrets: the OS credential store, owner-only files, the recovery key, passwords."""
