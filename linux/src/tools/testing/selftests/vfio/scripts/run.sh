#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Run tests on the devices that setup.sh took, ordered by address.
set -eu
# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(dirname "$0")/lib.sh"

usage="usage: run.sh [-n DEVICES] TEST [ARGUMENT...]

Runs TEST, the name of a program beside this directory or a path, with the BDFs of the devices in
VFIO_SELFTESTS_BDF. -n: only the first so many of them."

count=all
case ${1:-} in
'' | -h | --help) echo "$usage"; exit ;;
-n)
	count=${2:-}
	case $count in
	'' | 0* | *[!0-9]*) die "$usage" ;;
	esac
	shift 2
	;;
esac
[ $# -gt 0 ] || die "$usage"

devices=''
left=$count
for file in "$STATE"/*; do
	if [ ! -e "$file" ] || [ "$left" = 0 ]; then break; fi
	devices="$devices ${file##*/}"
	[ "$count" = all ] || left=$((left - 1))
done
[ -n "$devices" ] || die "no devices: run setup.sh first"
[ "$count" = all ] || [ "$left" = 0 ] || die "$((count - left)) devices were taken, not $count"

test=$1
shift
case $test in
*/*) ;;
*) test=$(dirname "$0")/../$test ;;
esac
[ -x "$test" ] || die "$test is not a program"
VFIO_SELFTESTS_BDF=${devices# } exec "$test" "$@"
