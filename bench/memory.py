"""Measures how much memory SiteWatt needs for a large fleet."""

import os

from broker import Broker
from collector import Collector, SETTINGS
from processes import say
from results import emit

DEVICES = 10_000
# Six series a device. Enough messages for a compaction and a saved state, which take memory too.
MESSAGES = 200_000
LIMIT_MB = 200


def measure(folder):
    """Peak resident memory while a backlog of 10 000 devices is drained."""
    os.makedirs(folder)
    broker = Broker(folder)
    collector = Collector(folder, broker)
    collector.subscribe()
    say(f"memory: publishing {MESSAGES} messages of {DEVICES} devices")
    collector.publish(MESSAGES, DEVICES)
    _, _, peak_bytes = collector.drain(MESSAGES)
    broker.stop()
    peak_mb = peak_bytes / 1e6
    emit(
        "peak_rss_10000_devices", peak_mb, "MB", "limit", LIMIT_MB, peak_mb / LIMIT_MB,
        peak_mb < LIMIT_MB, series=6 * DEVICES, messages=MESSAGES, **SETTINGS)
