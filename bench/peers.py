"""Other ways to keep the same samples on disk: Prometheus blocks and a plain SQLite table."""

import itertools
import os
import shutil
import sqlite3
import time
from contextlib import closing

from processes import BenchError, Program
from victoria import folder_bytes

COMMIT_ROWS = 100_000
DAY_MS = 86_400_000


def prometheus_bytes(folder, dataset):
    """Bytes and samples of the blocks that promtool makes of the dataset's first day. Not of all:
    promtool reads its input once for every two hours of data."""
    if not shutil.which("promtool"):
        raise BenchError("promtool is not installed; scripts/setup.sh bench installs it")
    os.makedirs(folder)
    text, blocks = os.path.join(folder, "day.txt"), os.path.join(folder, "blocks")
    series, end_ms = {}, None
    for device, metric, time_ms, value in dataset.samples():
        moment = int(time_ms)
        end_ms = end_ms or moment + DAY_MS
        if moment < end_ms:
            key = metric.replace(".", "_") + '{device="' + device + '"}'
            series.setdefault(key, []).append((moment, value))
    with open(text, "w", encoding="utf-8") as file:
        for key, samples in series.items():
            for moment, value in samples:
                file.write(f"{key} {value} {moment / 1_000:.3f}\n")
        file.write("# EOF\n")
    Program("promtool", [
        "promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", text, blocks],
        os.path.join(folder, "promtool.log")).wait()
    return folder_bytes(blocks), sum(len(samples) for samples in series.values())


class PlainTable:
    """One row a sample, with the primary key that finds a series; the usual way."""

    def __init__(self, path):
        self.path = path
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(
                "CREATE TABLE reading (device TEXT, metric TEXT, time_ms INTEGER, value REAL,"
                " PRIMARY KEY (device, metric, time_ms)) WITHOUT ROWID")

    def insert(self, dataset, limit=None):
        """Stores all samples, or the first ones, a commit every 100 000 rows with
        synchronous=FULL; returns the samples and the seconds that the database took."""
        elapsed_s, count, rows = 0.0, 0, []
        with closing(sqlite3.connect(self.path)) as database:
            database.execute("PRAGMA synchronous = FULL")

            def commit():
                begin_s = time.monotonic()
                database.executemany("INSERT INTO reading VALUES (?, ?, ?, ?)", rows)
                database.commit()
                return time.monotonic() - begin_s

            for device, metric, time_ms, value in itertools.islice(dataset.samples(), limit):
                rows.append((device, metric, int(time_ms), float(value)))
                if len(rows) == COMMIT_ROWS:
                    elapsed_s += commit()
                    count += len(rows)
                    rows.clear()
            elapsed_s += commit()
            count += len(rows)
            begin_s = time.monotonic()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            elapsed_s += time.monotonic() - begin_s
        return count, elapsed_s
