"""Measures whether a sample costs more in a large fleet than in a small one."""

import os

from archive import ROOT
from processes import reported, say
from results import emit

SMALL, LARGE = 1_000, 70_000
# Reports of a site, one in five minutes: six hours.
ROUNDS = int(os.environ.get("BENCH_GROWTH_ROUNDS", "72"))
GOAL = 1.3
LIMIT_MB = 1_500


def measure(folder):
    """Processor time a sample at both sizes, and the peak memory at the larger one. The small fleet
    runs twice: for as long a history as the large one, and for as many samples. The longer history
    is rewritten more often; the ratio is to the cheaper of both."""
    os.makedirs(folder)
    large = _run(folder, LARGE, ROUNDS)
    same_history = _run(folder, SMALL, ROUNDS)
    same_samples = _run(folder, SMALL, ROUNDS * LARGE // SMALL)
    value, history, samples = (
        1e6 * run["cpu_s"] / run["samples"] for run in (large, same_history, same_samples))
    peer = min(history, samples)
    emit(
        "growth_cost_per_sample", value, "us CPU/sample", f"sitewatt at {SMALL} sites", peer,
        value / peer, value / peer <= GOAL, goal=GOAL, sites=LARGE, series=20 * LARGE,
        samples=int(large["samples"]), same_history=round(history, 4),
        same_samples=round(samples, 4), interval_s=300, hours=ROUNDS / 12)
    peak_mb = large["peak_rss_bytes"] / 1e6
    emit(
        "growth_peak_rss", peak_mb, "MB", "limit", LIMIT_MB, peak_mb / LIMIT_MB,
        peak_mb < LIMIT_MB, sites=LARGE, series=20 * LARGE, samples=int(large["samples"]))


def _run(folder, sites, rounds):
    say(f"growth: {sites} sites, {rounds} reports each")
    path = os.path.join(folder, f"growth-{sites}.db")
    result = reported(f"benchmarks growth of {sites}", [
        os.environ["BENCHMARKS_BIN"], "growth", "--database", path, "--sites", str(sites),
        "--rounds", str(rounds), "--profile", os.path.join(ROOT, "devices", "generic-json.yaml"),
    ], folder)
    os.remove(path)
    return result
