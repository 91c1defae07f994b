#!/usr/bin/env bash
# The metrics sharpness and hessian_trace against the eigenvalues of Hessians that NumPy makes of the saved model: in closed form for linear models, by second
# differences of the loss for networks, relu among them; procedures, weights of rows, units of targets and precision; company, threads; what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy
py=${PYTHON:-python3}

"$py" - <<'PY'
import numpy as np

rng = np.random.default_rng(5)
x = rng.normal(size=(90, 3)) * [1, 2, 0.5] + [0, 1, -1]
s = x @ [1, -0.7, 2] + rng.normal(size=90)
with open("a.csv", "w") as f:
    f.write("a,b,c,three,two,t,w\n")
    for r, v in zip(x, s):
        f.write("%.6f,%.6f,%.6f,%s,%s,%.6f,%d\n" % (*r, "kml"[int(v > -3) + int(v > 0)], "ny"[int(v > -1)], 40 + 10 * v, 1 + int(v > 0)))
PY
config() { # config TASK LABEL DROP LOSS
	cat >c.yaml <<YAML
task: $1
data: {train: {path: a.csv, label: $2}, drop: [$3], split: {train: 1}, preprocess: {standardize: false}}
model: {kind: mlp, hidden: [4], activation: tanh}
loss: $4
optimizer: {name: adam, lr: 0.02}
train: {epochs: 12, batch: 8, precision: float64}
metrics: [sharpness, hessian_trace]
output: {dir: r, model: true}
YAML
}
cat >sharpness.py <<'PY'
import csv, glob, json, sys

import numpy as np

loss, folder = sys.argv[1:3]
record = json.load(open(glob.glob(folder + "/trials/*.json")[0]))
model = np.load(glob.glob(folder + "/trials/*.npz")[0])
rows = list(csv.DictReader(open("a.csv")))
x = np.array([[float(r[k]) for k in "abc"] for r in rows])
weight = np.array([float(r["w"]) for r in rows]) if "weights" in sys.argv else np.ones(len(rows))
weight = weight / weight.mean()
y = np.array(["klm".index(r["three"]) for r in rows])
two = np.array([r["two"] == "y" for r in rows])
t = np.array([float(r["t"]) for r in rows])
if "unit" in sys.argv:
    mean, sd = t.mean(), t.std()
else:
    mean, sd = 0, 1
names = [k for k in ("W1", "b1", "W2", "b2") if k in model]
shapes = [model[k].shape for k in names]
start = [np.array(model[k], dtype=float) for k in names]
start[-2], start[-1] = start[-2] / sd, (start[-1] - mean) / sd
start = np.concatenate([p.ravel() for p in start])


active = []     # of relu: the units that are, at the model; the Hessian is that of the network with these


def value(w):
    parts, at = [], 0
    for shape in shapes:
        parts.append(w[at:at + int(np.prod(shape))].reshape(shape))
        at += int(np.prod(shape))
    h = x
    for k in range(0, len(parts), 2):
        h = h @ (parts[k].T if parts[k].shape[1] == h.shape[1] else parts[k]) + parts[k + 1]
        if k + 2 < len(parts):
            if "relu" not in sys.argv:
                h = np.tanh(h)
            else:
                if not active:
                    active.append(h > 0)
                h = h * active[0]
    if loss == "ce":
        rows = np.log(np.exp(h).sum(1)) - h[np.arange(len(y)), y]
    elif loss == "logistic":
        rows = np.logaddexp(0, np.where(two, -h[:, 0], h[:, 0]))
    else:
        rows = (h[:, 0] - (t - mean) / sd) ** 2
    return (weight * rows).mean()


value(start)
n = start.size
hessian, step = np.zeros((n, n)), 1e-4 * max(1, abs(start).max())
unit = np.eye(n) * step
for i in range(n):
    for j in range(i + 1):
        hessian[i, j] = hessian[j, i] = (value(start + unit[i] + unit[j]) - value(start + unit[i] - unit[j])
                                         - value(start - unit[i] + unit[j]) + value(start - unit[i] - unit[j])) / (4 * step * step)
