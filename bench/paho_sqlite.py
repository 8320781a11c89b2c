"""What somebody writes in an afternoon: paho-mqtt and sqlite3, one row a reading.

    python3 paho_sqlite.py PORT CLIENT_ID DATABASE MESSAGES [keyed]

Stores so many messages and ends. With 0 messages it only subscribes, for a session that queues.
Commits every 5,000 messages; paho-mqtt acknowledges each when its callback returns. A plain table
keeps a redelivered reading twice and can only be read back as a whole; `keyed` gives it the primary
key that it needs to store nothing twice and to find a series.
"""

import json
import sqlite3
import sys

import paho.mqtt.client as mqtt

COMMIT_MESSAGES = 5_000


def main():
    port, client_id, path, wanted = sys.argv[1:5]
    key = ", PRIMARY KEY (device, metric, time_ms)) WITHOUT ROWID" if sys.argv[5:] else ")"
    wanted = int(wanted)
    stored = 0
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(
        "CREATE TABLE IF NOT EXISTS reading"
        " (device TEXT, metric TEXT, time_ms INTEGER, value REAL" + key)

    def connected(client, *_):
        client.subscribe("uplink/#", qos=1)

    def subscribed(client, *_):
        if wanted == 0:
            client.disconnect()

    def received(client, _, message):
        nonlocal stored
        fields = json.loads(message.payload)
        device = message.topic.split("/")[1]
        time_ms = fields.pop("time")
        database.executemany(
            "INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?)",
            [(device, metric, time_ms, value) for metric, value in fields.items()])
        stored += 1
        if stored % COMMIT_MESSAGES == 0 or stored == wanted:
            database.commit()
        if stored == wanted:
            client.disconnect()

    client = mqtt.Client(client_id=client_id, clean_session=False)
    client.on_connect = connected
    client.on_subscribe = subscribed
    client.on_message = received
    client.connect("127.0.0.1", int(port))
    client.loop_forever()
    database.close()


main()
