"""The samples that every contender gets: a simulated fleet, or a CSV file of the user's own."""

import calendar
import os
import time

from processes import BenchError, Program

# Columns of the UCI file "Individual household electric power consumption", under catalogue names.
# The sub-meters count Wh within a minute; what their numbers mean does not matter here.
HOUSEHOLD = {
    "Global_active_power": "power.active.total", "Global_reactive_power": "power.reactive.total",
    "Voltage": "voltage.a", "Global_intensity": "current.a", "Sub_metering_1": "power.active.a",
    "Sub_metering_2": "power.active.b", "Sub_metering_3": "power.active.c",
}
LONG = ["device", "metric", "time", "value"]


class Dataset:
    """A CSV file with the heading `device,time,<metrics>` and times in Unix ms, no cell empty, or
    with the heading `device,metric,time,value`."""

    def __init__(self, name, path):
        self.name = name
        self.path = path
        with open(path, encoding="utf-8") as file:
            self.columns = file.readline().rstrip("\r\n").split(",")
        self.is_long = self.columns == LONG

    def samples(self):
        """Every sample as (device, metric, time in ms, value as text)."""
        with open(self.path, encoding="utf-8") as file:
            next(file)
            if self.is_long:
                for line in file:
                    yield tuple(line.rstrip("\r\n").split(","))
                return
            metrics = self.columns[2:]
            for line in file:
                device, time_ms, *values = line.rstrip("\r\n").split(",")
                for metric, value in zip(metrics, values):
                    yield device, metric, time_ms, value

    def totals(self):
        """Count and sum of the values of each metric; see ``add``."""
        totals = {}
        for _, metric, _, value in self.samples():
            add(totals, metric, 1, thousandths(value))
        return totals

    def victoria_columns(self):
        """What VictoriaMetrics calls the `format` of a wide file."""
        metrics = [f"{place + 3}:metric:{name}" for place, name in enumerate(self.columns[2:])]
        return ["1:label:device", "2:time:unix_ms", *metrics]


def thousandths(text):
    """A value in units of 0.001, exact to that resolution."""
    return round(float(text) * 1_000)


def add(totals, metric, count, total):
    """Adds to the count and the sum of a metric."""
    old = totals.get(metric, (0, 0))
    totals[metric] = (old[0] + count, old[1] + total)


def fleet(folder, name, devices, minutes, seed=1):
    """The simulated fleet's reports, made by the program `benchmarks`."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name + ".csv")
    with open(path, "wb") as file:
        Program("benchmarks fleet", [
            os.environ["BENCHMARKS_BIN"], "fleet", "--devices", str(devices),
            "--minutes", str(minutes), "--seed", str(seed)],
            os.path.join(folder, "fleet.log"), file).wait()
    return Dataset(f"simulated fleet, {devices} devices x 20 series x {minutes} min", path)


def own(folder, path):
    """A user's file, brought into one of our two forms; its heading tells which it is."""
    os.makedirs(folder, exist_ok=True)
    result = os.path.join(folder, "own.csv")
    with open(path, encoding="utf-8-sig") as source, open(result, "w", encoding="utf-8") as target:
        heading = source.readline().strip()
        if heading.startswith("Date;Time;"):
            _household(heading, source, target)
        elif heading.split(",") == LONG:
            target.write(heading + "\n")
            for line in source:
                device, metric, moment, value = line.strip().split(",")
                target.write(f"{device},{metric},{_milliseconds(moment)},{value}\n")
        else:
            raise BenchError(
                f"{path}: found the heading '{heading[:80]}', expected {','.join(LONG)} "
                "or that of the UCI household file")
    return Dataset(os.path.basename(path), result)


def _household(heading, source, target):
    try:
        metrics = [HOUSEHOLD[name] for name in heading.split(";")[2:]]
    except KeyError as unknown:
        raise BenchError(f"no column of the household file is called {unknown}") from None
    target.write("device,time," + ",".join(metrics) + "\n")
    for line in source:
        date, clock, *values = line.strip().split(";")
        # A minute that was not measured has question marks or nothing.
        if "?" in values or "" in values:
            continue
        day, month, year = date.split("/")
        hour, minute, second = clock.split(":")
        seconds = calendar.timegm(
            (int(year), int(month), int(day), int(hour), int(minute), int(second)))
        target.write(f"household,{seconds}000,{','.join(values)}\n")


def _milliseconds(text):
    """Unix milliseconds of a time in Unix ms or RFC 3339 in UTC."""
    if text.lstrip("-").isdigit():
        return text
    whole, _, fraction = text.rstrip("Z").partition(".")
    seconds = calendar.timegm(time.strptime(whole.replace(" ", "T"), "%Y-%m-%dT%H:%M:%S"))
    return str(seconds * 1_000 + int((fraction + "000")[:3]))
