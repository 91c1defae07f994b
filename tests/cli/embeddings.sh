#!/usr/bin/env bash
# Losses of distances from config to record: the triplet loss, miners, the sampler m_per_class, metrics of retrieval; what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# The config of the repository, with few epochs: in one cohort or each alone, with one thread or two, the same results.
(cd "$LB_ROOT" && sed -e "s#datasets/#$PWD/datasets/#" configs/embeddings/letter.yaml) >letter.yaml
quick=(--quiet --set train.epochs=4 --set data.split.train=0.04 --set data.split.valid=0.02 --set data.split.test=0.03)
lossbench sweep letter.yaml "${quick[@]}" --set output.dir=whole --set output.predictions=true
lossbench sweep letter.yaml "${quick[@]}" --set output.dir=threads --threads 2
assert_same_results whole threads
lossbench sweep letter.yaml "${quick[@]}" --set output.dir=jobs --jobs 2
assert_same_results whole jobs
assert_eq "$(find whole/trials -name '[0-9a-f]*.json' | wc -l)" 4 records

# The metrics of the record are those of the embeddings beside it.
"$py" - whole/trials/*.json <<'PY'
import csv, json, math, sys

losses = []
for path in sys.argv[1:]:
    record = json.load(open(path))
    losses.append(record["config"]["loss"]["name"])
    test = record["result"]["metrics"]["test"]
    assert set(test) == {"recall_at_k", "recall_at_k(k=5)", "r_precision", "map_at_r"}, test
    assert record["result"]["metrics"]["valid"]["map_at_r"] > 0.15, record["result"]["metrics"]
    if losses[-1] != "triplet":
        continue
    rows = list(csv.DictReader(open(path.replace(".json", ".predictions.csv"))))
    assert len(rows) == 600 and "embedding_16" in rows[0] and "score_1" not in rows[0]
    e = [[float(r[f"embedding_{k + 1}"]) for k in range(16)] for r in rows]
    u = [[v / math.hypot(*row) for v in row] for row in e]
    label = [r["label"] for r in rows]
    one = total = n = 0
    for q in range(0, len(rows)):
        hit = [label[i] == label[q] for _, i in sorted((-sum(a * b for a, b in zip(u[i], u[q])), i) for i in range(len(rows)) if i != q)]
        r = sum(hit)
        if not r:
            continue
        n += 1
        one += hit[0]
        total += sum(sum(hit[: i + 1]) / (i + 1) for i in range(r) if hit[i]) / r
    assert abs(one / n - test["recall_at_k"]) < 1e-12 and abs(total / n - test["map_at_r"]) < 1e-9, (one / n, total / n, test)
assert sorted(losses) == ["normalized_softmax"] + 3 * ["triplet"], losses
PY

# Killed at some moment and resumed, the same.
cat >one.yaml <<END
task: embedding
data: {train: {path: $LB_ROOT/datasets/samples/digits8x8.csv.gz, label: label}}
model: {kind: mlp, hidden: [32], dimension: 8}
loss: {name: triplet, margin: 0.3}
optimizer: {name: adam, lr: 0.01}
train: {epochs: 12, batch: 40, sampler: m_per_class, miner: semihard, checkpoint: 1, early_stopping: {metric: valid.map_at_r, patience: 12}}
output: {dir: undisturbed, model: true}
END
assert_exit 0 lossbench train --config one.yaml
(exec lossbench train --config one.yaml --quiet --set output.dir=killed) &
killed=$!
wait_until 20 eval 'ls killed/trials/*.checkpoint >/dev/null 2>&1'
kill -9 $killed
wait $killed 2>/dev/null || true
assert_exit 0 lossbench train --config one.yaml --set output.dir=killed
assert_same_results undisturbed killed
[ "$(json undisturbed/trials/*.json .result.epochs)" = 12 ] || fail 'the training ended early'

# Without a list the metrics are those that apply; a model gives embeddings alone.
assert_eq "$(json undisturbed/trials/*.json '.config.metrics[0].name')" recall_at_k
"$py" -c 'import json, sys
test = json.load(open(sys.argv[1]))["result"]["metrics"]["test"]
assert set(test) == {"recall_at_k", "precision_at_1", "r_precision", "map_at_r"} and test["map_at_r"] > 0.6, test
assert test["recall_at_k"] == test["precision_at_1"], test' undisturbed/trials/*.json
model=$(echo undisturbed/trials/*.model.npz)
assert_exit 0 lossbench predict --model "$model" --data "$LB_ROOT/datasets/samples/digits8x8.csv.gz" --what embeddings --out e.csv
assert_eq "$(head -n 1 e.csv | tr ',' '\n' | grep -c embedding_)" 8 columns
assert_exit 2 lossbench predict --model "$model" --data "$LB_ROOT/datasets/samples/digits8x8.csv.gz" --what labels
assert_contains "$err" 'triplet, which gives embeddings and no class scores; allowed: embeddings'

# A classifier is judged by what its output layer reads, where it is asked for.
sed 's/task: embedding/task: multiclass/; s/, dimension: 8//; s/loss:.*/loss: ce/; s/, miner: semihard//; s/undisturbed/ce/' one.yaml >ce.yaml
assert_exit 3 lossbench train --config ce.yaml
echo 'metrics: [accuracy, map_at_r]' >>ce.yaml
assert_exit 0 lossbench train --config ce.yaml --set train.epochs=3
assert_between "$(json ce/trials/*.json .result.metrics.test.map_at_r)" 0.3 1

