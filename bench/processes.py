"""Starts programs, waits for them with a limit, and ends by process id what is still running."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

# The longest that one program may take, in seconds.
PATIENCE_S = 900

_running = []


class BenchError(Exception):
    """A measurement is not possible; the text says why."""


def say(text):
    """Tells the person who waits; standard output is for the results."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def free_port():
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Program:
    """A running program whose output goes to a file."""

    def __init__(self, name, arguments, log, output=None, environment=None):
        self.name = name
        self.log = log
        self.peak_rss_bytes = 0
        self._code = None
        with open(log, "ab") as file:
            self.begin_s = time.monotonic()
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=output or file, stderr=file,
                env=environment)
        _running.append(self)

    def has_ended(self):
        """Whether it has; notes its exit code and its peak memory."""
        if self._code is not None:
            return True
        pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
        if pid == 0:
            return False
        self._code = os.waitstatus_to_exitcode(status)
        self._process.returncode = self._code
        self.peak_rss_bytes = usage.ru_maxrss * 1024
        _running.remove(self)
        return True

    def wait(self, interval_s=0.005):
        """Waits for its end, which must be a good one; returns the seconds since its start."""
        while not self.has_ended():
            if time.monotonic() - self.begin_s > PATIENCE_S:
                raise self.failure(f"did not end within {PATIENCE_S} s")
            time.sleep(interval_s)
        elapsed_s = time.monotonic() - self.begin_s
        if self._code != 0:
            raise self.failure(f"ended with {self._code}")
        return elapsed_s

    def stop(self):
        """Asks it to end in order and waits until it has."""
        if not self.has_ended():
            os.kill(self._process.pid, signal.SIGTERM)
        self.wait()

    def kill(self):
        """Ends it whatever it is doing."""
        if not self.has_ended():
            os.kill(self._process.pid, signal.SIGKILL)
            while not self.has_ended():
                time.sleep(0.01)

    def failure(self, text):
        """An error that also shows the end of what the program said."""
        with open(self.log, "r", encoding="utf-8", errors="replace") as file:
            last = "".join(file.readlines()[-10:])
        return BenchError(f"{self.name} {text}\n{last}")


def reported(name, arguments, folder):
    """The JSON object that a program prints as its only line."""
    path = os.path.join(folder, name.replace(" ", "-"))
    with open(path + ".json", "wb") as file:
        Program(name, arguments, path + ".log", file).wait()
    with open(path + ".json", encoding="utf-8") as file:
        return json.load(file)


def end_all():
    """Ends every program that was started and still runs."""
    for program in list(_running):
        program.kill()
