#!/usr/bin/env bash
# losses new: what it writes passes its check and trains as it stands; the C file compiles, and gives the gradient of its value.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
samples=$LB_ROOT/datasets/samples
for task in multiclass binary regression; do
	assert_exit 0 lossbench losses new my_$task --task $task
	assert_eq "$out" "my_$task.loss.yaml written; next: lossbench losses check my_$task.loss.yaml"
	assert_exit 0 lossbench losses check my_$task.loss.yaml
	assert_contains "$out" ', 0 failed'
	case $task in multiclass) data=iris ;; binary) data=sonar ;; *) data=concrete ;; esac
	printf '%s\n' "task: $task" "data: {train: {path: $samples/$data.csv.gz, label: -1}}" "loss: {file: my_$task.loss.yaml}" 'train: {epochs: 1}' >c.yaml
	assert_exit 0 lossbench train c.yaml --quiet
	assert_exit 0 lossbench losses new plain --task $task --out plain_$task.c
	assert_contains "$out" "plain_$task.c written"
done
assert_exit 2 lossbench losses new my_binary --task binary
assert_contains "$err" 'my_binary.loss.yaml already exists; delete it or choose another --out'
assert_exit 2 lossbench losses new focal
assert_contains "$err" 'there is a multiclass loss focal'
assert_exit 2 lossbench losses new Mine
assert_exit 2 lossbench losses new mine --task survival
[ ! -e mine.loss.yaml ] || fail 'a refused template was written'

# Each C file alone: a program that calls its row function, beside differences, in both precisions.
needs gcc
for task in multiclass binary regression; do
	cat >main.c <<C
#include "plain_$task.c"
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
	struct lb_arg par[1] = { { .v = 1.5 } };
	const real target[3] = { R(0.5), R(-1.0), R(2.0) };
	int32_t y = 1;
	struct lb_batch in = { .b = 1, .c = $([ $task = binary ] && echo 1 || echo 3), .par = par, .y = &y, .target = target };
	real z[3] = { R(0.3), R(-1.2), R(0.9) }, g[3];
	row(&in, 0, z, g);
	for (size_t k = 0; k < in.c; k++) {
		const real was = z[k], h = REAL_BITS == 32 ? R(1e-2) : R(1e-5);
		z[k] = was + h;
		const double up = (double)row(&in, 0, z, NULL);
		z[k] = was - h;
		const double slope = (up - (double)row(&in, 0, z, NULL)) / (2 * (double)h);
		z[k] = was;
		if (!((slope - (double)g[k]) * (slope - (double)g[k]) < (REAL_BITS == 32 ? 1e-5 : 1e-14)))
			return printf("%zu: %g %g\n", k, slope, (double)g[k]), 1;
	}
	printf("%.12g\n", (double)row(&in, 0, z, NULL));
	return 0;
}
C
	for bits in 32 64; do
		gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -I"$LB_ROOT" -I. -DLB_REAL=$bits -o main main.c -lm
		./main >value.$bits || fail "$task, float$bits: $(cat value.$bits)"
	done
	case $task in
	multiclass) want=$(awk 'BEGIN { printf "%.12g", 1.5 * (log(exp(0.3) + exp(-1.2) + exp(0.9)) + 1.2) }') ;;
	binary) want=$(awk 'BEGIN { printf "%.12g", 1.5 * log(1 + exp(-0.3)) }') ;;
	*) want=$(awk 'BEGIN { printf "%.12g", 1.5 * (0.2 ^ 2 + 0.2 ^ 2 + 1.1 ^ 2) / 3 }') ;;
	esac
	assert_eq "$(cat value.64)" "$want" "value of $task"
done
