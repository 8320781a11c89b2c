#!/bin/sh
# Sees to it that this Debian (or Ubuntu) system has what SiteWatt needs: says which packages are
# missing, why, and installs them. Silent, quick and without root when nothing is missing.
#
#   scripts/setup.sh [run|test|bench]      each includes the ones before it; the default is test
set -eu

build_packages="g++ git libmosquitto-dev libsimdjson-dev libsqlite3-dev libzstd-dev pkg-config"
run_packages="mosquitto"
test_packages="mosquitto-clients openssl python3 systemd"
bench_packages="curl prometheus python3-paho-mqtt sqlite3 victoria-metrics"
# Their packages start a service each; the benchmarks start servers of their own.
unwanted_services="prometheus victoria-metrics"

say() { printf 'setup: %s\n' "$*" >&2; }

case "${1:-test}" in
run) wanted="$build_packages $run_packages" ;;
test) wanted="$build_packages $run_packages $test_packages" ;;
bench) wanted="$build_packages $run_packages $test_packages $bench_packages" ;;
*)
  say "unknown purpose '$1', expected run, test or bench"
  exit 2
  ;;
esac

# The compiler comes from swift.org: Debian 12 has none.
check_swift() {
  if ! command -v swift >/dev/null 2>&1; then
    say "the Swift compiler is missing. Get Swift 6.1 or later for your system from"
    say "https://www.swift.org/install/linux/, unpack it, and put its usr/bin on the PATH:"
    say "  export PATH=<where it was unpacked>/usr/bin:\$PATH"
    return 1
  fi
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')
  major=${version%%.*}
  minor=${version#*.}
  if [ -z "$version" ]; then
    say "cannot tell the version of $(command -v swift); 6.1 or later is needed."
    return 1
  fi
  if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 1 ]; }; then
    say "$(command -v swift) is version $version, 6.1 or later is needed. Get it from"
    say "https://www.swift.org/install/linux/ and put its usr/bin first on the PATH."
    return 1
  fi
}

missing_packages() {
  for package in $wanted; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || printf '%s ' "$package"
  done
}

install_packages() {
  say "missing Debian packages: $missing"
  say "installing packages changes the system, so it needs root."
  case " $missing " in
  *" mosquitto "*)
    say "note: where systemd runs, the package 'mosquitto' starts a broker of its own on port 1883."
    say "SiteWatt's demo and tests do not touch it: they start private brokers on other ports."
    ;;
  esac
  command="apt-get install --yes --no-install-recommends $missing"
  if [ "$(id -u)" -eq 0 ]; then
    become=""
  elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    become="sudo"
  else
    say "neither root nor sudo here. Have somebody who is root run this, then try again:"
    say "  apt-get update && $command"
    return 1
  fi
  # Both are lists of words on purpose.
  # shellcheck disable=SC2086
  $become env DEBIAN_FRONTEND=noninteractive apt-get update >&2 </dev/null
  # shellcheck disable=SC2086
  $become env DEBIAN_FRONTEND=noninteractive $command >&2 </dev/null
  for service in $unwanted_services; do
    case " $missing " in
    *" $service "*) stop_service "$service" ;;
    esac
  done
}

# Ends a service that came with a package just now, and keeps it from starting with the system. Both
# commands know systemd and what else Debian starts services with; in a container they may refuse.
stop_service() {
  say "the package '$1' is wanted for its programs only: its service is stopped and disabled."
  $become update-rc.d "$1" disable >&2 </dev/null || true
  $become invoke-rc.d "$1" stop >&2 </dev/null || true
}

check_swift
if ! command -v dpkg-query >/dev/null 2>&1; then
  say "this is not Debian: cannot tell what is missing. Needed is the like of: $wanted"
  exit 0
fi
missing=$(missing_packages)
missing=${missing% }
if [ -n "$missing" ]; then install_packages; fi
