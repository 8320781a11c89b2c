"""Measures how fast decoded samples become durable and compact, each contender on one core."""

import os
import sqlite3
import statistics
import subprocess

import dataset
from peers import PlainTable
from processes import BenchError, Program, reported, say
from results import emit
from victoria import Victoria, version

# Long enough that chunks grow to their full size, with all the rewriting on the way.
DEVICES = 128
MINUTES = 3_300
SAMPLES = DEVICES * MINUTES * 20
# Many devices and a short history, as an extra.
SHORT = {"devices": 1_000, "minutes": 200}
# A plain table is slow, and slower the larger it is: it gets the first samples only.
PLAIN_ROWS = 2_000_000
ROUNDS = 3
GOAL = 1_000_000
# Both send whole stretches of a series, the kindest case for the peer.
ENDPOINTS = {"native": "/api/v1/export/native", "JSON": "/api/v1/export"}


def measure(folder):
    """The same samples through each contender, in turn."""
    os.makedirs(folder)
    data = dataset.fleet(folder, "fleet", DEVICES, MINUTES)
    exports = _exports(folder, data)
    rates, last = {}, {}
    for number in range(ROUNDS):
        top = os.path.join(folder, str(number))
        os.makedirs(top)
        last = _own(top, DEVICES, MINUTES)
        rates.setdefault("sitewatt", []).append(SAMPLES / last["wall_s"])
        for name, path in exports.items():
            rates.setdefault(name, []).append(SAMPLES / _victoria(top, name, path))
    short = _own(folder, **SHORT)
    say("write: sqlite3")
    count, elapsed_s = PlainTable(os.path.join(folder, "plain.db")).insert(data, PLAIN_ROWS)
    own = statistics.median(rates["sitewatt"])
    peer = max(ENDPOINTS, key=lambda name: statistics.median(rates[name]))
    shared = {
        "samples": SAMPLES, "devices": DEVICES, "rounds": ROUNDS, "synchronous": "full",
        "commit_samples": 100_000, "cpu_rate": round(SAMPLES / last["cpu_s"]), "goal": GOAL,
        "short_history": round(short["samples"] / short["wall_s"]),
    }
    _emit("write_vs_victoria_metrics", own, version(), statistics.median(rates[peer]), {
        **shared, "peer_settings": f"{peer} import, GOMAXPROCS=1, then force_flush; no fsync "
        "before the answer"})
    _emit("write_vs_sqlite", own, "sqlite3 " + sqlite3.sqlite_version, count / elapsed_s, {
        **shared, "peer_samples": count,
        "peer_settings": "plain table, primary key (device, metric, time), from Python, "
        "synchronous=FULL, 100 000 rows a commit"})


def _emit(name, value, peer, peer_value, conditions):
    emit(
        name, value, "samples/s", peer, peer_value, value / peer_value, value >= GOAL, **conditions)


def _own(folder, devices, minutes):
    """What `benchmarks write` says: readings through commit and compaction into chunks."""
    say("write: sitewatt")
    result = reported("benchmarks write", [
        os.environ["BENCHMARKS_BIN"], "write", "--database", os.path.join(folder, "write.db"),
        "--devices", str(devices), "--minutes", str(minutes)], folder)
    if result["samples"] != devices * minutes * 20:
        raise BenchError(f"stored {result['samples']} of {devices * minutes * 20} samples")
    return result


def _exports(folder, data):
    """Files in the formats that VictoriaMetrics takes fastest, made by itself."""
    say("write: preparing the imports of victoria-metrics")
    server = Victoria(os.path.join(folder, "source"))
    server.load(data)
    server.flush()
    paths = {}
    for name, endpoint in ENDPOINTS.items():
        paths[name] = os.path.join(folder, f"export-{name}")
        url = server.url(endpoint, **{"match[]": '{__name__!=""}'})
        subprocess.run(["curl", "-sf", "-o", paths[name], url], check=True)
    server.stop()
    return paths


def _victoria(folder, name, path):
    """Seconds of an import into an empty server, until it is on disk."""
    say(f"write: victoria-metrics, {name}")
    server = Victoria(os.path.join(folder, f"victoria-{name}"), cores=1)
    elapsed_s = server.restore(path, ENDPOINTS[name].replace("export", "import"))
    count = sum(count for count, _ in server.totals().values())
    server.stop()
    if count != SAMPLES:
        raise BenchError(f"victoria-metrics stored {count} samples, expected {SAMPLES}")
    return elapsed_s
