#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run tests on the devices that setup.sh took, ordered by address.
set -eu
# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(dirname "$0")/lib.sh"

usage="usage: run.sh [-n DEVICES] TEST [ARGUMENT...]

Runs TEST, a program of this directory or a path, with the BDFs of the devices in
VFIO_SELFTESTS_BDF. -n: only the first so many of them."

count=all
case ${1:-} in
'' | -h | --help) echo "$usage"; exit ;;
-n) count=${2:?"$usage"}; shift 2 ;;
esac
[ $# -gt 0 ] || die "$usage"

bdfs=()
for file in "$STATE"/*; do
	[ ! -e "$file" ] || bdfs+=("${file##*/}")
done
[ "${#bdfs[@]}" -gt 0 ] || die "no devices: run setup.sh first"
[ "$count" = all ] || bdfs=("${bdfs[@]:0:$count}")

test=$1
shift
[ -x "$test" ] || test=$(dirname "$0")/../$test
[ -x "$test" ] || die "$test is not a program"
VFIO_SELFTESTS_BDF="${bdfs[*]}" exec "$test" "$@"
