"""Runs the benchmarks that are named (all without a name); scripts/bench.sh calls it."""

import os
import signal
import sys
import tempfile

import decode
import drain
import growth
import memory
import read
import restart
import size
import write
from processes import BenchError, end_all

MEASUREMENTS = {
    "decode": decode.measure,
    "drain": drain.measure, "memory": memory.measure, "size": size.measure, "write": write.measure,
    "read": read.measure, "growth": growth.measure, "restart": restart.measure,
}


def main():
    names = sys.argv[1:] or list(MEASUREMENTS)
    for name in names:
        if name not in MEASUREMENTS:
            sys.exit(f"bench: unknown measurement '{name}', expected {' or '.join(MEASUREMENTS)}")
    # A request to end is an exception, so that everything that was started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parent = os.path.abspath(os.environ["BENCH_DIR"])
    with tempfile.TemporaryDirectory(prefix="bench-", dir=parent) as top:
        try:
            for name in names:
                MEASUREMENTS[name](os.path.join(top, name))
        except BenchError as error:
            sys.exit(f"bench: {error}")
        except KeyboardInterrupt:
            sys.exit(130)
        finally:
            end_all()


main()
