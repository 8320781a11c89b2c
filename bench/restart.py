"""Measures how soon a collector that was killed under load reads again."""

import os
import socket
import sys
import time

from broker import Broker
from collector import Collector, SETTINGS
from processes import BenchError, PATIENCE_S, Program, say
from results import emit

DEVICES = 10_000
FIELDS = 20
LIMIT_S = 10
# Messages since the engine's last saved state at which the collector is killed. It saves its state
# every 1 000 000 readings, so the last is near the longest replay that can happen.
PLACES = [15_000, 30_000, 45_000]


def measure(folder):
    """Kills the collector at each place; the slowest start counts."""
    os.makedirs(folder)
    broker = Broker(folder)
    collector = Collector(folder, broker)
    collector.subscribe()
    script = os.path.join(os.path.dirname(__file__), "publisher.py")
    publisher = Program("publisher", [
        sys.executable, "-B", script, str(broker.port), str(DEVICES)],
        os.path.join(folder, "publisher.log"))
    program = collector.start()
    starts = []
    for place in PLACES:
        say(f"restart: waiting for {place} messages after a saved state")
        _await(lambda: _unsaved(collector) >= place, program, publisher)
        program.kill()
        unsaved, rows = _unsaved(collector), _journal_rows(collector)
        with Readiness(folder) as readiness:
            program = collector.start(readiness.path)
            _await(readiness.has_come, program, publisher)
            ready_s = time.monotonic() - program.begin_s
            _await(lambda: _journal_rows(collector) > rows + 1, program, publisher)
            starts.append((time.monotonic() - program.begin_s, ready_s, unsaved))
        say(f"restart: reads again after {starts[-1][0]:.2f} s, {unsaved} messages replayed")
    devices = collector.value("SELECT count(*) FROM device")
    readings = collector.value("SELECT value FROM counter WHERE name = 'readings'")
    messages = collector.value("SELECT sum(messages) FROM journal")
    program.stop()
    publisher.kill()
    broker.stop()
    if devices != DEVICES or readings != FIELDS * messages:
        raise BenchError(f"stored {readings} readings of {messages} messages, {devices} devices")
    slowest = max(start[0] for start in starts)
    emit(
        "restart_after_kill", slowest, "s", "limit", LIMIT_S, slowest / LIMIT_S, slowest <= LIMIT_S,
        devices=DEVICES, series=FIELDS * DEVICES, starts_s=[round(each[0], 2) for each in starts],
        ready_s=[round(each[1], 2) for each in starts], replayed=[each[2] for each in starts],
        messages=messages, **SETTINGS)


class Readiness:
    """A socket as systemd gives it to a service, which says READY=1 there."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(self.path)

    def has_come(self):
        """Whether the service has said that it is ready."""
        try:
            return b"READY=1" in self._socket.recv(4_096).split(b"\n")
        except BlockingIOError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()
        os.remove(self.path)


def _await(condition, program, publisher):
    begin_s = time.monotonic()
    while not condition():
        for each in (program, publisher):
            if each.has_ended():
                raise each.failure("ended too early")
        if time.monotonic() - begin_s > PATIENCE_S:
            raise program.failure(f"did not get there within {PATIENCE_S} s")
        time.sleep(0.01)


def _unsaved(collector):
    """Messages in the journal after the newest saved state."""
    return collector.value(
        "SELECT sum(messages) FROM journal WHERE seq > (SELECT ifnull(max(seq), 0) FROM snapshot)")


def _journal_rows(collector):
    return collector.value("SELECT max(seq) FROM journal")
