# What people do with SiteWatt; `make help` lists it.

# Seconds that `make run` lasts; 0 is until it is interrupted.
DEMO_SECONDS ?= 0

.PHONY: help run build test lint bench soak

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run:  ## a private broker, a simulated fleet and the collector (DEMO_SECONDS=n ends it after n)
	@scripts/setup.sh run
	@echo "building; the first time takes some minutes"
	swift build --product sitewatt
	.build/debug/sitewatt demo --seconds $(DEMO_SECONDS)

build:  ## the release build
	@scripts/setup.sh run
	swift build -c release --static-swift-stdlib

test:  ## set-up, format and lint check, all tests
	@scripts/setup.sh test
	$(MAKE) --no-print-directory lint
	swift build --build-tests --explicit-target-dependency-import-check error
	swift test --skip-build

lint:  ## the format and style check
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

bench:  ## the benchmarks, one JSON object a line
	@scripts/setup.sh bench
	scripts/bench.sh

soak: export SITEWATT_SOAK = 1
soak:  ## the long fault and fuzz runs
	@scripts/setup.sh test
	swift test --filter Soak
	swift test --skip-build --filter Fuzz