if loss == "mse" and len(shapes) == 2:
    design = np.c_[x, np.ones(len(x))]
    hessian = 2 * (weight[:, None] * design).T @ design / len(x)
eigenvalues = np.linalg.eigvalsh(hessian)
want = max(eigenvalues, key=abs)
found = record["result"]["metrics"]["train"]["sharpness"]
assert abs(found - want) <= 2e-3 * abs(want), (sys.argv[1:], found, want, eigenvalues)
found, size = record["result"]["metrics"]["train"]["hessian_trace"], abs(eigenvalues).sum()
assert abs(found - eigenvalues.sum()) <= 2e-3 * size, (sys.argv[1:], found, eigenvalues)
PY
sharp() { # sharp LOSS WORDS SETS...: what the record says is what NumPy finds
	local loss=$1 words=$2
	shift 2
	rm -rf r
	assert_exit 0 lossbench train --config c.yaml --quiet "${@/#/--set=}"
	# shellcheck disable=SC2086 # several words
	"$py" sharpness.py "$loss" r $words || fail "sharpness with $loss $*"
}
config regression t 'three, two, w' mse
sharp mse '' model=linear data.preprocess.target=none optimizer.lr=0.5
sharp mse unit model=linear data.preprocess.target=standardize
sharp mse unit model=linear data.preprocess.target=standardize 'optimizer={name: lbfgs, weight_decay: 0.3}'
sharp mse 'unit weights' model=linear data.preprocess.target=standardize data.weight=w 'data.drop=[three, two]'
sharp mse unit data.preprocess.target=standardize
config multiclass three 'two, t, w' ce
sharp ce '' model=linear
sharp ce ''
sharp ce relu model.activation=relu train.precision=float32 optimizer=sgd
sharp ce '' train.precision=float32 model.dropout=0.3 optimizer.weight_decay=0.1 'procedures=[{name: sam, rho: 0.1}, ema]'
config binary two 'three, t, w' logistic
sharp logistic ''
sharp logistic weights data.weight=w 'data.drop=[three, t]' 'train.attack={kind: fgsm, eps: 0.1}' 'regularisers=[{name: l2, weight: 0.01}]'

# ---- many units of many rows, one of which is always near its kink: the Hessian is that of the network with the units that are active ----

gzip -dc "$LB_ROOT/datasets/samples/letter.csv.gz" | awk -F, -v OFS=, 'NR > 1501 { next } NR > 1 { for (i = 1; i < NF; i++) $i = ($i - 7) / 3 } 1' >letter.csv
sed 's/^data.*/data: {train: {path: letter.csv, label: label}, split: {train: 1}, preprocess: {standardize: false}}/; s/^task.*/task: multiclass/
	s/^loss.*/loss: ce/; s/^model.*/model: {kind: mlp, hidden: [64]}/; s/dir: r/dir: letters/' c.yaml >letters.yaml
assert_exit 0 lossbench sweep letters.yaml --quiet --set train.seed=1,2,3,4
if "$py" -c 'import scipy' 2>/dev/null; then
	"$py" - <<'PY' || fail 'sharpness of networks of relu'
import csv, glob, json

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

