#!/usr/bin/env bash
# Times the project's own workloads as whole processes, from file to record; prints minimum and median seconds. Nothing here passes
# or fails: times move with the machine. RUNS=N sets the number of runs (default 3).
set -eu
cd "$(dirname "$0")/../.."
runs=${RUNS:-3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# bench NAME ARGUMENTS...: each run starts from an empty results folder.
bench() {
	local name=$1 i start
	shift
	for ((i = 0; i < runs; i++)); do
		rm -rf "$scratch/results"
		start=$EPOCHREALTIME
		./lossbench "$@" --quiet --set "output.dir=$scratch/results" >/dev/null
		awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'
	done | sort -n >"$scratch/times"
	printf '%-40s %9s %9s\n' "$name" "$(head -1 "$scratch/times")" "$(sed -n "$(((runs + 1) / 2))p" "$scratch/times")"
}

./lossbench version | sed -n 2p
printf '%-40s %9s %9s\n' "seconds, $runs runs" minimum median
letter=(--config tests/bench/letter.yaml)
fashion=(--config tests/bench/fashion.yaml)
bench "start to first step, Letter" train "${letter[@]}" --set train.epochs=1 --set train.batch=1000000
bench "Letter, linear, 20 epochs" train "${letter[@]}"
bench "Letter, 16-64-26, 20 epochs" train "${letter[@]}" --set 'model={kind: mlp, hidden: [64]}'
bench "Letter, linear, 10 losses, 2 workers" sweep "${letter[@]}" --jobs 2 \
	--set loss=ce,label_smoothing,focal,mae,brier,gce,sce,poly1,cs,ww
bench "Fashion 2000 rows, 784-256-10, 10 epochs" train "${fashion[@]}" --set 'model={kind: mlp, hidden: [256]}'
if [ -e datasets/fashion-mnist/train-images-idx3-ubyte.gz ]; then
	bench "Fashion-MNIST, linear, 10 epochs" train --config configs/fashion_mnist_linear.yaml
	bench "Fashion-MNIST, 784-256-10, 10 epochs" train --config configs/fashion_mnist_mlp.yaml
else
	echo "Fashion-MNIST in full: not here; get it with scripts/fetch-data.sh fashion-mnist"
fi
