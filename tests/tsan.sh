#!/usr/bin/env bash
# tests/tsan.sh BUILD: what has threads, under ThreadSanitizer. One report ends it with 1.
set -u

if [ $# -ne 1 ] || [ ! -x "$1/lossbench" ]; then
	echo 'usage: tests/tsan.sh BUILD' >&2
	exit 2
fi
build=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
sed '/^sweep:/,/^output:/d' configs/smoke.yaml >"$scratch/trial.yaml"
# OpenBLAS is not built with the sanitizer; with one thread of its own it starts none.
export TSAN_OPTIONS=exitcode=66 OPENBLAS_NUM_THREADS=1

passed=0 failed=0
run() {
	local status=0
	"$@" >"$scratch/out" 2>&1 || status=$?
	if [ $status -eq 0 ] && ! grep -q 'WARNING: ThreadSanitizer' "$scratch/out"; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "$*: status $status"
	cat "$scratch/out"
}
CK_FORK=no run "$build/unit/core/numeric/test_thread_team"
run "$build/unit/datasets/io/test_stream"
for model in linear mlp; do
	run "$build/lossbench" train "$scratch/trial.yaml" --threads 2 --quiet --set loss.name=ce --set model.kind=$model --set train.epochs=2 \
		--set "output.dir=$scratch/$model"
done
echo "tsan: $passed passed, $failed failed"
[ $failed -eq 0 ]
