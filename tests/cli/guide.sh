#!/usr/bin/env bash
# A guide from config to record (data.side.guide): a saved model or a file, what losses read of it, what is refused; rows drawn by weights and pairs of one class beside it.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

cat >first.yaml <<END
task: embedding
data:
  train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2, seed: 1}
model: {kind: mlp, hidden: [8], dimension: 3}
loss: supcon
optimizer: {name: adam, lr: 0.02}
train: {epochs: 5, batch: 16}
metrics: [map_at_r]
output: {dir: first, model: true}
END
assert_exit 0 lossbench train --config first.yaml
model=$(echo first/trials/*.model.npz)

# The same guide as a model and as a file of its embeddings: the same results but for the ids.
sed -e "s#^data:#&\n  side: {guide: $model}#; s/loss: supcon/loss: info_nce_bank/; s/model: true/model: false/; s/dir: first/dir: model/" first.yaml >guided.yaml
assert_exit 0 lossbench predict --model "$model" --data "$LB_ROOT/datasets/samples/iris.csv.gz" --what embeddings --out guide.npy
assert_exit 0 lossbench train --config guided.yaml
assert_exit 0 lossbench train --config guided.yaml --set data.side.guide=guide.npy --set output.dir=file
losses() { grep -h '"train.loss"' "$1"/trials/*.json; }
assert_eq "$(losses file)" "$(losses model)" 'guide of a model and of a file'
assert_contains "$(cat model/trials/*.json)" '"guide": {'
assert_contains "$(cat model/trials/*.json)" "\"model\": \"$(basename "$model" .model.npz)\""

# What it says matters, to every loss that reads it, alone and in company.
views='views: {kind: noise_and_dropout, first: true}, '
sed -e "s/^train: {/&$views/; /^loss/d; s/dir: model/dir: all/" guided.yaml >all.yaml
echo 'sweep: {loss: [{name: gist, margin: 0.05, tau: 0.1}, {name: soft_similarity_kl}], train.seed: [1, 2]}' >>all.yaml
assert_exit 0 lossbench sweep all.yaml --quiet
assert_exit 0 lossbench sweep all.yaml --quiet --set output.dir=jobs --jobs 2
assert_same_results all jobs
"$py" - <<'PY'
import numpy as np

g = np.load("guide.npy")
np.save("other.npy", g[::-1].copy())
np.save("short.npy", g[:-1])
np.save("wide.npy", np.hstack([g, g]))
g[7, 1] = np.nan
np.save("hole.npy", g)
PY
assert_exit 0 lossbench sweep all.yaml --quiet --set output.dir=other --set data.side.guide=other.npy
assert_eq "$(cat all/trials/*.json other/trials/*.json | grep '"train.loss"' | sort -u | wc -l)" 8 'another guide is another loss'
assert_exit 0 lossbench train --config guided.yaml --set 'loss={name: mlcd, clusters: 6, nearest: 2}' --set data.side.guide=wide.npy --set output.dir=mlcd
# Halves of the columns, one for each view: of equal halves the cosines are those of one.
one() { assert_exit 0 lossbench train --config guided.yaml --set "train.views={kind: parts, features: 2}" "$@"; }
one --set loss.name=soft_similarity_kl --set output.dir=whole
one --set loss.name=soft_similarity_kl --set loss.halves=true --set data.side.guide=wide.npy --set output.dir=halves
"$py" - "$(losses whole)" "$(losses halves)" <<'PY'
import json, sys
a, b = (json.loads(t.split(":")[1].strip(" ,")) for t in sys.argv[1:])
assert max(abs(x - y) for x, y in zip(a, b)) < 1e-5, (a, b)
PY

refused() {
	assert_exit "$1" lossbench train --config guided.yaml "${@:3}"
	assert_contains "$err" "$2"
}
refused 4 'short.npy: found 149 rows, allowed: 150 rows (one for each row of the data: train, valid, test)' --set data.side.guide=short.npy
refused 4 'hole.npy: row 8, column 2: found no number, allowed: a finite number' --set data.side.guide=hole.npy
refused 3 'data.side.guide: found 6 columns with loss info_nce_bank and model.dimension 3, allowed: as many as the embedding has' --set data.side.guide=wide.npy
refused 3 'data.side.guide: found with loss supcon, which reads no guide' --set loss=supcon
refused 3 'data.side.guide: cannot be combined with data.missing: drop' --set data.missing=drop
assert_exit 4 lossbench train --config guided.yaml --set data.side.guide=nowhere.npy
assert_contains "$err" 'nowhere.npy'
sed '/side:/d' guided.yaml >bare.yaml
assert_exit 3 lossbench train --config bare.yaml
assert_contains "$err" 'loss: found info_nce_bank, which reads a guide; allowed: with data.side.guide'
sed 's/task: embedding/task: multiclass/; s/, dimension: 3//; s/loss: .*/loss: ce/; s/map_at_r/accuracy/' guided.yaml >classes.yaml
assert_exit 3 lossbench train --config classes.yaml
assert_contains "$err" 'data.side.guide: goes with task: embedding alone'
# An embedding without class scores is no teacher.
sed 's/task: embedding/task: distillation/; s/guide:/teacher:/; s/, dimension: 3//; s/loss: .*/loss: kd/; s/map_at_r/accuracy/' guided.yaml >taught.yaml
assert_exit 4 lossbench train --config taught.yaml
assert_contains "$err" 'and no class scores; take a model whose loss makes scores'

# Pairs of one class in the place of views; rows drawn by weights, which losses of pairs then need not read.
sed 's/loss: info_nce_bank/loss: vicreg/; /side:/d; s/^train: {/&views: {kind: same_class}, sampler: m_per_class, /; s/batch: 16/batch: 12/; s/dir: model/dir: classmates/' guided.yaml >classmates.yaml
assert_exit 0 lossbench train --config classmates.yaml
sed 's/loss: info_nce_bank/loss: supcon/; /side:/d; s/^train: {/&sampler: weighted, class_weight: {setosa: 0.5, versicolor: 1, virginica: 3}, /; s/dir: model/dir: weighted/' guided.yaml >weighted.yaml
assert_exit 0 lossbench train --config weighted.yaml
assert_exit 0 lossbench train --config weighted.yaml --set train.class_weight=balanced
assert_exit 0 lossbench train --config weighted.yaml --set train.sampler=shuffle --set train.class_weight=none
assert_eq "$(losses weighted | sort -u | wc -l)" 3 'weights matter'
assert_exit 3 lossbench train --config weighted.yaml --set train.class_weight=none
assert_contains "$err" 'train.sampler: found weighted and no weights, allowed: with data.weight: COLUMN, or train.class_weight: balanced (or numbers)'
assert_exit 3 lossbench train --config weighted.yaml --set train.shuffle=false
assert_contains "$err" 'train.sampler: found weighted with train.shuffle false'
assert_exit 3 lossbench train --config weighted.yaml --set train.sampler=shuffle
assert_contains "$err" 'supcon is not a sum over rows, so rows cannot be weighted'
# In a cohort with others that have other weights: each its own.
sed 's/class_weight: {[^}]*}, //; s/dir: weighted/dir: company/' weighted.yaml >company.yaml
echo 'sweep: {train.class_weight: [balanced, {setosa: 0.5, versicolor: 1, virginica: 3}], loss.tau: [0.1, 0.5]}' >>company.yaml
assert_exit 0 lossbench sweep company.yaml --quiet --jobs 1
assert_eq "$(losses company | sort -u | wc -l)" 4 'four trainings'
[[ $(losses company) == *"$(losses weighted | head -n 1)"* ]] || fail 'another loss in company than alone'
