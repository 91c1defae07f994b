#!/usr/bin/env bash
# Runs the tests: unit programs, command-line tests, Python unittests of the scripts. The last line is the tally.
set -u

# shellcheck disable=SC2016 # $BUILD stands for itself in the text
usage='Usage: tests/run.sh [--filter PREFIX] [--list]

  unit/NAME     tests/unit/NAME.c, built as $BUILD/unit/NAME; counts the tests of its last line "NAME: N passed, N failed";
                NAME has the folders of the tested file: unit/core/base/test_json tests core/base/json.c
  cli/NAME      tests/cli/NAME.sh, run in an empty folder of its own with the built program first on PATH (tests/cli/lib.bash)
  scripts/NAME  tests/scripts/NAME.py, Python unittests

  --filter PREFIX  only tests whose name begins so, with all its folders, without the first, or without any
  --list           print the names and run nothing

Environment: BUILD (folder of the build, default build), JOBS (tests at a time, default 2), TIMEOUT (seconds a test, default 300),
EMULATOR (a program that runs those of another processor, as qemu-aarch64), PYTHON (default: /usr/bin/python3, else python3), UPDATE=1
(rewrite each cli/NAME.out that exists with what the test prints).
Exit codes: 0 all passed; 1 some failed; 2 the command line is wrong.'

self=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/run.sh
root=$(dirname "$(dirname "$self")")

# ---- one test: each of these prints its findings and leaves "passed failed skipped seconds" of the processor in $tally ----

# report STATE NAME DETAIL...: one line, then what the test printed if it is worth seeing.
report() { printf '%-4s %s%s\n' "$1" "$2" "${3:+: $3}"; }
count() {
	times >"$scratch/times" # not in a subshell, which has times of its own
	echo "$1 $2 $3 $(awk -F '[ms ]' 'END { printf "%d", 60 * $1 + $2 + 60 * $4 + $5 }' "$scratch/times")" >"$tally"
}
failed() { count 0 1 0; report FAIL "$name" "$1"; sed 's/^/     | /' "${@:2}"; }
limited() { timeout --kill-after=5 "${TIMEOUT:-300}" "$@"; }