rows = list(csv.reader(open("letter.csv")))
at = rows[0].index("label")
labels = sorted({r[at] for r in rows[1:]})
x = np.array([[float(v) for k, v in enumerate(r) if k != at] for r in rows[1:]])
y = np.array([labels.index(r[at]) for r in rows[1:]])
for path in glob.glob("letters/trials/*.json"):
    model = np.load(path.replace(".json", ".model.npz"))
    start = [np.array(model[k], dtype=float) for k in ("W1", "b1", "W2", "b2")]
    start = [start[0] if start[0].shape[0] == x.shape[1] else start[0].T, start[1].ravel(), start[2] if start[2].shape[0] == 64 else start[2].T, start[3].ravel()]
    sizes = np.cumsum([p.size for p in start])[:-1]
    active = x @ start[0] + start[1] > 0

    def gradient(w):
        a, b, c, d = (p.reshape(s.shape) for p, s in zip(np.split(w, sizes), start))
        h = active * (x @ a + b)
        z = h @ c + d
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        p /= len(y)
        dh = active * (p @ c.T)
        return np.concatenate([(x.T @ dh).ravel(), dh.sum(0), (h.T @ p).ravel(), p.sum(0)])

    w = np.concatenate([p.ravel() for p in start])
    product = LinearOperator((w.size, w.size), matvec=lambda v: (gradient(w + 1e-4 * v.ravel()) - gradient(w - 1e-4 * v.ravel())) / 2e-4, dtype=float)
    want = eigsh(product, k=1, which="LM", return_eigenvectors=False, tol=1e-5, v0=np.ones(w.size))[0]
    found = json.load(open(path))["result"]["metrics"]["train"]["sharpness"]
    assert abs(found - want) <= 2e-3 * abs(want), (path, found, want)

    # the trace: the diagonal by the scores' probabilities, of the hidden weights through the active units
    a, b, c, d = start
    h = active * (x @ a + b)
    z = h @ c + d
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    through = p @ (c ** 2).T - (p @ c.T) ** 2
    want = ((p * (1 - p)).sum(1) * (1 + (h ** 2).sum(1)) + (active * through).sum(1) * (1 + (x ** 2).sum(1))).mean()
    found = json.load(open(path))["result"]["metrics"]["train"]["hessian_trace"]
    assert abs(found - want) <= 0.05 * want, (path, found, want)
PY
else
	echo 'networks of relu are not compared: python3 has no module scipy'
fi

# ---- in company, with threads, alone: the same bytes; of a curve nothing is known but the end ----

cat >many.yaml <<YAML
$(sed '/^output/d; /^data/s/split: {train: 1}/split: {train: 0.8, valid: 0.1, test: 0.1}/' c.yaml)
output: {dir: together}
sweep: {loss: [logistic, focal, squared_hinge], train.seed: [1, 2]}
YAML
assert_exit 0 lossbench sweep many.yaml --quiet --jobs 1
assert_exit 0 lossbench sweep many.yaml --quiet --set output.dir=threads --jobs 2 --threads 2
for record in together/trials/*.json; do assert_exit 0 lossbench sweep many.yaml --quiet --set output.dir=alone --only "$(basename "$record" .json)"; done
assert_same_results together threads
assert_same_results together alone
assert_exit 0 lossbench report together --metric test.sharpness
assert_contains "$out" 'squared_hinge'
assert_lacks "$out" 'Worse than a constant model'
assert_eq "$(jq -c '[.result.metrics.train.sharpness > 0, .baseline.metrics.train.sharpness] | unique' together/trials/*.json | sort -u)" '[null,true]' 'of the constant model'
assert_exit 0 lossbench train c.yaml --quiet --set 'train.curves=[train]' --set output.dir=curves
assert_eq "$(jq -c '.result.curves["train.sharpness"] | unique' curves/trials/*.json)" '[null]' 'a curve'

# ---- what is refused ----

refused() { # refused TEXT SETS...
	local text=$1
	shift
	assert_exit 3 lossbench train c.yaml --quiet --set output.dir=refused "${@/#/--set=}"
	assert_contains "$err" "$text"
}
refused 'metrics: found sharpness with loss mw, allowed: a loss that is a mean of row losses, the same in every pass; remove the metric' loss=mw
refused 'metrics: found sharpness with model naive_bayes, which minimises no loss; remove the metric' model=naive_bayes
split='data.split={train: 0.8, valid: 0.2}'
refused 'train.early_stopping.metric: found valid.sharpness, which is known when the training is over; take another metric' "$split" \
	'train.early_stopping={metric: valid.sharpness, patience: 3}'
refused 'schedule.metric: found valid.sharpness, which is known when the training is over' "$split" 'schedule={name: plateau, metric: valid.sharpness}'
[ ! -e refused ] || fail 'a refused training wrote something'