# Tuned by map_at_r.
sed '/^output/d; s/, early_stopping: {[^}]*}//; s/, checkpoint: 1//; s/epochs: 12/epochs: 2/' one.yaml >tune.yaml
echo 'tune: {trials: 2, folds: 2, metric: valid.map_at_r, space: {loss.margin: [0.1, 0.5]}}' >>tune.yaml
assert_exit 0 lossbench sweep tune.yaml --quiet

# Rows without another of their class are left out, and that is said.
cat >few.csv <<END
x,y,label
1,2,a
1,3,a
2,2,a
2,1,a
5,1,b
6,1,b
5,2,b
6,2,b
1,1,a
5,5,a
9,9,b
END
sed "s#train: {path[^}]*}#train: {path: few.csv, label: label}, split: {first: 8}#; s/batch: 40, sampler: m_per_class, miner: semihard, checkpoint: 1, early_stopping: {[^}]*}/batch: 8/
	s/undisturbed/few/" one.yaml >few.yaml
assert_exit 0 lossbench train --config few.yaml
assert_contains "$err" '1 test row has no other row of its class: metrics of retrieval leave it out as a query'
assert_contains "$(json few/trials/*.json .data.warnings)" '1 test row has no other row'

bad() { # SED TEXT
	sed "$1" one.yaml >bad.yaml
	assert_exit 3 lossbench train --config bad.yaml
	assert_contains "$err" "$2"
}
bad 's/^output/metrics: [map_at_r, accuracy]\n&/' 'metrics: found accuracy, but triplet gives embeddings and no class scores; allowed: recall_at_k, '
bad 's/batch: 40/batch: 42/' 'train.batch: found 42 with sampler m_per_class of 4 rows a class, allowed: a multiple of 4, such as 40'
bad 's/batch: 40/batch: 44/' 'train.batch: found 44 with sampler m_per_class of 4 rows a class and 10 classes in the training rows, allowed: from 8 (two'
bad 's/batch: 40/batch: 4/' 'allowed: from 8 (two classes) to 40 (every class once)'
bad 's/sampler: m_per_class/&, per_class: 1/' 'train.per_class: found 1, allowed: an integer'
bad 's/sampler: m_per_class/per_class: 4/' 'train.per_class: found with sampler shuffle, allowed: with train.sampler m_per_class or episodes'
bad 's/sampler: m_per_class/shuffle: false, &/' 'train.sampler: found m_per_class with train.shuffle false'
bad 's/batch: 40, sampler: m_per_class/batch: 9000/' 'train.batch: found 9000 with loss triplet, which needs the distances of all pairs of a batch'
bad 's/miner: semihard/miner: semihrd/' 'did you mean "semihard"'
bad 's/loss:.*/loss: normalized_softmax/; s/, early_stopping: {[^}]*}//' 'train.miner: found semihard with loss normalized_softmax, which takes no triplets'
bad 's/task: embedding/task: multiclass/; s/, dimension: 8//; s/loss:.*/loss: ce/; s/, early_stopping: {[^}]*}//' 'semihard is an embedding miner; the task is multiclass'
bad 's/optimizer:.*/optimizer: lbfgs/; s/^train:.*/train: {miner: semihard}/' 'optimizer: found lbfgs, which reads all rows at once, with loss triplet'
bad 's/^output/evaluate: {calibration: temperature}\n&/' 'evaluate.calibration: found temperature, but triplet gives embeddings and no class scores'
bad 's/valid.map_at_r/valid.accuracy/' 'accuracy'
bad 's/^train: {/&class_weight: balanced, /' 'triplet is not a sum over rows'
