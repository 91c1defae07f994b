# Helpers for tests/cli/*.sh. Begin a test with:   . "$LB_ROOT/tests/cli/lib.bash"
#
# A test runs in an empty folder of its own; `lossbench` is the built program, $LB_ROOT the project. It passes when it ends with
# status 0. Beside NAME.sh may stand NAME.out (exact standard output), NAME.out.glob and NAME.err.glob (a pattern a line, "..." for
# any number of lines) and NAME.exit (another status than 0).
# shellcheck shell=bash
set -euo pipefail

out='' err='' # what the last assert_exit command printed

fail() {
	printf 'line %s: %s\n' "${BASH_LINENO[1]}" "$*" >&2
	exit 1
}

# Ends the test as skipped.
skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

# needs COMMAND...: skips the test where one is not installed.
needs() {
	local c
	for c; do command -v "$c" >/dev/null || skip "$c is not installed"; done
}

# assert_eq FOUND EXPECTED [WHAT]
assert_eq() {
	[ "$1" = "$2" ] || fail "${3:-value}: found '$1', expected '$2'"
}

# assert_contains TEXT PART
assert_contains() {
	case $1 in *"$2"*) ;; *) fail "'$2' is not in: $1" ;; esac
}

assert_lacks() {
	case $1 in *"$2"*) fail "'$2' is in: $1" ;; esac
}

# assert_between FOUND LOW HIGH [WHAT], for numbers
assert_between() {
	awk -v x="$1" -v a="$2" -v b="$3" 'BEGIN { exit !(x ~ /^[-+]?[0-9.]/ && x + 0 >= a + 0 && x + 0 <= b + 0) }' ||
		fail "${4:-value}: found $1, expected $2 to $3"
}

printed=$(mktemp -d) # inside the runner's folder of the test, which it removes
# assert_exit STATUS COMMAND...: runs the command and keeps what it prints in $out and $err.
assert_exit() {
	local want=$1 status=0
	shift
	"$@" >"$printed/out" 2>"$printed/err" || status=$?
	out=$(<"$printed/out") err=$(<"$printed/err")
	[ "$status" = "$want" ] || fail "$*: exit status $status, expected $want"$'\n'"$out"$'\n'"$err"
}

# json FILE PATH: the value at a path such as .result.test.accuracy or .names[0]; texts bare, true/false/null and the rest as JSON.
# The file - is standard input. A path that is not there fails the test.
json() {
	"${PYTHON:-python3}" - "$1" "$2" 3<&0 <<'PY' || fail "no $2 in $1"
import json, re, sys

value = json.load(open(3) if sys.argv[1] == "-" else open(sys.argv[1]))
for key, index in re.findall(r"\.([^.\[\]]+)|\[(-?\d+)\]", sys.argv[2]):
    value = value[key] if key else value[int(index)]
print(value if isinstance(value, str) else json.dumps(value))
PY
}

# sanitized: true for a build under AddressSanitizer, with which a preloaded allocator does not start.
sanitized() { lossbench version --json | grep -q fsanitize=address; }

# needs_python MODULE...: skips the test where the interpreter lacks one.
needs_python() {
	local m
	for m; do "${PYTHON:-python3}" -c "import $m" 2>/dev/null || skip "python3 has no module $m"; done
}

# installed: puts the program in usr/bin and its scripts in usr/share/lossbench of the test's folder, first on PATH.
installed() {
	mkdir -p usr/bin usr/share/lossbench
	cp "$LB_BIN" usr/bin/lossbench
	cp -r "$LB_ROOT/scripts" usr/share/lossbench/scripts
	PATH=$PWD/usr/bin:$PATH
	export LOSSBENCH_PYTHON=${PYTHON:-python3}
}

