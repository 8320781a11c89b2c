"""A private VictoriaMetrics on a free port of the loopback interface, as a peer."""

import http.client
import json
import os
import re
import shutil
import subprocess
import time
import urllib.parse

from dataset import add
from processes import BenchError, PATIENCE_S, Program, free_port

# What differs from an untouched one, and why: samples older than a month would be dropped, and the
# end would wait for new connections.
FLAGS = ["-retentionPeriod=100y", "-loggerLevel=WARN", "-http.shutdownDelay=0s"]


def version():
    """Its version, as Debian's package says it."""
    return "victoria-metrics " + package_version("victoria-metrics")


def package_version(package):
    """The version of an installed Debian package."""
    found = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True,
        check=False)
    return found.stdout or "of unknown version"


class Victoria:
    """One server with its data folder; `cores` limits its Go threads."""

    def __init__(self, folder, cores=None):
        if not shutil.which("victoria-metrics"):
            raise BenchError(
                "victoria-metrics is not installed; scripts/setup.sh bench installs it")
        os.makedirs(folder, exist_ok=True)
        self.data = os.path.join(folder, "victoria-data")
        self._log = os.path.join(folder, "victoria.log")
        self._cores = cores
        self._program = None
        self._port = 0
        self.start()

    def start(self):
        """Starts it on its data folder."""
        self._port = free_port()
        environment = dict(os.environ)
        if self._cores:
            environment["GOMAXPROCS"] = str(self._cores)
        self._program = Program("victoria-metrics", [
            "victoria-metrics", f"-httpListenAddr=127.0.0.1:{self._port}",
            f"-storageDataPath={self.data}", *FLAGS], self._log, environment=environment)
        while True:
            try:
                if self._answer("GET", "/health")[0] == 200:
                    return
            except OSError:
                pass
            if self._program.has_ended():
                raise self._program.failure("ended at once")
            time.sleep(0.01)

    def stop(self):
        """Ends it in order, so that everything is on disk."""
        self._program.stop()

    def url(self, path, **parameters):
        """The address of a request."""
        query = "?" + urllib.parse.urlencode(parameters, doseq=True) if parameters else ""
        return f"http://127.0.0.1:{self._port}{path}{query}"

    def load(self, dataset):
        """Imports a dataset over HTTP; it is visible after ``flush``."""
        if dataset.is_long:
            body = (
                f'{metric}{{device="{device}"}} {value} {time_ms}\n'.encode()
                for device, metric, time_ms, value in dataset.samples())
            self._send("/api/v1/import/prometheus", body)
            return
        with open(dataset.path, "rb") as file:
            file.readline()
            self._send("/api/v1/import/csv", file, format=",".join(dataset.victoria_columns()))

    def restore(self, path, endpoint):
        """Imports what an export endpoint gave; returns the seconds until it is on disk."""
        begin_s = time.monotonic()
        with open(path, "rb") as file:
            self._send(endpoint, file)
        self.flush()
        return time.monotonic() - begin_s

    def _send(self, path, body, **parameters):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        code, text = self._answer("POST", path + query, body)
        if code not in (200, 204):
            raise BenchError(f"victoria-metrics answered {code} to {path}: {text[:500]}")

    def flush(self):
        """Makes everything that was sent visible to queries and durable."""
        self._get("/internal/force_flush")

    def merge(self):
        """Merges all parts into one a month, and waits until that is done."""
        self._get("/internal/force_merge")
        begin = time.monotonic()
        while True:
            metrics = self._get("/metrics")
            active = re.findall(r'^vm_active(?:_force)?_merges\{[^}]*\} (\d+)$', metrics, re.M)
            active += re.findall(r"^vm_active_force_merges (\d+)$", metrics, re.M)
            if not any(int(count) for count in active) and time.monotonic() - begin > 1:
                return
            if time.monotonic() - begin > PATIENCE_S:
                raise self._program.failure("does not end its merges")
            time.sleep(0.1)

    def totals(self):
        """Count and sum of the values of each metric, as `dataset.Dataset.totals` counts them."""
        totals = {}
        match = urllib.parse.urlencode({"match[]": '{__name__!=""}'})
        connection = self._connect()
        connection.request("GET", "/api/v1/export?" + match)
        for line in connection.getresponse():
            series = json.loads(line)
            values = series["values"]
            add(
                totals, series["metric"]["__name__"], len(values),
                sum(round(value * 1_000) for value in values))
        connection.close()
        return totals

    def sizes(self):
        """Bytes of data and index, and of the whole folder; to be asked when it has ended."""
        parts = [folder_bytes(os.path.join(self.data, part)) for part in ("data", "indexdb")]
        return sum(parts), folder_bytes(self.data)

    def _get(self, path):
        code, text = self._answer("GET", path)
        if code != 200:
            raise BenchError(f"victoria-metrics answered {code} to {path}: {text[:500]}")
        return text

    def _connect(self):
        return http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=PATIENCE_S, blocksize=1 << 20)

    def _answer(self, method, path, body=None):
        connection = self._connect()
        try:
            # A file or a generator goes out in parts, so that it need not fit into memory.
            connection.request(method, path, body, encode_chunked=body is not None, headers={
                "Transfer-Encoding": "chunked"} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()


def folder_bytes(folder):
    """Bytes of all files below a folder."""
    return sum(
        os.path.getsize(os.path.join(top, name))
        for top, _, names in os.walk(folder) for name in names)
