#!/usr/bin/env bash
# margin_mse: a teacher of rankings, as a saved model and as a file of scores; the optimum of a student that can say what its teacher says;
# with a term of labels; the configs of configs/ranking; what does not fit is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy
py=${PYTHON:-python3}
ln -s "$LB_ROOT/datasets" datasets

# ---- the pair of configs ----
assert_exit 0 lossbench train --config "$LB_ROOT/configs/ranking/teacher.yaml" --quiet
assert_exit 0 lossbench sweep --config "$LB_ROOT/configs/ranking/student.yaml" --quiet --set train.seed=1,2 --set train.epochs=5
assert_eq "$(find results/ranking-student/trials -name '*.json' | wc -l)" 8
"$py" - <<'PY'
import glob, hashlib, json
path = glob.glob("results/ranking-teacher/trials/*.npz")[0]
sha256 = hashlib.sha256(open(path, "rb").read()).hexdigest()
for f in glob.glob("results/ranking-student/trials/*.json"):
    r = json.load(open(f))
    assert r["result"]["status"] == "ok", r["result"]
    assert r["data"]["teacher"] == {"path": path, "sha256": sha256, "model": path.split("/")[-1].split(".")[0]}, r["data"]["teacher"]
PY

# ---- a linear teacher, in a file of scores too; rows of a query stand apart in the table ----
"$py" - <<'PY'
import gzip
head, *rows = gzip.open("datasets/samples/queries.csv.gz", "rt").read().split()
open("apart.csv", "w").write("\n".join([head] + rows[::2] + rows[1::2]) + "\n")
PY
cat >teacher.yaml <<YAML
task: ranking
data: {train: {path: apart.csv, label: grade}, query: qid, split: {train: 0.6, valid: 0.2, test: 0.2}}
model: linear
loss: listnet
optimizer: lbfgs
metrics: [ndcg]
output: {dir: teacher, model: true}
YAML
assert_exit 0 lossbench train --config teacher.yaml --quiet
cp teacher/trials/*.model.npz teacher.npz
lossbench predict --model teacher.npz --data apart.csv --out scores.npy --quiet
lossbench predict --model teacher.npz --data apart.csv --out rows.csv --quiet
cut -d, -f3 rows.csv >scores.csv
student() { # FILE SIDE: its data section's teacher
	cat >"$1.yaml" <<YAML
name: student
task: ranking
data: {train: {path: apart.csv, label: grade}, query: qid, split: {train: 0.6, valid: 0.2, test: 0.2}, $2}
model: {kind: mlp, hidden: [5], dropout: 0.1}
loss: {name: margin_mse, weight: 0.75}
terms: [{name: ranknet, weight: 0.25}]
optimizer: {name: adam, lr: 0.01}
train: {epochs: 5, batch: 16}
metrics: [ndcg, mrr]
output: {dir: $1, predictions: true}
YAML
}
result() { "$py" -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))["result"]))' "$1"/trials/*.json; }
student model 'side: {teacher: teacher.npz}'
student array 'side: {teacher: scores.npy}'
student table 'teacher: scores.csv'
for s in model array table; do assert_exit 0 lossbench train --config $s.yaml --quiet; done
for s in array table; do assert_eq "$(result $s)" "$(result model)" "result with the teacher as $s"; done
assert_exit 0 lossbench train --config model.yaml --quiet --threads 2 --set output.dir=threads
assert_eq "$(result threads)" "$(result model)" 'result with two threads'
# A weight of 0 leaves the other loss, which reads no teacher: the same bytes as without.
assert_exit 0 lossbench train --config model.yaml --quiet --set loss.weight=0 --set 'terms=[ranknet]' --set output.dir=nought
sed 's/, side: {teacher: teacher.npz}//; s/^loss: .*/loss: ranknet/; /^terms/d' model.yaml >labels.yaml
assert_exit 0 lossbench train --config labels.yaml --quiet --set output.dir=labels
assert_eq "$(cat nought/trials/*.predictions.csv)" "$(cat labels/trials/*.predictions.csv)" 'scores of ranknet beside margin_mse of weight 0'

# ---- the optimum of a student that can say what its teacher says: its weights, whatever the level of its scores ----
"$py" - <<'PY'
import numpy
z = numpy.load("scores.npy")
numpy.save("shifted.npy", z + 17)
PY
for teacher in teacher.npz shifted.npy; do
	rm -rf full
	assert_exit 0 lossbench train --config model.yaml --quiet --set "data.side.teacher=$teacher" --set model=linear --set loss=margin_mse --set 'terms=[]' \
		--set 'optimizer={name: lbfgs, tolerance: 1e-10, max_iterations: 500}' --set train.precision=float64 --set output.dir=full --set output.model=true
	"$py" - <<'PY'
