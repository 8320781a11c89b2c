"""A private Mosquitto on a free port of the loopback interface."""

import os
import re
import shutil
import socket
import time

from processes import BenchError, Program, free_port

CONFIGURATION = os.path.join(os.path.dirname(__file__), "..", "config", "mosquitto.conf")


def inflight_window():
    """max_inflight_messages of the configuration that SiteWatt recommends."""
    with open(CONFIGURATION, encoding="utf-8") as file:
        found = re.search(r"^max_inflight_messages (\d+)$", file.read(), re.MULTILINE)
    if not found:
        raise BenchError("config/mosquitto.conf states no max_inflight_messages")
    return int(found.group(1))


class Broker:
    """Queues without a limit in memory: its own disk would be measured with every contender."""

    def __init__(self, folder):
        self.port = free_port()
        lines = [
            f"listener {self.port} 127.0.0.1", "allow_anonymous true", "persistence false",
            "max_queued_messages 0", f"max_inflight_messages {inflight_window()}",
            "sys_interval 10", "log_type error", "log_type warning",
        ]
        if os.geteuid() == 0:
            lines.append("user root")
        path = os.path.join(folder, "mosquitto.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        # Debian puts it where an ordinary user's PATH does not look.
        program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            raise BenchError("mosquitto is not installed; scripts/setup.sh bench installs it")
        self._program = Program(
            "mosquitto", [program, "-c", path], os.path.join(folder, "mosquitto.log"))
        self._await_listener()

    def stop(self):
        """Ends it; what it had queued is gone."""
        self._program.stop()

    def _await_listener(self):
        for _ in range(500):
            if self._program.has_ended():
                raise self._program.failure("ended at once")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.01)
        raise self._program.failure("does not listen")
