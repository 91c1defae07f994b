#!/usr/bin/env bash
# kill -9 at random moments of a sweep, the parent or a worker or all: whatever is left is resumed to the results of the undisturbed
# run. Eight kills; LB_FULL=1: 200. SEED=N repeats a run's moments.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

kills=$((${LB_FULL:-0} ? 200 : 8))
RANDOM=${SEED:=$((RANDOM + 1))}
folder='results of Zoë, 結果' # a path with blanks and letters beyond ASCII
cat >c.yaml <<YAML
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/wine.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2, stratify: true}
model: {kind: mlp, hidden: [32]}
loss: {name: ce}
train: {epochs: 40, batch: 8}
metrics: [accuracy, log_loss]
sweep: {loss: [{name: ce}, {name: gce}], train.seed: {from: 1, to: 6}}
YAML
sweep() { exec lossbench sweep c.yaml --quiet "$@"; }
(sweep --set output.dir=whole)
records() { { find "$folder/trials" -name '[0-9a-f]*.json' 2>/dev/null || true; } | sort; }

begin=$(date +%s%N)
(sweep --jobs 2 --set output.dir=timed)
whole_ms=$((($(date +%s%N) - begin) / 1000000 + 1))

done_before='' finished=0
for ((k = 1; k <= kills; k++)); do
	[ "$(records | wc -l)" -lt 12 ] || { rm -r "$folder" && done_before='' finished=$((finished + 1)); }
	(sweep --jobs 2 --set "output.dir=$folder") &
	parent=$!
	sleep "$(awk -v r="$RANDOM" -v ms=$whole_ms 'BEGIN { printf "%.3f", r / 32768 * ms / 1000 }')"
	mapfile -t workers < <(children $parent)
	case $((RANDOM % 3)) in
	0) victims=("$parent") ;;
	1) victims=("${workers[@]:0:1}") ;;
	2) victims=("$parent" "${workers[@]}") ;;
	esac
	[ ${#victims[@]} -eq 0 ] || kill -9 "${victims[@]}" 2>/dev/null || true
	status=0
	wait $parent 2>/dev/null || status=$?
	case $status in 0 | 1 | 137) ;; *) fail "kill $k (SEED=$SEED): status $status" ;; esac
	for pid in "${workers[@]}"; do wait_until 10 eval "! grep -qs '^State:.[^ZX]' /proc/$pid/status"; done
	for f in $done_before; do [ -s "$folder/trials/$f" ] || fail "kill $k (SEED=$SEED): the record $f was lost"; done
	done_before=$({ records | xargs -r -d '\n' grep -l '"status": "ok"' || true; } | xargs -r -d '\n' -n 1 basename)
done
mkdir -p "$folder/trials"
echo '{' >"$folder/..plan.tmp-$BASHPID"0000-0123456789abcdef # of a process that cannot be
echo lossbench >"$folder/trials/..probe.tmp-$BASHPID"0000-0123456789abcdef
records | head -n 1 | xargs -r -d '\n' rm
assert_exit 0 lossbench sweep c.yaml --jobs 2 --set "output.dir=$folder"
assert_same_results whole "$folder"
tidy "$folder"
echo "$kills kills, $finished whole sweeps on the way (SEED=$SEED)"

# A clock that goes back a day between a sweep and its resume changes nothing.
inject=$(dirname "$LB_BIN")/fault/inject.so
[ -f "$inject" ] || skip 'the part with a clock set back: tests/fault/inject.c is not built (make unit); the rest passed'
! sanitized || skip 'the part with a clock set back: AddressSanitizer does not start with the preloaded library; the rest passed'
ids=$(lossbench sweep c.yaml --list --set output.dir=back | cut -f1 | head -n 6 | paste -sd,)
(sweep --only "$ids" --set output.dir=back)
assert_exit 0 env LB_FAULT=clock:1 LB_FAULT_MARK="$PWD/mark" LD_PRELOAD="$inject" lossbench sweep c.yaml --jobs 2 --set output.dir=back
[ -f mark ] || fail 'no call of the clock'
assert_same_results whole back
assert_lacks "$err" ' -'
assert_exit 0 lossbench status back
assert_contains "$out" '12'
