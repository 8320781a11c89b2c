"""Measures reading: SiteWatt's commands beside VictoriaMetrics' HTTP export of the same answer."""

import json
import os
import statistics
import subprocess
import time

import dataset
from archive import Archive
from processes import BenchError, reported, say
from results import emit
from victoria import Victoria, version

DEVICES = 1_000
METRIC = "voltage.a"
MONTH_MINUTES = 30 * 1_440
ROUNDS = 9
GOAL = 1.0
# 2026-03-01, the fleet's first day.
DAY = ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")


def measure(folder):
    """A device's month of one metric, and a day of one metric of all devices. Both contenders hold
    20 series a device."""
    _measure(os.path.join(folder, "month"), "read_month_of_one_device", 1, MONTH_MINUTES, False)
    _measure(os.path.join(folder, "day"), "read_day_of_1000_devices", DEVICES, 1_440, True)


def _measure(folder, name, devices, minutes, is_all):
    say(f"read: loading {devices} devices x 20 series x {minutes} minutes")
    data = dataset.fleet(folder, "fleet", devices, minutes)
    archive = Archive(os.path.join(folder, "sitewatt"))
    archive.load(data)
    server = Victoria(os.path.join(folder, "victoria"))
    server.load(data)
    server.flush()
    server.merge()
    os.remove(data.path)
    commands = {**_own_commands(archive, is_all), **_victoria_commands(server, is_all)}
    totals = {label: _totals(label, command) for label, command in commands.items()}
    for label, found in totals.items():
        if found[0] != devices * minutes or found != totals["sitewatt CSV"]:
            raise BenchError(f"{label} answered {found}, sitewatt {totals['sitewatt CSV']}")
    times_ms = {label: [] for label in commands}
    served_ms = {label: [] for label in commands if label.startswith("victoria")}
    for number in range(ROUNDS):
        say(f"read: round {number + 1} of {ROUNDS}")
        for label, command in commands.items():
            times_ms[label].append(_time_ms(command))
            if label in served_ms:
                served_ms[label].append(_served_ms(command))
    server.stop()
    medians = {label: statistics.median(times) for label, times in times_ms.items()}
    served = {label: statistics.median(times) for label, times in served_ms.items()}
    for label in _OWN_FORMATS:
        served[label] = _answer_ms(folder, archive, is_all, label)
    _emit(name, medians, served, devices * minutes, data.name)


def _emit(name, medians, served, samples, data):
    """Two comparisons. The answer: what it takes a running process, as VictoriaMetrics is one, and
    ours is within `benchmarks answer`. The command: a process each, from its start to its end."""
    for suffix, times, settings in [
            ("", served, "HTTP export, curl's time_total; ours in a running process"),
            ("_command", medians, "curl, from its start to its end; ours a command")]:
        own = min((each for each in times if each.startswith("sitewatt")), key=times.get)
        peer = min((each for each in times if each.startswith("victoria")), key=times.get)
        ratio = times[own] / times[peer]
        emit(
            name + suffix, times[own], "ms", version(), times[peer], ratio, ratio <= GOAL,
            goal=GOAL, samples=samples, data=data, rounds=ROUNDS, own=own,
            peer_settings=f"{peer} by {settings}",
            medians_ms={label: round(value, 1) for label, value in times.items()})


_OWN_FORMATS = {"sitewatt JSON": "json", "sitewatt CSV": "csv"}


def _own_commands(archive, is_all):
    """A process each, from its start to its end."""
    rest = ["--from", DAY[0], "--to", DAY[1]] if is_all else ["--device", "F-000001"]
    return {
        label: archive.query("export", "--metric", METRIC, *rest, "--format", name)
        for label, name in _OWN_FORMATS.items()}


def _victoria_commands(server, is_all):
    """curl of a running server, to which everything is known from the rounds before. Without
    `reduce_mem_usage`: with it, version 1.79 gives other values each time."""
    match = '{__name__="' + METRIC + '"' + ("" if is_all else ',device="F-000001"') + "}"
    span = {"start": DAY[0], "end": "2026-03-01T23:59:59.999Z"} if is_all else {}
    select = {"match[]": match, **span}
    return {
        "victoria-metrics JSON": _curl(server.url("/api/v1/export", **select)),
        "victoria-metrics CSV": _curl(server.url(
            "/api/v1/export/csv", format="device,__value__,__timestamp__:unix_ms", **select)),
    }


def _curl(url):
    return ["curl", "-sf", url]


def _time_ms(command):
    begin_s = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (time.monotonic() - begin_s) * 1_000


def _totals(label, command):
    """Count of the samples and the sum of their values in units of 0.001."""
    count, total = 0, 0
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in text.splitlines()[1 if label == "sitewatt CSV" else 0:]:
        if line.startswith("{"):
            series = json.loads(line)
            count += len(series["values"])
            total += sum(round(value * 1_000) for value in series["values"])
        else:
            cells = line.split(",")
            count += 1
            total += dataset.thousandths(cells[3 if label.startswith("sitewatt") else 1])
    return count, total


def _answer_ms(folder, archive, is_all, label):
    """The median of several answers in one process."""
    rest = ["--from", DAY[0], "--to", DAY[1]] if is_all else ["--device", "F-000001"]
    result = reported("benchmarks answer", [
        os.environ["BENCHMARKS_BIN"], "answer", "--config", archive.configuration, "--metric",
        METRIC, "--rounds", str(ROUNDS), "--format", _OWN_FORMATS[label], *rest], folder)
    return result["wall_s"] * 1_000


def _served_ms(command):
    """What curl says of one request, without its own start."""
    text = subprocess.run(
        [*command, "-o", os.devnull, "-w", "%{time_total}"], stdout=subprocess.PIPE, text=True,
        check=True).stdout
    return float(text) * 1_000
