#!/usr/bin/env bash
# Losses of prototypes and of few-shot episodes from the command line: values as their papers' definitions have them, several prototypes a
# class, a training of each, episodes, what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

# Two prototypes a class, side by side; the gradient comes for each.
echo '{"embeddings": [[3, 0]], "labels": [0], "prototypes": [[0, 7], [-1, 0], [0, 2], [0.5, 0]]}' >two.json
lossbench losses eval embedding/subcenter_arcface --param scale=2 --param centers=2 <two.json >out.json
assert_eq "$(jq -c '[(.value * 1e9 | round), (.grad.prototypes | length)]' out.json)" '[3009428679,4]' subcenter_arcface
echo '{"embeddings": [[3, 0]], "labels": [0], "prototypes": [[0, 7], [-1, 0], [0, 2]]}' >three.json
assert_exit 4 lossbench losses eval embedding/subcenter_arcface --param centers=2 <three.json
[[ $err == *'prototypes: found 3 rows, allowed: 2 for each class'* ]] || fail "$err"

# Classes of an episode need no column each.
echo '{"embeddings": [[0, 0], [4, 0], [9, 0], [1, 0], [4, 0], [8, 0]], "labels": [0, 1, 5, 0, 1, 5]}' >episode.json
assert_eq "$(lossbench losses eval embedding/proto_triplet --param shot=1 --param margin=5 --param epsilon=1e-12 <episode.json | jq '.value * 1e6 | round')" \
	2000000 proto_triplet # the mean of 1 - 3 + 5, 0 - 4 + 5 and 1 - 4 + 5
assert_exit 2 lossbench losses eval embedding/magface --param least_norm=9 --param most_norm=2 <three.json
[[ $err == *'most_norm: found 2, allowed: above least_norm, 9'* ]] || fail "$err"

cat >all.yaml <<YAML
task: embedding
data: {train: {path: $LB_ROOT/datasets/samples/digits8x8.csv.gz}, split: {train: 0.3, valid: 0, test: 0.3}}
model: {kind: linear, dimension: 8}
train: {epochs: 6, batch: 30, sampler: episodes, per_class: 6}
optimizer: {name: adam, lr: 0.02}
metrics: [map_at_r]
output: {dir: runs}
sweep:
  loss:
    - {name: cosface, scale: 16}
    - {name: arcface, scale: 16}
    - {name: subcenter_arcface, scale: 16}
    - {name: magface, scale: 16, least_norm: 0.5, most_norm: 8, lambda: 1}
    - madacos
    - {name: unpg, scale: 16}
    - {name: sphereface, multiple: 2}
    - {name: large_margin_softmax, multiple: 2}
    - {name: sface, scale: 16}
    - p2sgrad
    - {name: proxy_nca, scale: 8}
    - proxy_anchor
    - soft_triple
    - {name: protonet, shot: 2}
    - {name: proto_triplet, shot: 2}
YAML
lossbench sweep all.yaml --quiet
lossbench sweep all.yaml --quiet --set output.dir=threads --threads 2
assert_same_results runs threads
assert_eq "$(jq -s 'length' runs/trials/*[0-9a-f].json)" 15 records
# Each learns: its classes are nearer each other than in a random map of as many columns.
assert_eq "$(jq -r 'select(.result.metrics.test.map_at_r < .baseline.random_map.test.map_at_r + 0.03) | .config.loss.name + " " + (.result.metrics.test.map_at_r | tostring)' runs/trials/*[0-9a-f].json)" '' 'losses that learn nothing'

# refused TEXT ARGUMENT...: that text, and exit 3.
refused() {
	assert_exit 3 lossbench sweep all.yaml "${@:2}"
	[[ $err == *"$1"* ]] || fail "$err"
}
refused 'train.batch: found 32 with sampler episodes of 6 rows a class, allowed: a multiple of 6, such as 36' --set train.batch=32
refused 'train.per_class: found 100 with sampler episodes, allowed: at most the training rows of some class' --set train.per_class=100 --set train.batch=200
refused 'train.batch: found 120 with sampler episodes of 6 rows a class and 10 classes of so many rows in the training rows, allowed: from 12 (two classes) to 60' --set train.batch=120
