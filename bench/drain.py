"""Measures how fast a queued backlog is drained: SiteWatt against two peers, each alone.

A round begins with a fresh broker and fresh files. Every contender gets a persistent session first;
then the backlog is published once, and the broker queues it for all of them. They take turns, and
the order rotates from round to round.
"""

import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
from contextlib import closing

from broker import Broker, inflight_window
from collector import Collector, SETTINGS
from processes import BenchError, Program, say
from results import emit

MESSAGES = 200_000
DEVICES = 1_000
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "4"))
PAHO = "paho-mqtt + sqlite3"
KEYED = "paho-mqtt + sqlite3 with a primary key"
# libmosquitto's own client with both versions of the protocol; the faster one is the peer. MQTT 5
# gets our receive maximum, MQTT 3.1.1 has the broker's window.
SUBSCRIBERS = {
    "mosquitto_sub -q 1 -V 311": ["-V", "311"],
    "mosquitto_sub -q 1 -V 5": [
        "-V", "5", "-D", "connect", "receive-maximum", str(SETTINGS["receive_maximum"])],
}


def measure(folder):
    """All rounds, then the medians."""
    rates = {}
    for number in range(ROUNDS):
        top = os.path.join(folder, str(number))
        os.makedirs(top)
        for contender, rate in _round(top, number).items():
            rates.setdefault(contender, []).append(rate)
        shutil.rmtree(top)
    peer = max(SUBSCRIBERS, key=lambda name: statistics.median(rates[name]))
    _emit("drain_vs_mosquitto_sub", rates, peer, 0.5)
    _emit("drain_vs_paho_sqlite", rates, PAHO, 5)
    _emit("drain_vs_paho_sqlite_keyed", rates, KEYED, None)


def _emit(name, rates, peer, goal):
    ratios = [own / other for own, other in zip(rates["sitewatt"], rates[peer])]
    ratio = statistics.median(ratios)
    emit(
        name, statistics.median(rates["sitewatt"]), "messages/s", peer,
        statistics.median(rates[peer]), ratio, goal and ratio >= goal, goal=goal, rounds=ROUNDS,
        round_ratios=[round(each, 3) for each in ratios],
        between_commits=round(statistics.median(rates["sitewatt between commits"])),
        messages=MESSAGES, fields=6, devices=DEVICES, broker_window_mqtt311=inflight_window(),
        broker_persistence=False, **SETTINGS)


def _round(folder, number):
    """Messages a second of every contender."""
    broker = Broker(folder)
    collector = Collector(folder, broker)
    rates = {}

    def own():
        elapsed_s, steady, _ = collector.drain(MESSAGES)
        rates["sitewatt between commits"] = steady
        return elapsed_s

    turns = {"sitewatt": own}
    for name in (PAHO, KEYED):
        turns[name] = lambda name=name: _paho(folder, broker, name, MESSAGES)
        _paho(folder, broker, name, 0)
    for name, options in SUBSCRIBERS.items():
        turns[name] = lambda options=options: _subscriber(folder, broker, options, MESSAGES)
        _subscriber(folder, broker, options, 0)
    collector.subscribe()
    say(f"round {number + 1} of {ROUNDS}: publishing {MESSAGES} messages")
    collector.publish(MESSAGES, DEVICES)
    names = list(turns)
    for name in names[number % len(names):] + names[:number % len(names)]:
        rates[name] = MESSAGES / turns[name]()
        say(f"{name}: {rates[name]:.0f} messages/s")
    broker.stop()
    return rates


def _subscriber(folder, broker, options, messages):
    """Seconds that mosquitto_sub takes; with 0 messages it subscribes and ends."""
    arguments = [
        "mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-c",
        "-i", "bench-sub" + options[1], "-t", "uplink/#", *options,
        *(["-C", str(messages)] if messages else ["-E"])]
    log = os.path.join(folder, "mosquitto_sub.log")
    return Program("mosquitto_sub", arguments, log, subprocess.DEVNULL).wait()


def _paho(folder, broker, name, messages):
    """Seconds that the Python script takes; with 0 messages it subscribes and ends."""
    script = os.path.join(os.path.dirname(__file__), "paho_sqlite.py")
    variant = ["keyed"] if name == KEYED else []
    path = os.path.join(folder, "paho" + "".join(variant) + ".db")
    arguments = [
        sys.executable, script, str(broker.port), "bench-paho" + "".join(variant), path,
        str(messages), *variant]
    elapsed_s = Program(name, arguments, os.path.join(folder, "paho.log")).wait()
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT count(*) FROM reading").fetchone()[0]
    if rows != 6 * messages:
        raise BenchError(f"{name} stored {rows} readings, expected {6 * messages}")
    return elapsed_s
