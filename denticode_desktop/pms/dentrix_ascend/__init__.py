"""Dentrix Ascend: the adapter to Henry Schein One's public API. All vendor facts are in resources/pms."""
