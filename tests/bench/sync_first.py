"""First sync, the same again, and 1 % changed: the product beside two hand-tuned limits, in interleaved rounds.

`python -m tests.bench.sync_first [--patients 100000] [--page-ms 0,30] [--rounds 3] [--growth]`

Only the ratios of one run count. `limit` writes the product's own tables by hand, `lean` the plain reference of
performance.md without search keys (sync_limit.py). Prints a table and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.sync_server import SimulatorProcess

WHO = ("lean", "limit", "ours")
MODES = ("first", "again", "changed")
CHANGED_SHARE = 0.01
Figures = dict[str, dict[str, list[dict[str, Any]]]]


def run_contestant(who: str, mode: str, base_url: str, path: Path) -> dict[str, Any]:
    """One process, one sync."""
    command = [sys.executable, "-m", "tests.bench.sync_contestant", who, mode, base_url, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{who} {mode} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def measure(patients: int, page_ms: float, rounds: int) -> Figures:
    """Everybody, in turn, so that a busy moment of the machine meets all of them."""
    figures: Figures = {who: {mode: [] for mode in MODES} for who in WHO}
    with SimulatorProcess(patients) as simulator, tempfile.TemporaryDirectory() as folder:
        simulator.set_page_delay(page_ms)
        for number in range(rounds):
            paths = {who: Path(folder) / f"{who}{number}.db" for who in WHO}
            for mode in MODES:
                if mode == "changed":
                    simulator.touch(CHANGED_SHARE)
                for who in WHO:
                    figures[who][mode].append(run_contestant(who, mode, simulator.base_url, paths[who]))
            for path in paths.values():
                path.unlink()
    return figures


def median(figures: Figures, who: str, mode: str, field: str = "s") -> float:
    """Of all rounds."""
    return statistics.median(float(result[field]) for result in figures[who][mode])


def summary(figures: Figures, patients: int, page_ms: float) -> dict[str, Any]:
    """Medians and ratios of one setting."""
    seconds = {who: {mode: round(median(figures, who, mode), 3) for mode in MODES} for who in WHO}
    ratios = {
        f"{mode}_to_{other}": round(median(figures, "ours", mode) / median(figures, other, mode), 2)
        for mode in MODES for other in ("limit", "lean")
    }  # fmt: skip
    cpu_ratios = {
        mode: round(median(figures, "ours", mode, "cpu_s") / median(figures, "limit", mode, "cpu_s"), 2)
        for mode in MODES
    }  # fmt: skip
    return {
        "patients": patients, "page_ms": page_ms, "rounds": len(figures["ours"]["first"]), "seconds": seconds,
        "ratios": ratios, "cpu_ratios_to_limit": cpu_ratios,
        "peak_mb": round(max(r["peak_mb"] for r in figures["ours"]["first"]), 1),
        "first_rows_searchable_s": round(median(figures, "ours", "first", "searchable_s"), 3),
    }  # fmt: skip


def print_table(result: dict[str, Any]) -> None:
    """For people."""
    print(f"\n{result['patients']:,} patients, {result['page_ms']:g} ms a page, {result['rounds']} rounds (medians, s)")
    print(f"{'':10}" + "".join(f"{mode:>12}" for mode in MODES))
    for who in WHO:
        print(f"{who:10}" + "".join(f"{result['seconds'][who][mode]:12.2f}" for mode in MODES))
    for other in ("limit", "lean"):
        print(f"{'/ ' + other:10}" + "".join(f"{result['ratios'][f'{mode}_to_{other}']:12.2f}" for mode in MODES))
    print(f"{'CPU / limit':11}" + "".join(f"{result['cpu_ratios_to_limit'][mode]:11.2f} " for mode in MODES))
    print(f"peak above start {result['peak_mb']} MB, first rows searchable after {result['first_rows_searchable_s']} s")


def main() -> None:
    """Every setting that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--page-ms", default="0,30")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--growth", action="store_true", help="also a tenth of the patients, for the growth")
    args = parser.parse_args()
    results = []
    for page_ms in map(float, args.page_ms.split(",")):
        results.append(summary(measure(args.patients, page_ms, args.rounds), args.patients, page_ms))
        print_table(results[-1])
    told: dict[str, Any] = {"bench": "sync_first", "results": results}
    if args.growth:
        small = summary(measure(args.patients // 10, 0.0, args.rounds), args.patients // 10, 0.0)
        print_table(small)
        growth = results[0]["seconds"]["ours"]["first"] / small["seconds"]["ours"]["first"] / 10
        told |= {"small": small, "growth_to_linear": round(growth, 2)}
        print(f"growth from {args.patients // 10:,} to {args.patients:,}: {growth:.2f} x linear")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
