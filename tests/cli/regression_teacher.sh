#!/usr/bin/env bash
# Teachers of regressions: kd_mse and landmark_kd with saved models and with files of their predictions, in the targets' own units and in
# standard deviations; the step against NumPy; the configs of configs/distillation; what does not fit is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
needs_python numpy
ln -s "$LB_ROOT/datasets" datasets

# ---- the pair of configs ----
assert_exit 0 lossbench sweep --config "$LB_ROOT/configs/distillation/regression_teachers.yaml" --quiet
assert_exit 0 lossbench sweep --config "$LB_ROOT/configs/distillation/regression_student.yaml" --quiet --set train.seed=1 --set train.epochs=2
assert_eq "$(find results/distillation-regression-student/trials -name '*.json' | wc -l)" 5
"$py" - <<'PY'
import glob, hashlib, json
for f in glob.glob("results/distillation-regression-student/trials/*.json"):
    r = json.load(open(f))
    assert r["result"]["status"] == "ok", r["result"]
    for key, model in (("teacher", "00bea13679a3f550"), ("second_teacher", "713d6defb22a9566")):
        path = "results/distillation-regression-teachers/trials/%s.model.npz" % model
        assert r["data"][key] == {"path": path, "sha256": hashlib.sha256(open(path, "rb").read()).hexdigest(), "model": model}, r["data"]
PY

# ---- two targets; models and files of their predictions give the same bytes ----
awk 'BEGIN { srand(4); print "a,b,c,u,v"; for (i = 0; i < 120; i++) { a = rand(); b = rand() - 0.5; c = rand()
	printf "%.4f,%.4f,%.4f,%.4f,%.4f\n", a, b, c, 50 + 20 * a - 9 * b * c, 300 * b + c } }' >two.csv