run_unit() {
	local program=$build/unit/${name#*/} code n_passed n_failed
	if [ ! -x "$program" ]; then
		failed "not built ($program)"
		return
	fi
	(cd "$root" && CK_DEFAULT_TIMEOUT=${CK_DEFAULT_TIMEOUT:-30} limited ${EMULATOR:+"$EMULATOR"} "$program") >"$scratch/out" 2>&1 </dev/null
	code=$?
	read -r n_passed n_failed < <(tail -n 1 "$scratch/out" | sed -nE 's/^.*: ([0-9]+) passed, ([0-9]+) failed$/\1 \2/p')
	if [ -z "${n_passed:-}" ]; then
		failed "ended with status $code and no count of tests" "$scratch/out"
	elif [ "$n_failed" -gt 0 ] || [ $code -ne 0 ]; then
		count "$n_passed" $((n_failed ? n_failed : 1)) 0
		report FAIL "$name" "$n_failed of $((n_passed + n_failed)) failed, status $code"
		sed 's/^/     | /' "$scratch/out"
	else
		count "$n_passed" 0 0
		report ok "$name" "$n_passed"
	fi
}

# matches GLOBS FILE: line by line; a line "..." stands for any number of lines.
matches() {
	local -a globs got
	mapfile -t globs <"$1"
	mapfile -t got <"$2"
	local w=0 g=0 star=-1 mark=0
	# shellcheck disable=SC2053 # the right side is a pattern on purpose
	while [ $g -lt ${#got[@]} ]; do
		if [ $w -lt ${#globs[@]} ] && [ "${globs[w]}" = ... ]; then
			star=$((w++)) mark=$g
		elif [ $w -lt ${#globs[@]} ] && [[ ${got[g]} == ${globs[w]} ]]; then
			w=$((w + 1)) g=$((g + 1))
		elif [ $star -ge 0 ]; then
			w=$((star + 1)) g=$((++mark))
		else
			return 1
		fi
	done
	while [ $w -lt ${#globs[@]} ] && [ "${globs[w]}" = ... ]; do w=$((w + 1)); done
	[ $w -eq ${#globs[@]} ]
}

# The expectations beside the script that the run does not meet, one a line.
unmet() {
	local base=$1 code=$2 want=0
	[ -f "$base.exit" ] && want=$(cat "$base.exit")
	[ "$code" = "$want" ] || echo "exit status $code, expected $want$([ "$code" = 124 ] && echo " (timed out)")"
	[ -n "${UPDATE:-}" ] && [ -f "$base.out" ] && cp "$scratch/out" "$base.out"
	[ -f "$base.out" ] && ! cmp -s "$base.out" "$scratch/out" && {
		echo "standard output differs from $(basename "$base").out:"
		diff -u "$base.out" "$scratch/out" | tail -n +3
	}
	[ -f "$base.out.glob" ] && ! matches "$base.out.glob" "$scratch/out" &&
		echo "standard output does not match $(basename "$base").out.glob"
	[ -f "$base.err.glob" ] && ! matches "$base.err.glob" "$scratch/err" &&
		echo "standard error does not match $(basename "$base").err.glob"
}

run_cli() {
	local base=$root/tests/${name} reason code
	mkdir "$scratch/work"
	(cd "$scratch/work" && TMPDIR=$scratch limited "$base.sh") >"$scratch/out" 2>"$scratch/err" </dev/null
	code=$?
	reason=$(sed -n 's/^SKIP: //p' "$scratch/out" | head -n 1)
	if [ $code -eq 77 ] && [ -n "$reason" ]; then
		count 0 0 1
		report skip "$name" "$reason"
		return
	fi
	unmet "$base" $code >"$scratch/unmet"
	if [ -s "$scratch/unmet" ]; then
		failed "$(head -n 1 "$scratch/unmet")" <(tail -n +2 "$scratch/unmet") "$scratch/out" "$scratch/err"
	else
		count 1 0 0
		report ok "$name"
	fi
}

run_scripts() {
	local n n_failed n_skipped
	(cd "$root" && limited "$PYTHON" -m unittest discover -v -s tests/scripts -p "${name#*/}.py") >"$scratch/out" 2>&1 </dev/null
	n=$(sed -nE 's/^Ran ([0-9]+) tests? in .*/\1/p' "$scratch/out" | tail -n 1)
	n_failed=$(tail -n 1 "$scratch/out" | grep -oE '(failures|errors|unexpected successes)=[0-9]+' | cut -d= -f2 | paste -sd+ -)
	n_skipped=$(tail -n 1 "$scratch/out" | sed -nE 's/.*skipped=([0-9]+).*/\1/p')
	n_failed=$((${n_failed:-0})) n_skipped=${n_skipped:-0}
	if [ "${n:-0}" -eq 0 ] || ! tail -n 1 "$scratch/out" | grep -qE '^(OK|FAILED)'; then
		failed "no tests were run" "$scratch/out"
		return
	fi
	count $((n > n_failed + n_skipped ? n - n_failed - n_skipped : 0)) $n_failed "$n_skipped"
	sed -nE "s/^(.*) \.\.\. skipped (.*)/skip ${name//\//\\/}: \1: \2/p" "$scratch/out"
	if [ $n_failed -gt 0 ]; then
		report FAIL "$name" "$n_failed of $n failed"
		sed 's/^/     | /' "$scratch/out"
	else
		report ok "$name" "$((n - n_skipped))"
	fi
}

run_one() {
	name=$1 tally=$LB_TALLIES/${1//\//.}
	scratch=$(mktemp -d) || exit 1
	trap 'rm -rf "$scratch"' EXIT
	count 0 1 0
	"run_${name%%/*}" >"$scratch/report" 2>&1
	cat "$scratch/report"
}

# ---- all tests ----

names() {
	local file
	{
		find "$root/tests/unit" -name 'test_*.c' | LC_ALL=C sort
		printf '%s\n' "$root"/tests/cli/*.sh "$root"/tests/scripts/test_*.py
	} | while read -r file; do
		[ -f "$file" ] || continue
		file=${file#"$root"/tests/}
		file=${file%.*}
		case "$file|${file#*/}|${file##*/}|${file%%/*}/${file##*/}" in "$filter"* | *"|$filter"*) echo "$file" ;; esac
	done
}

filter='' list=''
build=${BUILD:-build}
case $build in /*) ;; *) build=$root/$build ;; esac
while [ $# -gt 0 ]; do
	case $1 in
	--one) run_one "$2"; exit 0 ;;
	--filter) filter=${2-}; shift $(($# > 1)) ;;
	--filter=*) filter=${1#*=} ;;
	--list) list=1 ;;
	-h | --help) printf '%s\n' "$usage"; exit 0 ;;
	*) echo "run.sh: unknown argument '$1' (--help shows the usage)" >&2; exit 2 ;;
	esac
	shift
done
if [ -n "$list" ]; then
	names
	exit 0
fi

if [ -z "${PYTHON:-}" ]; then
	if [ -x /usr/bin/python3 ]; then PYTHON=/usr/bin/python3; else PYTHON=python3; fi
fi
LB_TALLIES=$(mktemp -d) || exit 1
trap 'rm -rf "$LB_TALLIES"' EXIT
trap 'exit 130' INT TERM
LB_BIN=$build/lossbench
mkdir "$LB_TALLIES/bin"
ln -s "$(command -v "$PYTHON")" "$LB_TALLIES/bin/python3" # the one that a test's own scripts take too
if [ -n "${EMULATOR:-}" ]; then
	printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$EMULATOR" "$LB_BIN" >"$LB_TALLIES/bin/lossbench"
	chmod +x "$LB_TALLIES/bin/lossbench"
	LB_BIN=$LB_TALLIES/bin/lossbench
fi
export PYTHON LB_TALLIES LB_BIN LB_ROOT=$root PATH=${LB_BIN%/*}:$LB_TALLIES/bin:$PATH LC_ALL=C

[ -x "$LB_BIN" ] || echo "note: $LB_BIN is not there; run make first"
[ -n "$(names)" ] || { echo "run.sh: no test is called '$filter...'" >&2; exit 2; }
names | xargs -r -P "${JOBS:-2}" -n 1 "$self" --one | tee "$LB_TALLIES/log"
grep '^FAIL' "$LB_TALLIES/log" >"$LB_TALLIES/failures" && printf '\nFailed:\n' && cat "$LB_TALLIES/failures"
(cd "$LB_TALLIES" && grep -H . ./*.*) | sed -E 's|^\./([^:]*):.* |\1 |' | sort -k2nr | awk '$2 >= 20 && NR <= 8 { printf "%s %s %d", n++ ? "," : "Slow tests, in seconds of the processor:", $1, $2 }
	END { if (n) print "" }'
cat "$LB_TALLIES"/*.* 2>/dev/null | awk '{ p += $1; f += $2; s += $3 }
	END { printf "%d passed, %d failed%s\n", p, f, s ? ", " s " skipped" : ""; exit !!f }'
