#!/usr/bin/env bash
# The n-th allocation, write, fsync, rename, open, read, fork or thread fails, for n = 1, 2, ...: one message and the right code or,
# where it could be made good, the same result; no half record; the same command then completes. LB_FULL=1 takes every n.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

inject=$(dirname "$LB_BIN")/fault/inject.so
[ -f "$inject" ] || skip 'tests/fault/inject.c is not built (make unit)'
! sanitized || skip 'AddressSanitizer does not start with a preloaded allocator; make leaks runs faults under valgrind'
export XDG_CACHE_HOME=$PWD/cache OPENBLAS_NUM_THREADS=1
cp "$LB_ROOT/datasets/samples/iris.csv.gz" .
{ gzip -dc iris.csv.gz; for _ in {1..40}; do gzip -dc iris.csv.gz | tail -n +2; done; } | tr , ';' >long.csv
for _ in {1..10}; do tail -n +2 long.csv; done | cat long.csv - | gzip -n >long.csv.gz # inflated ahead by a thread

config() { # FILE DATA [LINE]
	cat >"$1" <<YAML
task: multiclass
data:
  train: {path: $2, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
loss: {name: ce}
model: {kind: mlp, hidden: [4]}
train: {epochs: 2, precision: float64}
metrics: [accuracy, log_loss]
output: {dir: r, predictions: true}
${3:-}
YAML
}
config t.yaml iris.csv.gz
config s.yaml iris.csv.gz 'sweep: {train.seed: [1, 2, 3, 4]}'
config l.yaml long.csv.gz

# What the run that nothing disturbs leaves, of each config.
for c in t s l; do
	lossbench "$([ $c = s ] && echo sweep || echo train)" $c.yaml --quiet --set output.dir=whole.$c >out.$c
done

# same CONFIG: every record that is there is whole, and is that of the undisturbed run unless the trial failed or was broken off.
same() {
	local f files=(r/trials/[0-9a-f]*.json) ended=()
	if [ -f "${files[0]}" ]; then
		jq -es 'all(.[]; .result.status)' "${files[@]}" >/dev/null || fail "$what: half a record: ${files[*]}"
		mapfile -t ended < <(grep -LE '"status": "(failed|interrupted)"' "${files[@]}")
	fi
	for f in "${ended[@]}"; do
		diff <(jq -S .result "$f") <(jq -S .result "whole.$1/trials/${f##*/}") >/dev/null || fail "$what: another result in $f"
	done
	[ -z "$(find r -name '*.tmp-*' 2>/dev/null)" ] || fail "$what: half a file is left: $(find r -name '*.tmp-*')"
}

# fault KIND N CODES CONFIG COMMAND...: runs it so; false when there is no N-th call.
fault() {
	local kind=$1 n=$2 codes=$3 config=$4 status=0 lines=0 line said
	what="$kind $n of ${*:5}"
	rm -rf r mark
	timeout 60 env LB_FAULT="$kind:$n" LB_FAULT_MARK="$PWD/mark" LD_PRELOAD="$inject" lossbench "${@:5}" --quiet >out 2>err || status=$?
	[ -f mark ] || return 1
	tried=$((tried + 1))
	case " $codes 0 " in *" $status "*) ;; *) fail "$what: status $status, expected one of $codes 0"$'\n'"$(cat err mark)" ;; esac
	mapfile -t said <err
	for line in "${said[@]}"; do
		[[ $line != *Sanitizer* && $line != *'runtime error'* ]] || fail "$what: $(cat err)"
		[[ $status != 0 || $line == *'warning: '* ]] || fail "$what: status 0 with $(cat err)"
		[[ $line != 'lossbench: '* || $line == 'lossbench: warning: '* ]] || lines=$((lines + 1))
	done
	[ $status = 0 ] || [ "$lines" = 1 ] || fail "$what: status $status with $lines messages"$'\n'"$(cat err mark)"
	same "$config"
	[ $status = 0 ] && return
	failed=$((failed + 1))
	[ -d r ] || return 0
	assert_exit 0 lossbench "${@:5}" --quiet
	assert_same_results "whole.$config" r
	assert_eq "$(find r -type f | grep -vE '/trials/([0-9a-f]{16}\.(json|predictions\.csv)|\.lock)$|/\.plan$')" '' "$what: left over"
}

# after N: the next n; each one at first, then further apart by a quarter.
after() { echo $(($1 + 1 + ($1 > 12 && ! ${LB_FULL:-0}) * ($1 / 4))); }

# KIND | codes | config | command
failed=0 all=0
while IFS='|' read -r kind codes config command; do
	tried=0 n=1
	# shellcheck disable=SC2086 # several words
	while fault "$kind" $n "$codes" "$config" $command; do n=$(after $n); done
	[ $tried -gt 0 ] || fail "no call of $kind in $command"
	all=$((all + tried))
	echo "$kind, $command: $tried of about $((n - 1)) calls failed"
done <<'CASES'
alloc|5|t|train t.yaml
alloc|5|l|train l.yaml
alloc|1 5|s|sweep s.yaml --jobs 2
write|5|t|train t.yaml
write|1 5|s|sweep s.yaml --jobs 2
fsync|5|t|train t.yaml
fsync|1 5|s|sweep s.yaml --jobs 2
rename|5|t|train t.yaml
rename|1 5|s|sweep s.yaml --jobs 2
open|3 4 5|t|train t.yaml
open|1 3 4 5|s|sweep s.yaml --jobs 2
read|3 4 5|l|train l.yaml
fork|5|s|sweep s.yaml --jobs 2
thread|5|l|train l.yaml
CASES
assert_between $failed 30 100000 'failures that ended a run'
echo "$all calls failed, $failed of them ended the run"
