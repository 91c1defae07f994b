#!/usr/bin/env bash
# The images of datasets/samples: IDX files, a linear model, and an accuracy that only the right pixels and labels give.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
p=$LB_ROOT/datasets/samples/fashion_mnist_

cat >fashion.yaml <<YAML
task: multiclass
data:
  train: {path: ${p}train2000-images-idx3-ubyte.gz, labels: ${p}train2000-labels-idx1-ubyte.gz}
  test: {path: ${p}t10k1000-images-idx3-ubyte.gz, labels: ${p}t10k1000-labels-idx1-ubyte.gz}
  preprocess: {divide: 255, standardize: false}
loss: {name: ce}
optimizer: {name: sgd, lr: 0.05, momentum: 0.9}
train: {epochs: 10, batch: 32, seed: 1}
metrics: [accuracy, log_loss]
output: {dir: r}
YAML
assert_exit 0 lossbench sweep fashion.yaml --quiet --set train.seed=1,2,3 --set train.precision=float32,float64
for f in r/trials/*.json; do
	assert_between "$(json "$f" .result.metrics.test.accuracy)" 0.75 0.86 "test accuracy of $f"
	assert_eq "$(json "$f" .result.parameters)" 7850
	assert_eq "$(json "$f" .data.features)" 784
	assert_eq "$(json "$f" .data.rows.test)" 1000
	assert_eq "$(json "$f" .data.sources[1].role)" 'train labels'
	assert_eq "$(json "$f" .data.sources[0].sha256)" "$(gzip -dc "${p}train2000-images-idx3-ubyte.gz" | sha256sum | cut -d' ' -f1)"
done

# Uncompressed and under any name the files are the same trial.
for part in train2000 t10k1000; do
	gzip -dc "$p$part-images-idx3-ubyte.gz" >"$part.a"
	gzip -dc "$p$part-labels-idx1-ubyte.gz" >"$part.b"
done
assert_exit 0 lossbench sweep fashion.yaml --list --set train.seed=1,2,3 --set train.precision=float32,float64 \
	--set data.train.path=train2000.a --set data.train.labels=train2000.b --set data.test.path=t10k1000.a --set data.test.labels=t10k1000.b
assert_eq "$(cut -f2 <<<"$out" | sort | uniq -c | tr -s ' ')" ' 6 ok'

# Labels of other images teach nothing.
gzip -dc "${p}train2000-labels-idx1-ubyte.gz" >labels
{ head -c 8 labels; tail -c 1000 labels; tail -c +9 labels | head -c 1000; } >shifted
assert_exit 0 lossbench train fashion.yaml --quiet --set data.train.labels=shifted --set output.dir=s
assert_between "$(json s/trials/*.json .result.metrics.test.accuracy)" 0 0.4 'test accuracy with the wrong labels'