import glob, json
import numpy as np
t, s = np.load("teacher.npz"), np.load(glob.glob("full/trials/*.model.npz")[0])
assert np.abs(t["W1"]).max() > 0.1 and np.abs(s["W1"] - t["W1"]).max() < 1e-5, (s["W1"], t["W1"])
assert json.load(open(glob.glob("full/trials/*.json")[0]))["result"]["objective"] < 1e-10
PY
done

# ---- losses eval: the pairs of six queries, of two rows each, worked by hand; rows that stand apart ----
assert_exit 0 lossbench losses eval margin_mse <<'JSON'
{"scores": [0.5, -0.3, 0.8, 0.1, -0.6, 0.9, 0.9, -0.6, 0.1, 0.8, -0.3, 0.5], "relevance": [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
 "teacher_scores": [1, -0.6, 1.6, 0.2, -1.2, 1.8, 0.45, -0.3, 0.05, 0.4, -0.15, 0.25], "groups": [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]}
JSON
"$py" -c '
import json, sys
out = json.loads(sys.argv[1])
row, low = [0.5, -0.3, 0.8, 0.1, -0.6, 0.9], [0.9, -0.6, 0.1, 0.8, -0.3, 0.5]
apart = [(a - b) - (2 * a - b / 2) for a, b in zip(row, low)]
assert abs(out["value"] - sum(d * d for d in apart) / 6) < 1e-14 and abs(out["value"] - 0.686666666667) < 1e-9, out["value"]
for got, want in zip(out["grad"]["scores"], [d / 3 for d in apart] + [-d / 3 for d in apart]):
    assert abs(got - want) < 1e-14, out' "$out"
bad_input() {
	assert_exit 4 lossbench losses eval margin_mse <<<"$1"
	assert_contains "$err" "$2"
}
bad_input '{"scores": [1, 2], "relevance": [1, 0]}' '"teacher_scores" is missing'
bad_input '{"scores": [1, 2], "relevance": [1, 0], "teacher_scores": [1]}' 'teacher_scores: found 1 row, scores have 2'
bad_input '{"scores": [1, 2], "relevance": [1, 0], "teacher_scores": [[1, 2], [3, 4]]}' 'teacher_scores: found 2 columns, allowed: one score for each row'
assert_exit 4 lossbench losses eval ranknet <<<'{"scores": [1, 2], "relevance": [1, 0], "teacher_scores": [1, 2]}'
assert_contains "$err" 'unknown key "teacher_scores"'

# ---- what is refused ----
bad() { # EXIT TEXT ARGUMENT...
	assert_exit "$1" lossbench train --config model.yaml --quiet "${@:3}"
	assert_contains "$err" "$2"
}
sed 's/, side: {teacher: teacher.npz}//' model.yaml >none.yaml
assert_exit 3 lossbench train --config none.yaml --quiet
assert_contains "$err" 'loss: found margin_mse, which reads a teacher'"'"'s scores; allowed: with data.side.teacher, a saved model of ranking or a file of a score for each row'
bad 3 'data.side.teacher: found with loss listnet, which reads no teacher; allowed: with margin_mse as the loss or a term, or remove it' --set loss=listnet --set 'terms=[]'
bad 3 'data.side.teacher: cannot be combined with data.teacher; keep one' --set data.teacher=scores.csv
head -n 20 scores.csv >short.csv
bad 4 'short.csv: found 19 rows of 1 column, allowed: 925 rows (one for each row of the data: train, valid, test) of 1 column (the row'"'"'s score)' --set data.side.teacher=short.csv
paste -d, scores.csv scores.csv >two.csv
bad 4 'two.csv: found 925 rows of 2 columns' --set data.side.teacher=two.csv
printf 'task: multiclass\ndata: {train: {path: datasets/samples/iris.csv.gz, label: label}}\nmodel: linear\nloss: ce\ntrain: {epochs: 1}\nmetrics: [accuracy]\noutput: {dir: iris, model: true}\n' >iris.yaml
assert_exit 0 lossbench train --config iris.yaml --quiet
bad 4 'the model'"'"'s task is multiclass, allowed: ranking, which gives one score a row; or give a file of scores' --set "data.side.teacher=$(echo iris/trials/*.npz)"
