"""Back-off as a pure function of the attempt number and a random number."""

BASE_S = 2.0
CEILING_S = 300.0


def back_off_s(n: int, random_unit: float) -> float:
    """uniform(0, min(5 min, 2 s * 2^n)); `n` counts from 0, `random_unit` is in [0, 1)."""
    return random_unit * min(CEILING_S, BASE_S * float(2 ** min(n, 20)))
