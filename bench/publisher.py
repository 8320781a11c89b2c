"""Publishes reports of 20 fields as fast as the broker takes them, until it is ended.

    python3 publisher.py PORT DEVICES
"""

import collections
import random
import sys
import time

import paho.mqtt.client as mqtt

# Messages that may be on their way to the broker.
WINDOW = 2_000
FIELDS = [
    ("voltage.a", 2300, 1), ("voltage.b", 2310, 1), ("voltage.c", 2290, 1), ("current.a", 512, 2),
    ("current.b", 498, 2), ("current.c", 533, 2), ("power.active.total", 3512, 3),
    ("power.reactive.total", 702, 3), ("power_factor.total", 951, 3), ("frequency", 5000, 2),
    ("energy.active.import.total", 1234567, 2), ("battery.voltage", 535, 1),
    ("battery.soc", 100, 0), ("battery.temperature", 251, 1), ("mains.present", 1, 0),
    ("door.open", 0, 0), ("environment.temperature", 201, 1), ("environment.humidity", 55, 0),
    ("radio.rsrp", -92, 0), ("device.temperature", 312, 1),
]


def tail(draw):
    """Everything of a report but its time."""
    parts = []
    for name, middle, decimals in FIELDS:
        value = middle if decimals == 0 else middle + draw.randrange(-4, 5)
        parts.append(f',"{name}":{value / 10 ** decimals:.{decimals}f}')
    return "".join(parts) + "}"


def main():
    """Round after round, every device once."""
    port, devices = int(sys.argv[1]), int(sys.argv[2])
    draw = random.Random(1)
    # Made beforehand, so that the broker and the collector get most of the processor.
    tails = [tail(draw) for _ in range(1_000)]
    topics = [f"uplink/F-{device + 1:06}/json" for device in range(devices)]
    client = mqtt.Client(client_id="bench-publisher")
    client.max_inflight_messages_set(WINDOW)
    client.connect("127.0.0.1", port)
    client.loop_start()
    waiting = collections.deque()
    while True:
        now_ms = time.time_ns() // 1_000_000
        for topic in topics:
            payload = f'{{"time":{now_ms}' + draw.choice(tails)
            waiting.append(client.publish(topic, payload, qos=1))
            if len(waiting) == WINDOW:
                waiting.popleft().wait_for_publish(60)


main()
