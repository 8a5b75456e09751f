"""Use cases, a verb a module; they reach the outside only through ports."""
