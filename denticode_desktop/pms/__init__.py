"""Adapters to practice-management systems: the only package that speaks HTTP (httpx, truststore)."""
