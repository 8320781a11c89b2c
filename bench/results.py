"""One result, one line of JSON on standard output."""

import json
import os
import platform


def emit(name, value, unit, peer, peer_value, ratio, met, **conditions):
    """Prints a result. `met` says whether the goal is reached; the conditions follow."""
    result = {
        "name": name, "value": _short(value), "unit": unit, "peer": peer,
        "peer_value": _short(peer_value), "ratio": round(ratio, 3), "met": met, **conditions,
        "cores": os.cpu_count(), "machine": platform.machine(),
        "load_average": round(os.getloadavg()[0], 2),
    }
    print(json.dumps(result), flush=True)


def _short(value):
    if value < 10:
        return round(value, 4)
    return round(value, 1) if value < 1000 else round(value)
