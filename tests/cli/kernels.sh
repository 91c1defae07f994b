#!/usr/bin/env bash
# --kernels and --threads: what runs is recorded, results are the same to the byte where that is promised, and near where it is not; a
# cohort of any size gives what each trial gives alone.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

cat >c.yaml <<YAML
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/vowel.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2, stratify: true}
model: {kind: mlp, hidden: [33, 20]}
loss: {name: ce}
optimizer: {name: sgd, lr: 0.05, momentum: 0.9}
train: {epochs: 4, batch: 37}
metrics: [accuracy, log_loss]
output: {dir: none}
YAML
train() { assert_exit 0 lossbench train c.yaml --quiet --set "output.dir=$1" "${@:2}"; }
record() { cat "$1"/trials/*.json; }
of_best() { awk -v x="$(json best.json .result.metrics.test.log_loss)" -v f="$1" 'BEGIN { printf "%.12g", x * f }'; }

train best
record best >best.json
mapfile -t sets < <("$py" -c 'import json; print(*json.load(open("best.json"))["run"]["kernels_here"], sep="\n")')
assert_eq "$(json best.json .run.kernels)" "${sets[0]}"
for set in "${sets[@]}"; do
	train "$set" --kernels "$set"
	record "$set" >"$set.json"
	assert_eq "$(json "$set.json" .run.kernels)" "$set"
	case $set in
	avx*) assert_same_results best "$set" ;;
	*) assert_between "$(json "$set.json" .result.metrics.test.log_loss)" "$(of_best 0.999)" "$(of_best 1.001)" ;;
	esac
done
assert_exit 2 lossbench train c.yaml --kernels avx51
assert_contains "$err" '--kernels: found "avx51", allowed on this processor: auto'
assert_contains "$err" 'blas, generic'

for threads in 2 3 8; do
	train "threads$threads" --threads $threads
	assert_same_results best "threads$threads"
done
assert_exit 2 lossbench train c.yaml --threads 0
assert_contains "$err" 'threads'

# Alone, and in cohorts of 1, 2, 3, 17 and 34 trials asked for.
for n in 1 2 3 17 34; do
	lrs=$(seq -s, 0.01 0.01 "$(awk -v n=$n 'BEGIN { print n / 100 }')")
	for jobs in 1 3; do
		assert_exit 0 lossbench sweep c.yaml --quiet --jobs $jobs --set "optimizer.lr=$lrs" --set "output.dir=many$n-$jobs"
		assert_eq "$(find "many$n-$jobs" -name '*.json' | wc -l)" "$n"
	done
	assert_same_results "many$n-1" "many$n-3"
done
for lr in 0.01 0.02 0.03 0.17 0.34; do
	train alone --set optimizer.lr=$lr
done
for f in alone/trials/*.json; do
	mkdir -p part/trials
	cp "many34-1/trials/$(basename "$f")" part/trials/
done
assert_same_results alone part