# iris_config FILE FOLDER [LINE...]: a small study of two losses and three seeds whose records go to FOLDER.
iris_config() {
	cat >"$1" <<YAML
name: small
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
model: {kind: linear}
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 3, batch: 16}
metrics: [accuracy, log_loss]
sweep:
  loss: [{name: ce}, {name: brier}]
  train.seed: [1, 2, 3]
output: {dir: $2}
YAML
	printf '%s\n' "${@:3}" >>"$1"
}

# results FOLDER: the name and the result part of every record in it, byte for byte.
results() {
	awk 'FNR == 1 { n = split(FILENAME, part, "/"); print part[n] } /^  "result": \{/, /^  }/' "$1"/trials/*.json
}

# assert_same_results FOLDER FOLDER: the same trials with the same result, to the byte, and at least one.
assert_same_results() {
	local a b
	a=$(results "$1") b=$(results "$2")
	assert_contains "$a" '"status": "ok"'
	[ "$a" = "$b" ] || fail "results of $1 and $2 differ:"$'\n'"$(diff <(echo "$a") <(echo "$b") | head -n 20)"
}

# tidy FOLDER: fails where a run left anything but records and the lock file.
tidy() {
	assert_eq "$(find "$1" -type f ! -path '*/trials/*.json' ! -path '*/trials/.lock' ! -name .plan)$(find "$1" -name '.*.json*')" '' "left over in $1"
}

# children PID: the processes that it started and that still run, one a line.
children() {
	{ cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v p="$1" '$4 == p && $3 != "Z" { print $1 }' # some end while they are read
}

# wait_until SECONDS COMMAND...: fails where the command does not succeed in time.
wait_until() {
	local end=$((SECONDS + $1 * (${TIMEOUT:-300} > 300 ? ${TIMEOUT:-300} / 300 : 1))) # more under sanitizers
	shift
	until "$@"; do
		[ $SECONDS -le $end ] || fail "waited in vain for: $*"
		sleep 0.02
	done
}

# checkpoint_kept DIR: whether a trial there has one.
checkpoint_kept() { [ -n "$(find "$1/trials" -name '*.checkpoint' -print -quit 2>/dev/null)" ]; }

# killed_and_resumed MOST OPTIONS...: the sweep of these options, killed with its workers once a checkpoint is kept and before MOST records are
# there, goes on to the results of one that was not.
killed_and_resumed() {
	local most=$1 parent workers
	shift
	assert_exit 0 lossbench sweep "$@" --set output.dir=whole
	lossbench sweep "$@" --set output.dir=killed --set train.checkpoint=20 --jobs 2 &
	parent=$!
	wait_until 60 checkpoint_kept killed
	mapfile -t workers < <(children $parent)
	kill -9 $parent "${workers[@]}" 2>/dev/null || true
	wait $parent 2>/dev/null || true
	[ "$(find killed/trials -name '*.json' | wc -l)" -lt "$most" ] || fail 'all was done before the kill'
	assert_exit 0 lossbench sweep "$@" --set output.dir=killed --set train.checkpoint=20 --jobs 2
	assert_same_results whole killed
}

# same_in_any_company CONFIG RECORDS SET...: the trials of a study of this repository, with these --set, have the same results in one cohort
# (left in together/), with two threads, and each alone.
same_in_any_company() {
	local into=$PWD config=$1 records=$2 record
	shift 2
	local study=(lossbench sweep --config "$config" --quiet "${@/#/--set=}")
	cd "$LB_ROOT" || exit 1
	assert_exit 0 "${study[@]}" --set "output.dir=$into/together" --jobs 1
	assert_exit 0 "${study[@]}" --set "output.dir=$into/threads" --jobs 1 --threads 2
	for record in "$into"/together/trials/*.json; do
		assert_exit 0 "${study[@]}" --set "output.dir=$into/alone" --only "$(basename "$record" .json)"
	done
	cd "$into" || exit 1
	assert_eq "$(find together -name '*.json' | wc -l)" "$records" 'records of the study'
	assert_same_results together threads
	assert_same_results together alone
}
