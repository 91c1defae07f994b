#!/usr/bin/env bash
# Judges of embeddings from config to record: of the output and of hidden layers, the same in any company; what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >judged.yaml <<YAML
task: embedding
data: {train: {path: $LB_ROOT/datasets/samples/digits8x8.csv.gz}, split: {train: 0.3, valid: 0.1, test: 0.3}}
loss: {name: triplet}
model: {kind: mlp, hidden: [20], dimension: 6}
train: {epochs: 4, batch: 50}
optimizer: {name: adam, lr: 0.01}
metrics: [judged_accuracy, map_at_r]
evaluate: {embeddings: {classifier: knn, k: 3}}
output: {dir: runs}
sweep:
  evaluate.embeddings:
    - {classifier: knn, k: 3}
    - {classifier: knn, k: 3, layer: hidden}
    - class_means
    - linear_probe
    - mahalanobis
YAML
sed -i '/^evaluate:/d' judged.yaml
lossbench sweep judged.yaml --quiet
lossbench sweep judged.yaml --quiet --set output.dir=jobs --jobs 2 --threads 2
assert_same_results runs jobs
assert_eq "$(jq -s '[.[] | select(.result.metrics.test.judged_accuracy > 0.6 and .result.metrics.valid.judged_accuracy > 0.6 and .result.metrics.train.judged_accuracy == null)] | length' runs/trials/*[0-9a-f].json)" 5 'judged on validation and test rows'
assert_eq "$(jq -s '[.[].result.metrics.test.map_at_r] | unique | length' runs/trials/*[0-9a-f].json)" 1 'a judge changes no other metric'
assert_eq "$(jq -s '[.[].result.metrics.test.judged_accuracy] | unique | length > 2' runs/trials/*[0-9a-f].json)" true 'judges differ'
assert_eq "$(jq -s '[.[].baseline | .metrics.test.judged_accuracy > 0.7 and .random_map.test.judged_accuracy < .metrics.test.judged_accuracy] | all' runs/trials/*[0-9a-f].json)" true 'beside the features as they are and a random map'

# Hidden layers of a classifier; without a list of metrics it is among them.
cat >hidden.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/wine.csv.gz}}
loss: ce
model: {kind: mlp, hidden: [8]}
train: {epochs: 10, batch: 16}
evaluate: {embeddings: {classifier: class_means, layer: hidden}}
output: {dir: hidden}
YAML
lossbench train hidden.yaml --quiet
assert_eq "$(jq '.result.metrics.test | .judged_accuracy > 0.8 and .accuracy > 0.8' hidden/trials/*[0-9a-f].json)" true 'hidden layer'

# refused TEXT ARGUMENT...: that text, and exit 3.
refused() {
	assert_exit 3 lossbench train hidden.yaml "${@:2}"
	[[ $err == *"$1"* ]] || fail "$err"
}
refused 'evaluate.embeddings: found class_means, but no metric reads what it says; add judged_accuracy to metrics, or remove the judge' --set 'metrics=[accuracy]'
refused 'evaluate.embeddings.classifier: unknown judge' --set 'evaluate.embeddings=forest'
sed -i '/^evaluate/d' hidden.yaml
refused 'metrics: found judged_accuracy without evaluate.embeddings, which says the judge; give evaluate.embeddings: {classifier: knn}, or remove the metric' --set 'metrics=[judged_accuracy]'
assert_exit 3 lossbench sweep judged.yaml --set 'data.split={hold_out_classes: 4}'
[[ $err == *'no training row is of the classes that it would have to tell'* ]] || fail "$err"
