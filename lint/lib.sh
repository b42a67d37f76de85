# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the programs of lint/ share. They source this with their arguments, the names
# of checks (none: all), call check for each, and finish.

# Debian's python3 has the modules of scripts/packages.check, another may not.
PATH=/usr/bin:/bin:$PATH
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$here")
program=lint/$(basename "$0")
tree=${TREE:-$root/build/linux}
# shellcheck disable=SC2034 # the programs use it
work=$root/build/lint
logs=$root/out/log/lint
wanted=("$@")
count=0
failures=0

die() { printf '%s: %s\n' "$program" "$*" >&2; exit 1; }

case ${1:-} in
-h | --help) usage; exit 0 ;;
-*) usage >&2; exit 2 ;;
esac

need_tree() {
	[ -e "$tree/Makefile" ] || die "there is no $tree: run make tree"
	git -C "$tree" rev-parse -q --verify base >/dev/null || die "$tree was not made by make tree"
}

# One run of each program at a time works in its part of $work.
lock() {
	mkdir -p "$work"
	exec 9>"$work/.lock-${program##*/}"
	flock 9
}

is_wanted() {
	local name
	[ ${#wanted[@]} -gt 0 ] || return 0
	for name in "${wanted[@]}"; do
		[ "$name" != "$1" ] || return 0
	done
	return 1
}

# check NAME TITLE COMMAND...: one line of TAP; what COMMAND prints goes into a log.
check() {
	local name=$1 title=$2 began=$SECONDS status log
	shift 2
	is_wanted "$name" || return 0
	mkdir -p "$logs"
	log=$logs/$(basename "$0")-$name.log
	count=$((count + 1))
	(set -eu; "$@") >"$log" 2>&1 </dev/null 9>&-
	status=$?
	if [ $status -eq 0 ]; then
		printf 'ok %d - %s (%d s)\n' "$count" "$title" $((SECONDS - began))
	else
		failed "$title" "$name" "$log"
	fi
	return 0
}

failed() {
	failures=$((failures + 1))
	printf 'not ok %d - %s\n' "$count" "$1"
	tail -n 15 "$3" | cut -c 1-200 | sed 's/^/#   | /'
	printf '#   log:   %s\n' "$3"
	printf '#   again: cd %q && %s%s %s\n' "$root" "${TREE:+TREE=$(printf '%q' "$TREE") }" "$program" "$2"
}

# The plan, and the exit status.
finish() {
	[ $count -gt 0 ] || die "there is no check named ${wanted[*]}"
	printf '1..%d\n' "$count"
	[ $failures -eq 0 ]
	exit
}

# Lines of the file $2 that the file $1 has not, line numbers aside: new warnings.
new_lines() {
	LC_ALL=C comm -13 <(without_lines <"$1") <(without_lines <"$2")
}

without_lines() { sed -E 's/:[0-9]+(:[0-9]+)?:/:/' | LC_ALL=C sort; }
