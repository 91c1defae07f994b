#!/usr/bin/env bash
# A sweep as a shell loop: one `lossbench train` after the other, results in one folder. What is done is not trained again, so the same
# command goes on where it was stopped. `lossbench sweep` does this on all cores and reads the data once; the loop is for what a sweep
# block cannot say.
#
#     scripts/sweep-loop.sh configs/fashion_mnist_mlp.yaml loss.name ce gce mae
#     SEEDS='1 2 3 4 5' scripts/sweep-loop.sh CONFIG KEY VALUE...
#
# Exit status: 0 all ran; 1 some could not, which are named.
set -u

[ $# -ge 3 ] || { echo "usage: [SEEDS='1 2 3'] $0 CONFIG KEY VALUE..." >&2; exit 2; }
config=$1 key=$2
shift 2
failed=0
for value; do
	for seed in ${SEEDS:-1 2 3}; do
		lossbench train --config "$config" --set "$key=$value" --set "train.seed=$seed" --quiet && continue
		[ $? -ne 130 ] || exit 130
		echo "$0: $key=$value train.seed=$seed did not run" >&2
		failed=1
	done
done
exit $failed
