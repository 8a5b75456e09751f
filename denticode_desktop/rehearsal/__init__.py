"""Simulated PMSs on loopback, for the demo, for tests and for `denticode simulator`: nothing real is reachable."""
