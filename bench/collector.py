"""`sitewatt run` as a contender, and `sitewatt simulate` as the source of every backlog."""

import os
import sqlite3
import time

from processes import BenchError, PATIENCE_S, Program

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
# What an untouched configuration has; stated with the results.
SETTINGS = {"batch_messages": 5000, "receive_maximum": 5000, "synchronous": "full"}


class Collector:
    """One database and one MQTT session of SiteWatt at a broker."""

    def __init__(self, folder, broker):
        self._program_path = os.path.abspath(os.environ["SITEWATT_BIN"])
        self._database = os.path.join(folder, "sitewatt.db")
        self._configuration = os.path.join(folder, "sitewatt.yaml")
        self._log = os.path.join(folder, "sitewatt.log")
        with open(self._configuration, "w", encoding="utf-8") as file:
            file.write(f"""node: bench
database: {self._database}
mqtt:
  brokers: [mqtt://127.0.0.1:{broker.port}]
  subscriptions: ["uplink/#"]
  receive_maximum: {SETTINGS["receive_maximum"]}
profiles: [{ROOT}/devices]
storage:
  batch_messages: {SETTINGS["batch_messages"]}
  synchronous: {SETTINGS["synchronous"]}
notify:
  - {{ name: log, type: log }}
""")

    def start(self, notify_socket=None):
        """Starts `sitewatt run`; it tells `notify_socket` when it is ready, as it tells systemd."""
        environment = {**os.environ, "NOTIFY_SOCKET": notify_socket} if notify_socket else None
        return self._command("run", environment=environment)

    def subscribe(self):
        """Makes the session at the broker, and the database."""
        program = self.start()
        # The first journal row says that the link is up; the subscription leaves with it.
        self._await(program, "SELECT count(*) FROM journal", 1)
        program.stop()

    def publish(self, messages, devices):
        """Publishes a backlog; returns when the broker has acknowledged all of it."""
        self._command(
            "simulate", "--backlog", str(messages), "--devices", str(devices)).wait()

    def drain(self, messages):
        """Seconds from the start of `run` until so many messages are durable, messages a second
        between the first and the last commit, and the peak memory in bytes."""
        program = self.start()
        query = "SELECT value FROM counter WHERE name = 'messages'"
        first, last = self._await(program, query, messages)
        program.stop()
        self._check(messages)
        steady = (messages - first[1]) / max(last[0] - first[0], 0.001)
        return last[0] - program.begin_s, steady, program.peak_rss_bytes

    def _command(self, command, *arguments, environment=None):
        return Program(
            f"sitewatt {command}",
            [self._program_path, command, "--config", self._configuration, *arguments], self._log,
            environment=environment)

    def _await(self, program, query, wanted):
        """Time and value when the query first gave anything, and when it gave what is wanted."""
        first = None
        while True:
            value = self.value(query)
            now_s = time.monotonic()
            if value and not first:
                first = (now_s, value)
            if value >= wanted:
                return first, (now_s, value)
            if program.has_ended():
                raise program.failure("ended too early")
            if now_s - program.begin_s > PATIENCE_S:
                raise program.failure(f"stored {value} of {wanted} within {PATIENCE_S} s")
            time.sleep(0.01)

    def value(self, query):
        """The number that a query gives; 0 while database, table or row is missing."""
        if not os.path.exists(self._database):
            return 0
        database = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        try:
            row = database.execute(query).fetchone()
            return (row[0] if row else 0) or 0
        except sqlite3.OperationalError:
            return 0
        finally:
            database.close()

    def _check(self, messages):
        """Every message once, each with its six readings, and none unusable."""
        stored = self.value("SELECT sum(messages) FROM journal")
        readings = self.value("SELECT value FROM counter WHERE name = 'readings'")
        unusable = self.value("SELECT value FROM counter WHERE name = 'quarantined'")
        if (stored, readings, unusable) != (messages, 6 * messages, 0):
            raise BenchError(
                f"sitewatt stored {stored} messages, {readings} readings and {unusable} unusable, "
                f"expected {messages}, {6 * messages} and 0")
