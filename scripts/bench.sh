#!/bin/sh
# Builds the release and measures it. Prints one JSON object a line; everything else goes to stderr.
# Ends with an error when a measurement is not possible, not when a goal is missed ("met": false).
#
#   scripts/bench.sh [drain] [memory]      without a name: both
#   SITEWATT_BIN=<program>                 measure this program and build nothing
#   BENCH_ROUNDS=5                         rounds of the drain; 4, so that each is in each place
#   BENCH_DIR=<folder>                     for temporary files, on the disk to be measured; .build
set -eu

cd "$(dirname "$0")/.."
if [ -z "${SITEWATT_BIN:-}" ]; then
  swift build -c release --product sitewatt >&2
  SITEWATT_BIN=.build/release/sitewatt
fi
BENCH_DIR=${BENCH_DIR:-.build}
mkdir -p "$BENCH_DIR"
export SITEWATT_BIN BENCH_DIR
# Debian's Python, because Debian's paho-mqtt belongs to it.
exec /usr/bin/python3 -B bench/run.py "$@"
