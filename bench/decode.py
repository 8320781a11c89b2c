"""Measures decoding alone, on one core: the same messages by SiteWatt and by plain Python."""

import json
import os
import random
import struct
import time

from archive import ROOT
from processes import reported, say
from results import emit

SEED = 20_260_301
# Messages that are decoded in turn, and how often by each.
MESSAGES = 256
OWN_ROUNDS = 2_000
PYTHON_ROUNDS = 40
# Names of the catalogue, for the ten metrics of a Sparkplug message.
METRICS = [
    "voltage.a", "voltage.b", "voltage.c", "current.a", "current.b", "current.c",
    "power.active.total", "frequency", "energy.active.import.total", "power_factor.total",
]


def measure(folder):
    """A JSON report of 110 bytes, a DL/T 645 reply and a Sparkplug NDATA with ten metrics."""
    os.makedirs(folder)
    chance = random.Random(SEED)
    _measure(folder, "decode_json_110_bytes", "generic-json", 2.0, 5, [], [
        _json(chance, number) for number in range(MESSAGES)], _python_json)
    _measure(folder, "decode_dlt645_frame", "dlt645", 1.0, 1, [], [
        _dlt645(chance) for _ in range(MESSAGES)], _python_dlt645)
    births = [("spBv1.0/bench/NBIRTH/edge", _sparkplug(chance, 0, births=True))]
    aliases = {number + 1: name for number, name in enumerate(METRICS)}
    _measure(folder, "decode_sparkplug_10_metrics", "sparkplug", 5.0, len(METRICS), births, [
        ("spBv1.0/bench/NDATA/edge", _sparkplug(chance, (number + 1) % 256))
        for number in range(MESSAGES)], lambda payload: _python_sparkplug(payload, aliases))


def _measure(folder, name, profile, goal_us, readings, births, messages, python):
    say(name)
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        for topic, payload in births + messages:
            file.write(f"{topic}\t{payload.hex()}\n")
    result = reported("benchmarks decode", [
        os.environ["BENCHMARKS_BIN"], "decode", "--profile",
        os.path.join(ROOT, "devices", profile + ".yaml"), "--messages", path, "--once",
        str(len(births)), "--readings", str(readings), "--rounds", str(OWN_ROUNDS)], folder)
    own_us = result["cpu_s"] / result["messages"] * 1e6
    begin_s = time.process_time()
    for _ in range(PYTHON_ROUNDS):
        for _, payload in messages:
            if len(python(payload)) != readings:
                raise ValueError(f"{name}: the peer gives another number of readings")
    peer_us = (time.process_time() - begin_s) / (PYTHON_ROUNDS * len(messages)) * 1e6
    size = sum(len(payload) for _, payload in messages) / len(messages)
    emit(
        name, own_us, "µs", "plain Python", peer_us, own_us / peer_us, own_us <= goal_us,
        goal=goal_us, messages=int(result["messages"]), payload_bytes=round(size))


def _json(chance, number):
    values = {
        "time": f"2026-03-01T08:00:{number % 60:02}Z", "voltage.a": _decimal(chance, 22_500, 2),
        "current.a": _decimal(chance, 550, 1), "frequency": _decimal(chance, 500, 1),
        "noise": _decimal(chance, 400, 1), "pm2_5": _decimal(chance, 250, 1),
    }
    text = "{" + ",".join(
        f'"{key}":"{value}"' if key == "time" else f'"{key}":{value}'
        for key, value in values.items()) + "}"
    return "uplink/bench-meter/json", text.encode()


def _decimal(chance, middle, places):
    return f"{(middle + chance.randrange(-99, 100)) / 10 ** places:.{places}f}"


def _python_json(payload):
    document = json.loads(payload)
    stamp = document.pop("time")
    return [("bench-meter", key, value, stamp) for key, value in document.items()]


def _dlt645(chance):
    """A reply with the total of active energy."""
    digits = f"{chance.randrange(10 ** 8):08}"
    data = bytes.fromhex("00000100") + bytes.fromhex(digits)[::-1]
    body = bytes.fromhex("68070018092420" "68") + bytes([0x91, len(data)])
    body += bytes((byte + 0x33) & 0xFF for byte in data)
    return "dlt645/bench-meter/up", body + bytes([sum(body) & 0xFF, 0x16])


def _python_dlt645(payload):
    if payload[0] != 0x68 or payload[7] != 0x68 or payload[8] != 0x91 or payload[-1] != 0x16:
        return []
    if sum(payload[:-2]) & 0xFF != payload[-2]:
        return []
    data = bytes((byte - 0x33) & 0xFF for byte in payload[10:10 + payload[9]])
    if data[3::-1] != b"\x00\x01\x00\x00":
        return []
    address = payload[6:0:-1].hex()
    return [(address, "energy.active.import.total", int(data[:3:-1].hex()) / 100)]


def _sparkplug(chance, seq, births=False):
    now_ms = 1_772_352_000_000
    message = b"\x08" + _varint(now_ms)
    if births:
        message += _field(2, _name("bdSeq") + b"\x20\x04" + b"\x58" + _varint(0))
    for number, name in enumerate(METRICS):
        metric = _name(name) if births else b""
        metric += b"\x10" + _varint(number + 1) + b"\x18" + _varint(now_ms)
        if births:
            metric += b"\x20\x0a"
        metric += b"\x69" + struct.pack("<d", chance.randrange(1, 1_000) / 1_000)
        message += _field(2, metric)
    return message + b"\x18" + _varint(seq)


def _name(text):
    return b"\x0a" + _varint(len(text)) + text.encode()


def _field(number, body):
    return bytes([number << 3 | 2]) + _varint(len(body)) + body


def _varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _python_sparkplug(payload, aliases):
    readings = []
    for number, value in _fields(payload):
        if number != 2:
            continue
        metric = dict(_fields(value))
        reading = struct.unpack("<d", metric[13])[0]
        readings.append(("edge", aliases[metric[2]], reading, metric[3]))
    return readings


def _fields(message):
    """Numbers and values of the fields of a protobuf message."""
    place, end = 0, len(message)
    while place < end:
        key, place = _read_varint(message, place)
        if key & 7 == 0:
            value, place = _read_varint(message, place)
        elif key & 7 == 1:
            value, place = message[place:place + 8], place + 8
        else:
            length, place = _read_varint(message, place)
            value, place = message[place:place + length], place + length
        yield key >> 3, value


def _read_varint(message, place):
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
