#!/bin/sh
# Builds the release and measures it. Prints one JSON object a line; everything else goes to stderr.
# Ends with an error when a measurement is not possible, not when a goal is missed ("met": false).
#
#   scripts/bench.sh [decode] [drain] [memory] [size] [write] [read] [growth] [restart]
#                                          without a name: all, in about half an hour
#   SITEWATT_BIN=<program> BENCHMARKS_BIN=<program>
#                                          measure these and build nothing
#   BENCH_CSV=<file>                       measure the size of these samples too: a CSV file with
#                                          the heading device,metric,time,value (names of the metric
#                                          catalogue, times in Unix ms or RFC 3339 UTC), or the UCI
#                                          file "Individual household electric power consumption"
#                                          (heading Date;Time;…, its columns under catalogue names)
#   BENCH_ROUNDS=5                         rounds of the drain; 4, so that each is in each place
#   BENCH_GROWTH_ROUNDS=36                 reports of each site in growth; 72, six hours
#   BENCH_DIR=<folder>                     for temporary files, on the disk to be measured; .build
#                                          (5 GB are needed)
#
# What is compared, and how the peers are set up, is said in the file of each measurement in bench/.
set -eu

cd "$(dirname "$0")/.."
if [ -z "${SITEWATT_BIN:-}" ] || [ -z "${BENCHMARKS_BIN:-}" ]; then
  swift build -c release --static-swift-stdlib --product sitewatt >&2
  swift build -c release --static-swift-stdlib --product benchmarks >&2
  SITEWATT_BIN=.build/release/sitewatt
  BENCHMARKS_BIN=.build/release/benchmarks
fi
BENCH_DIR=${BENCH_DIR:-.build}
mkdir -p "$BENCH_DIR"
export SITEWATT_BIN BENCHMARKS_BIN BENCH_DIR
# Debian's Python, because Debian's paho-mqtt belongs to it.
exec /usr/bin/python3 -B bench/run.py "$@"
