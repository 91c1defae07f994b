#!/usr/bin/env bash
# tests/valgrind.sh BINARY: memcheck on a training of each precision, on a config that is refused and on the checks of a loss.
# A read of what was never written, a write outside, or a block that is lost ends it with 1.
set -eu

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
	echo 'usage: tests/valgrind.sh BINARY' >&2
	exit 2
fi
command -v valgrind >/dev/null || { echo 'valgrind is not installed (scripts/setup.sh check)' >&2; exit 2; }
binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
sed '/^sweep:/,/^output:/d' configs/smoke.yaml >"$scratch/trial.yaml"

# No suppressions. "Still reachable" is not asked for: OpenBLAS and the C library keep buffers until the process ends.
passed=0 failed=0
run() { # STATUS ARGUMENT...
	local status=0
	valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible \
		--log-file="$scratch/log" "$binary" "${@:2}" >"$scratch/out" 2>&1 || status=$?
	if [ "$status" = "$1" ] && [ ! -s "$scratch/log" ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "lossbench ${*:2}: status $status, expected $1"
	cat "$scratch/log" "$scratch/out"
}

for precision in float32 float64; do
	run 0 train "$scratch/trial.yaml" --set loss.name=ce --set train.precision=$precision --set "output.dir=$scratch/$precision" \
		--set output.predictions=true --set model.kind=mlp --set 'model.hidden=[5,4]' --set model.dropout=0.1
done
run 0 train "$scratch/trial.yaml" --set loss.name=ce --set train.precision=float32 --set "output.dir=$scratch/float32" --set model.kind=linear
run 3 train "$scratch/trial.yaml" --set loss.name=cee --set train.batch=0
run 4 train "$scratch/trial.yaml" --set loss.name=ce --set data.train.path=configs/smoke.yaml
run 0 losses check ce
run 0 losses eval gce --param q=0.5 < <(echo '{"scores": [[1, 2, 3]], "labels": [0]}')
echo "valgrind: $passed passed, $failed failed"
[ $failed -eq 0 ]
