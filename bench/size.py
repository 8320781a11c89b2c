"""Measures bytes a sample on disk: the whole database file beside the folders of its peers."""

import os
import shutil
import sqlite3

import dataset
from archive import Archive
from peers import PlainTable, prometheus_bytes
from processes import BenchError, say
from results import emit
from victoria import Victoria, package_version, version

FLEET_DEVICES = 10
FLEET_MINUTES = 14 * 1_440
GOAL = 1.0


def measure(folder):
    """The simulated fleet, and the file that BENCH_CSV names."""
    data = dataset.fleet(os.path.join(folder, "fleet"), "fleet", FLEET_DEVICES, FLEET_MINUTES)
    _measure("size_fleet", os.path.join(folder, "fleet"), data)
    path = os.environ.get("BENCH_CSV")
    if path:
        top = os.path.join(folder, "own")
        _measure("size_own", top, dataset.own(top, path))


def _measure(name, folder, data):
    say(f"size: {data.name}")
    wanted = data.totals()
    samples = sum(count for count, _ in wanted.values())
    own, bare = _own(folder, data, wanted)
    say("size: victoria-metrics")
    parts, whole = _victoria(os.path.join(folder, "victoria"), data, wanted)
    shared = {
        "samples": samples, "data": data.name, "bytes": own,
        "without_rollups": round(bare / samples, 4),
    }
    _emit(f"{name}_vs_victoria_metrics", own / samples, version(), parts / samples, GOAL, {
        **shared, "peer_bytes": parts, "peer_whole_folder": round(whole / samples, 4),
        "ratio_to_whole_folder": round(own / whole, 3),
        "peer_settings": "force_merge, ended; data + indexdb"})
    say("size: prometheus")
    size, count = prometheus_bytes(os.path.join(folder, "prometheus"), data)
    _emit(
        f"{name}_vs_prometheus", own / samples,
        "prometheus " + package_version("prometheus"), size / count, None, {
            **shared, "peer_samples": count,
            "peer_settings": "promtool create-blocks-from openmetrics, first day, 2 h blocks"})
    say("size: sqlite3")
    table = PlainTable(os.path.join(folder, "plain.db"))
    count, _ = table.insert(data)
    _emit(
        f"{name}_vs_sqlite", own / samples, "sqlite3 " + sqlite3.sqlite_version,
        os.path.getsize(table.path) / count, None, {
            **shared, "peer_settings": "plain table, primary key (device, metric, time)"})
    shutil.rmtree(folder)


def _own(folder, data, wanted):
    """Bytes of the database with the default configuration, and of it without roll-ups."""
    archive = Archive(os.path.join(folder, "sitewatt"))
    archive.load(data)
    if archive.totals() != wanted:
        raise BenchError("sitewatt holds other samples than the file")
    return archive.size(), archive.size() - archive.table_bytes("rollup")


def _victoria(folder, data, wanted):
    """Bytes of data and index, and of the whole folder."""
    server = Victoria(folder)
    server.load(data)
    server.flush()
    server.merge()
    if server.totals() != wanted:
        raise BenchError("victoria-metrics holds other samples than the file")
    server.stop()
    return server.sizes()


def _emit(name, value, peer, peer_value, goal, conditions):
    ratio = value / peer_value
    emit(
        name, value, "bytes/sample", peer, peer_value, ratio, goal and ratio <= goal, goal=goal,
        **conditions)
