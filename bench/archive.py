"""A SiteWatt database without a collector: historic readings in, compaction, export."""

import os
import sqlite3
import subprocess
from contextlib import closing

from processes import BenchError, Program

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))


class Archive:
    """One database with an otherwise untouched configuration."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.database = os.path.join(folder, "sitewatt.db")
        self.configuration = os.path.join(folder, "sitewatt.yaml")
        self._log = os.path.join(folder, "sitewatt.log")
        with open(self.configuration, "w", encoding="utf-8") as file:
            file.write(f"""node: bench
database: {self.database}
mqtt:
  brokers: [mqtt://127.0.0.1:1883]
profiles: [{ROOT}/devices]
""")

    def load(self, dataset):
        """Imports a dataset, takes everything into chunks and copies the write-ahead log into the
        file; returns the seconds of the import."""
        layout = (["--device-column", "device", "--metric-column", "metric",
                   "--value-column", "value"] if dataset.is_long
                  else ["--device-column", "device"])
        elapsed_s = self._command("import", [
            "import", "--config", self.configuration, "--readings", dataset.path,
            "--time-column", "time", "--time-format", "epoch_ms", *layout])
        Program("benchmarks compact", [
            os.environ["BENCHMARKS_BIN"], "compact", "--database", self.database],
            self._log).wait()
        log = self.database + "-wal"
        if os.path.exists(log) and os.path.getsize(log) > 0:
            raise BenchError("the write-ahead log is not empty after the checkpoint")
        return elapsed_s

    def size(self):
        """Bytes of the whole database file."""
        return os.path.getsize(self.database)

    def table_bytes(self, beginning):
        """Bytes of the pages of all tables and indexes whose names begin so."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")
            return sum(size for name, size in rows if name.startswith(beginning))

    def totals(self):
        """Count and sum of the values of each metric, as `dataset.Dataset.totals` counts them."""
        totals = {}
        command = [os.environ["SITEWATT_BIN"], "export", "--config", self.configuration]
        with open(self._log, "ab") as log, subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True) as export:
            next(export.stdout)
            for line in export.stdout:
                _, _, metric, value, _ = line.split(",", 4)
                count, total = totals.get(metric, (0, 0))
                totals[metric] = (count + 1, total + round(float(value) * 1_000))
        if export.returncode != 0:
            raise BenchError(f"sitewatt export ended with {export.returncode}")
        return totals

    def query(self, *arguments):
        """The command line of a query or an export."""
        command, *rest = arguments
        return [os.environ["SITEWATT_BIN"], command, "--config", self.configuration, *rest]

    def _command(self, name, arguments):
        return Program(
            f"sitewatt {name}", [os.environ["SITEWATT_BIN"], *arguments], self._log).wait()
