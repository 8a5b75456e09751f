"""The `denticode` command line: a module a command group; no rule of its own, only services."""
