#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Give PCI devices that setup.sh took back to their drivers.
set -eu
# shellcheck source-path=SCRIPTDIR disable=SC1091
. "$(dirname "$0")/lib.sh"

usage="usage: cleanup.sh [BDF...]

Without a BDF: all that setup.sh took."

give_back() {
	local bdf="$1" driver

	[ -e "$STATE/$bdf" ] || die "$bdf was not taken by setup.sh"
	driver=$(cat "$STATE/$bdf")
	echo >"$PCI/devices/$bdf/driver_override"
	move_to "$bdf" "$driver" || die "$bdf can't be bound to $driver, see dmesg"
	rm "$STATE/$bdf"
	printf '%s: back to %s\n' "$bdf" "${driver:-no driver}"
}

case ${1:-} in
-h | --help) echo "$usage"; exit ;;
esac
need_root
if [ $# = 0 ] && [ -d "$STATE" ]; then
	for file in "$STATE"/*; do
		[ ! -e "$file" ] || set -- "$@" "${file##*/}"
	done
fi
for bdf; do
	give_back "$bdf"
done
[ ! -d "$STATE" ] || rmdir --ignore-fail-on-non-empty "$STATE"
