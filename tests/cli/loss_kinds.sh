#!/usr/bin/env bash
# Tasks embedding and distillation, loss bias and option project, from config to record.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
iris=$LB_ROOT/datasets/samples/iris.csv.gz

cat >embedding.yaml <<END
name: embedding
task: embedding
data: {train: {path: $iris}}
model: {kind: mlp, hidden: [16], activation: tanh, dimension: 4}
loss: {name: normalized_softmax, temperature: 0.1}
optimizer: {name: sgd, lr: 0.1, weight_decay: 1.0e-4, project: perpendicular}
train: {epochs: 30, batch: 16}
output: {dir: results, predictions: true}
END
assert_exit 0 lossbench train --config embedding.yaml
a=$(ls results/trials/*.json)
assert_exit 0 lossbench train --config embedding.yaml --force
"$py" - "$a" <<'PY'
import csv, json, sys

record = json.load(open(sys.argv[1]))
result = record["result"]
assert result["parameters"] == (4 + 1) * 16 + (16 + 1) * 4 + 3 * 4, result["parameters"]
test = result["metrics"]["test"]
assert {"accuracy", "top_k", "log_loss", "brier", "ece"} <= set(test), test
assert test["accuracy"] > 0.85, test
rows = list(csv.DictReader(open(sys.argv[1].replace(".json", ".predictions.csv"))))
scores = [[float(r[f"score_{k}"]) for k in (1, 2, 3)] for r in rows]
assert max(abs(s) for row in scores for s in row) <= 10.0001  # cosines over 0.1
names = sorted({r["label"] for r in rows})
right = sum(names[row.index(max(row))] == r["label"] for row, r in zip(scores, rows))
assert abs(right / len(rows) - test["accuracy"]) < 1e-12
PY

# Branches for data of two classes: the mean of the columns decides, and other data are refused.
sed -e "s#$iris#$LB_ROOT/datasets/samples/wdbc.csv.gz#; s/dimension: 4/dimension: 2/; s/results,/branches,/" \
	-e 's/^loss:.*/loss: tri_bce/; s/^optimizer:.*/optimizer: {name: adam, lr: 0.01}/' embedding.yaml >branches.yaml
assert_exit 0 lossbench train --config branches.yaml --set output.model=true
"$py" - branches/trials/*.json <<'PY'
import csv, json, sys

record = json.load(open(sys.argv[1]))
assert record["result"]["parameters"] == (30 + 1) * 16 + (16 + 1) * 2, record["result"]["parameters"]
assert record["result"]["metrics"]["test"]["accuracy"] > 0.93, record["result"]["metrics"]["test"]
scores = [float(row["score_1"]) for row in csv.DictReader(open(sys.argv[1].replace(".json", ".predictions.csv")))]
assert set(scores) == {0.0}, scores[:5]
PY
assert_exit 4 lossbench train --config branches.yaml --set "data.train.path=$iris"
assert_contains "$err" 'loss.name: tri_bce takes data of 2 classes, these have 3'

# A teacher that knows the labels, as a file with a row for each row of the data.
"$py" - "$iris" <<'PY'
import csv, gzip, sys

rows = list(csv.reader(gzip.open(sys.argv[1], "rt")))[1:]
names = sorted({r[-1] for r in rows})
with open("teacher.csv", "w") as out, open("short.csv", "w") as short, open("text.csv", "w") as text:
    for i, r in enumerate(rows):
        line = ",".join("4" if n == r[-1] else "-1" for n in names) + "\n"
        out.write(line)
        short.write(line if i else "")
        text.write(line.replace("4", "four") if i == 20 else line)
PY
cat >distillation.yaml <<END
name: distillation
task: distillation
data: {train: {path: $iris}, teacher: teacher.csv}
loss: {name: kl_top, k: 3}
optimizer: {name: adam, lr: 0.05}
train: {epochs: 40}
output: {dir: distilled}
END
assert_exit 0 lossbench train --config distillation.yaml
"$py" -c 'import json, sys
r = json.load(open(sys.argv[1]))["result"]
assert r["metrics"]["test"]["accuracy"] > 0.9, r' distilled/trials/*.json

# The teacher's numbers are part of the id, its path is not.
id() { lossbench sweep --config "$1" --list | awk '{ print $1 }'; }
before=$(id distillation.yaml)
mv teacher.csv moved.csv
sed 's/teacher.csv/moved.csv/' distillation.yaml >moved.yaml
assert_eq "$(id moved.yaml)" "$before" 'id with the teacher moved'
sed -i '1s/4/5/' moved.csv
[ "$(id moved.yaml)" != "$before" ] || fail 'another teacher has the same id'
mv moved.csv teacher.csv

bad() { # CODE FILE SED TEXT
	sed "$3" "$2" >bad.yaml
	assert_exit "$1" lossbench train --config bad.yaml
	assert_contains "$err" "$4"
}
bad 4 distillation.yaml 's/teacher.csv/short.csv/' 'short.csv: found 149 rows of 3 columns, allowed: 150 rows'
bad 4 distillation.yaml 's/teacher.csv/text.csv/' 'text.csv: column 1 (column 1) holds texts'
bad 4 distillation.yaml 's/teacher.csv/none.csv/' 'none.csv: '
bad 3 distillation.yaml 's/, teacher: teacher.csv//' 'data.teacher: is missing, allowed: a file'
bad 3 distillation.yaml 's/teacher.csv/&, missing: drop/' 'cannot be combined with data.missing: drop'
bad 3 distillation.yaml 's/task: distillation/task: multiclass/' 'data.teacher: goes with task: distillation, ranking or regression alone'
bad 3 distillation.yaml 's/kl_top, k: 3/ce/' 'ce is a multiclass loss; the task is distillation, allowed: kd, kl_top'
bad 3 distillation.yaml 's/^train:/model: naive_bayes\n&/' 'naive_bayes is a multiclass model; the task is distillation'
bad 3 embedding.yaml 's/, dimension: 4//' 'model.dimension: is missing'
bad 3 embedding.yaml 's/dimension: 4/dimension: -4/' 'model.dimension'
bad 3 embedding.yaml 's/task: embedding/task: multiclass/; s/loss:.*/loss: ce/' 'bad.yaml:4:63: model.dimension: found 4, allowed: 0'
bad 3 embedding.yaml 's/project: perpendicular/project: parallel/' 'found "parallel", allowed: none, perpendicular'

# bias sees the input of a linear model, and the last hidden layer of another; a full-batch optimiser only the former.
for model in linear '{kind: mlp, hidden: [8]}'; do
	bad 3 distillation.yaml "s/task: distillation/task: multiclass/; s/, teacher: teacher.csv//; s/loss:.*/loss: bias/
		s/optimizer:.*/optimizer: sgdd/; s/^train:/model: $model\n&/" 'did you mean "sgd"'
	sed 's/sgdd/{name: sgd, lr: 0.3}/' bad.yaml >bias.yaml
	assert_exit 0 lossbench train --config bias.yaml
done
bad 3 bias.yaml 's/{name: sgd, lr: 0.3}/lbfgs/' 'loss: found bias with optimizer lbfgs and model mlp, allowed: model linear'

# gjs compares views of a row, which other losses do not have. Views are drawn by their seed alone.
sed 's/sgdd/{name: sgd, lr: 0.3}/; s/loss:.*/loss: gjs/; s/^train: {/&views: {kind: gaussian_noise, sd: 0.2, count: 3}, /' bad.yaml >gjs.yaml
sed -i 's/lbfgs/{name: sgd, lr: 0.3}/; s/loss: bias/loss: gjs/' gjs.yaml
assert_exit 0 lossbench train --config gjs.yaml
bad 3 gjs.yaml 's/loss: gjs/loss: ce/' 'train.views: ce sees one view of a row'
bad 3 gjs.yaml 's/views: {[^}]*}, //' 'train.views: is missing, and gjs compares several views'
bad 3 gjs.yaml 's/count: 3/count: 1/' 'train.views.count: found 1'
bad 3 gjs.yaml 's/sd: 0.2/rate: 0.2/' 'rate'
bad 3 gjs.yaml 's/optimizer:.*/optimizer: lbfgs/' 'loss: found gjs with optimizer lbfgs'