teacher() { # NAME MODEL
	cat >"$1.yaml" <<YAML
task: regression
data: {train: {path: two.csv, label: 'u, v'}, preprocess: {target: standardize}}
model: $2
loss: mse
optimizer: {name: adam, lr: 0.02}
train: {epochs: 20, batch: 16}
output: {dir: $1, model: true}
YAML
	assert_exit 0 lossbench train --config "$1.yaml" --quiet
	cp "$1"/trials/*.model.npz "$1.npz"
	lossbench predict --model "$1.npz" --data two.csv --out "$1.npy" --quiet
}
teacher tough '{kind: mlp, hidden: [12]}'
teacher tolerant linear
student() { # NAME SIDE [OPTION...]
	cat >"$1.yaml" <<YAML
task: regression
data: {train: {path: two.csv, label: 'u, v'}, preprocess: {target: standardize}, split: {first: 90}, side: {$2}}
loss: {name: landmark_kd, weight: 0.5}
terms: [{name: kd_mse, weight: 0.25}, {name: mse, weight: 0.25}]
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 3, batch: 16}
metrics: [rmse]
output: {dir: $1}
YAML
	assert_exit 0 lossbench train --config "$1.yaml" --quiet "${@:3}"
}
result() { "$py" -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))["result"]))' "$1"/trials/*.json; }
student models 'teacher: tough.npz, second_teacher: tolerant.npz'
student files 'teacher: tough.npy, second_teacher: tolerant.npy'
student turned 'teacher: tolerant.npz, second_teacher: tough.npz'
assert_eq "$(result files)" "$(result models)" 'result with the teachers as files'
[ "$(result turned)" != "$(result models)" ] || fail 'the order of the teachers changes nothing'

# ---- a linear student of a linear teacher comes to say what it says, whatever the loss is measured in; one of several outputs a target
# gives its predictions ----
teacher spread linear
sed -i 's/^loss: .*/loss: gaussian_nll/; s/dir: spread/dir: of-spread/' spread.yaml
assert_exit 0 lossbench train --config spread.yaml --quiet
cp of-spread/trials/*.model.npz spread.npz
for of in 'tolerant standardize' 'tolerant none' 'spread standardize'; do
	read -r name unit <<<"$of"
	student "like-$name-$unit" "teacher: $name.npz" --set loss=kd_mse --set 'terms=[]' --set data.preprocess.target="$unit" --set train.precision=float64 \
		--set 'optimizer={name: lbfgs, max_iterations: 3000, tolerance: 1.0e-10}' --set output.model=true
	lossbench predict --model "like-$name-$unit"/trials/*.npz --data two.csv --out said.npy --quiet
	lossbench predict --model "$name.npz" --data two.csv --out known.npy --quiet
	"$py" -c 'import numpy as np
said, known = np.load("said.npy"), np.load("known.npy")[:, :2]
assert said.shape == known.shape and np.abs(said - known).max() < 1e-4 * np.abs(known).max(), np.abs(said - known).max()'
done

# ---- one step against NumPy: w = w0 - lr dL(w0) over the first 90 rows ----
step=(--set data.preprocess.target=none --set train.precision=float64 --set train.batch=1000 --set train.epochs=1 --set output.model=true)
student start 'teacher: tough.npy, second_teacher: tolerant.npy' "${step[@]}" --set optimizer.lr=1e-300
student moved 'teacher: tough.npy, second_teacher: tolerant.npy' "${step[@]}" --set optimizer.lr=0.01
"$py" - <<'PY'
import csv, glob, json
import numpy as np

before, after = (np.load(glob.glob(d + "/trials/*.npz")[0]) for d in ("start", "moved"))
rows = np.array([[float(v) for v in r] for r in list(csv.reader(open("two.csv")))[1:]])[:90]
x, r = rows[:, :3] * before["scale"] + before["shift"], rows[:, 3:]
t1, t2 = (np.load(f).astype(float)[:90] for f in ("tough.npy", "tolerant.npy"))
p = x @ before["W1"].T + before["b1"]
side = np.sign(p - r)

def assist(t, a, b):
    m, k = r + side * abs(t - r), r + 0.15 * side * abs(t - r)
    w = np.where(np.sign(p - m) * np.sign(m - r) > 0, a, np.where(np.sign(m - p) * np.sign(p - k) >= 0, b, 0))
    return w * abs(m - p), w * np.sign(p - m)

e, d = abs(p - r), abs(r - t2)
first, second = assist(t1, 1.9, -0.45), assist(t2, 1.8, -0.4)
value = 2 * np.where(e <= d, 3 * e, e * e + 3 * d - d * d) + first[0] + second[0]
slope = 2 * side * np.where(e <= d, 3, 2 * e) + first[1] + second[1]
value = 0.5 * value.mean() + 0.25 * ((p - t1) ** 2).mean() + 0.25 * ((p - r) ** 2).mean()
dz = (0.5 * slope + 0.5 * (p - t1) + 0.5 * (p - r)) / p.size
curve = json.load(open(glob.glob("moved/trials/*.json")[0]))["result"]["curves"]["train.loss"]
assert abs(curve[0] - value) < 1e-12 * value, (curve, value)
for got, want in ((after["W1"], before["W1"] - 0.01 * dz.T @ x), (after["b1"], before["b1"] - 0.01 * dz.sum(axis=0))):
    assert np.abs(got - want).max() < 1e-11 * np.abs(want).max(), np.abs(got - want).max()
assert np.abs(after["W1"] - before["W1"]).max() > 1e-3
PY

# ---- the id: the models' bytes, not their paths ----
id() { lossbench sweep --config "$1" --list | awk '{ print $1 }'; }
cp tolerant.npz elsewhere.npz
sed 's/tolerant.npz/elsewhere.npz/' models.yaml >moved.yaml
assert_eq "$(id moved.yaml)" "$(id models.yaml)" 'id with the second teacher moved'
cp spread.npz elsewhere.npz
[ "$(id moved.yaml)" != "$(id models.yaml)" ] || fail 'another second teacher has the same id'

# ---- what is refused ----
bad() { # CODE SED TEXT
	sed "$2" models.yaml >bad.yaml
	assert_exit "$1" lossbench train --config bad.yaml
	assert_contains "$err" "$3"
}
bad 3 's/, side: {[^}]*}//' "loss: found landmark_kd, which reads a teacher's scores; allowed: with data.side.teacher, a saved model of regression or a file of a score for each row and target"
bad 3 's/, second_teacher: tolerant.npz//' 'loss: found landmark_kd, which reads two teachers; allowed: with data.side.second_teacher too'
bad 3 's/^loss: .*/loss: kd_mse/' 'data.side.second_teacher: found with loss kd_mse, which reads no second teacher; allowed: with landmark_kd as the loss or a term, or remove it'
bad 3 's/^loss: .*/loss: mse/; /^terms/d; s/, second_teacher: tolerant.npz//' 'data.side.teacher: found with loss mse, which reads no teacher; allowed: with kd_mse, landmark_kd as the loss or a term, or remove it'
bad 3 's/^loss: .*/loss: mse/; s/^terms: .*/terms: [{name: gaussian_nll, weight: 1}]/' 'terms: found gaussian_nll with loss mse'
printf '1\n2\n' >short.csv
bad 4 's/tolerant.npz/short.csv/' 'short.csv: found 2 rows of 1 column, allowed: 120 rows (one for each row of the data: train, valid, test) of 2 columns (one per target)'
bad 4 's/tolerant.npz/none.npz/' 'data.side.second_teacher: none.npz: '
sed "s/label: 'u, v'/label: u/; s/dir: tough/dir: one/" tough.yaml >one.yaml
assert_exit 0 lossbench train --config one.yaml --quiet
bad 4 "s#tolerant.npz#$(echo one/trials/*.npz)#" 'the model has 1 target, the data have 2; take a model of the same targets'
printf '%s\n' 'task: multiclass' 'data: {train: {path: datasets/samples/iris.csv.gz}}' 'loss: ce' 'train: {epochs: 1}' 'output: {dir: iris, model: true}' >iris.yaml
assert_exit 0 lossbench train --config iris.yaml --quiet
bad 4 "s#tough.npz#$(echo iris/trials/*.npz)#" "the model's task is multiclass, allowed: regression, which gives a prediction for each target; or give a file of scores"
sed 's/^output.*/output: {dir: bad}/; s/^data: {/&side: {second_teacher: tough.npz}, /' iris.yaml >bad.yaml
assert_exit 3 lossbench train --config bad.yaml
assert_contains "$err" 'data.side.second_teacher: goes with task: regression alone; remove it'

# ---- losses eval ----
bad_input() { # JSON TEXT
	assert_exit 4 lossbench losses eval landmark_kd <<<"$1"
	assert_contains "$err" "$2"
}
bad_input '{"predictions": [1, 2], "targets": [1, 0]}' '"teacher_predictions" is missing'
bad_input '{"predictions": [1, 2], "targets": [1, 0], "teacher_predictions": [1, 2]}' '"second_teacher_predictions" is missing'
bad_input '{"predictions": [1, 2], "targets": [1, 0], "teacher_predictions": [[1, 2], [3, 4]], "second_teacher_predictions": [1, 2]}' 'teacher_predictions: found 2 columns, allowed: as many as the predictions have'
