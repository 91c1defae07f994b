#!/usr/bin/env bash
# tests/fault/leaks.sh BUILD [STEP]: every STEP-th allocation (default 37), and every write, fsync and rename, of a small training fails
# under valgrind: the run ends with 0 or 5, what it owned was freed, and no byte was read that nobody wrote.
set -u

if [ $# -lt 1 ] || [ ! -x "$1/lossbench" ] || [ ! -f "$1/fault/inject.so" ]; then
	echo 'usage: tests/fault/leaks.sh BUILD [STEP] (make leaks)' >&2
	exit 2
fi
build=$(cd "$1" && pwd) step=${2:-37} root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 2
cat >t.yaml <<YAML
task: multiclass
data:
  train: {path: $root/datasets/samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
loss: {name: gce, q: 0.5}
model: {kind: mlp, hidden: [4]}
train: {epochs: 1, precision: float64}
metrics: [accuracy]
output: {dir: r, predictions: true, model: true}
YAML
# The allocator to fail stands in inject.so: valgrind is to leave it alone and to watch the C library's behind it.
watch=(valgrind -q --trace-children=yes --soname-synonyms=somalloc=nouserintercepts --leak-check=full --errors-for-leak-kinds=definite
	--show-leak-kinds=definite --error-exitcode=99)

failed=0
# try KIND N: false when there is no N-th call.
try() {
	local status=0
	rm -rf r mark
	timeout 120 "${watch[@]}" env LB_FAULT="$1:$2" LB_FAULT_MARK="$scratch/mark" OPENBLAS_NUM_THREADS=1 LD_PRELOAD="$build/fault/inject.so" \
		"$build/lossbench" train t.yaml --quiet --kernels generic >out 2>err || status=$?
	[ -f mark ] || return 1
	case $status in
	0 | 5) ;;
	*) failed=$((failed + 1)) && echo "$1 $2: status $status" && head -n 40 err ;;
	esac
}

all=0
for kind in alloc write fsync rename; do
	n=1 tried=0 by=1
	[ $kind != alloc ] || by=$step
	while try $kind $n; do
		tried=$((tried + 1))
		n=$((n + by))
	done
	echo "$kind: $tried failures"
	all=$((all + tried))
done
echo "leaks: $all runs, $failed with a finding"
[ $failed -eq 0 ] && [ $all -gt 0 ]
