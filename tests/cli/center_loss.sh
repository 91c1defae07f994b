#!/usr/bin/env bash
# center_loss, a loss with parameters of its own that moves the hidden features: value and gradients against NumPy; its study of configs/
# alone, in company and with threads; procedures, terms, optimisers; saved models; kill -9; what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy
py=${PYTHON:-python3}

# ---- value and gradients by scores, centers and features ----

"$py" - <<'PY'
import json, subprocess

import numpy as np

rng = np.random.default_rng(3)
for b, c, d, lam in ((1, 2, 1, 0.5), (5, 3, 4, 0.01), (7, 6, 2, 20.0), (4, 3, 5, 0.0)):
    z, h, w, y = rng.normal(size=(b, c)), rng.normal(size=(b, d)), rng.normal(size=(c, d)), rng.integers(0, c, b)
    e = np.exp(z - z.max(1, keepdims=True))
    p, apart = e / e.sum(1, keepdims=True), h - w[y]
    value = (-np.log(p[np.arange(b), y]) + lam / 2 * (apart ** 2).sum(1)).mean()
    by_w = np.zeros_like(w)
    np.add.at(by_w, y, -lam / b * apart)
    want = {"scores": (p - np.eye(c)[y]) / b, "centers": by_w, "features": lam / b * apart}
    data = json.dumps({"scores": z.tolist(), "labels": y.tolist(), "features": h.tolist(), "centers": w.tolist()})
    for bits, tolerance in (("float64", 1e-13), ("float32", 1e-5)):
        done = subprocess.run(["lossbench", "losses", "eval", "center_loss", "--param", f"lambda={lam}", "--precision", bits, "--input", "-"], input=data,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert abs(found["value"] - value) <= tolerance * max(1, abs(value)), (found["value"], value)
        assert list(found["grad"]) == list(want), found["grad"]
        for name, grad in want.items():
            assert np.abs(np.array(found["grad"][name]) - grad).max() <= tolerance * max(1, lam), (name, bits)
PY

bad() {
	echo "$1" >in.json
	assert_exit 4 lossbench losses eval center_loss --input in.json
	assert_contains "$err" "$2"
}
bad '{"scores": [[1, 2]], "labels": [0], "features": [[1, 2]]}' '"centers" is missing'
bad '{"scores": [[1, 2]], "labels": [0], "centers": [[1], [2]]}' '"features" is missing'
bad '{"scores": [[1, 2]], "labels": [0], "features": [[1, 2]], "centers": [[1], [2]]}' 'centers: found 1 column, features have 2'
bad '{"scores": [[1, 2]], "labels": [0], "features": [[1, 2]], "centers": [[1, 2]]}' 'centers: found 1 row, allowed: one for each of the 2 classes'
bad '{"scores": [[1, 2]], "labels": [0], "features": [[1, 2]], "prototypes": [[1, 2]]}' 'unknown key "prototypes"'
bad '{"scores": [[1, 2]], "labels": [0], "featurs": [[1, 2]]}' 'allowed: scores, labels, centers, features, class_counts, sample_ids'

# ---- the study of configs/, in short: all trials in one cohort, each alone, two threads ----

same_in_any_company configs/embeddings/centers.yaml 8 train.epochs=8 train.seed=1,2 train.precision=float64
"$py" - together/trials/*.json <<'PY'
import json, sys

spread = {}
for name in sys.argv[1:]:
    r = json.load(open(name))
    lam = r["config"]["loss"].get("lambda", 0)
    spread[lam, r["config"]["train"]["seed"]] = r["result"]["metrics"]["test"]["nc1"]
    # 16 x 64 + 64, 64 x 26 + 26, and a center of 64 features for each of 26 classes
    assert r["result"]["parameters"] == 16 * 64 + 64 + 64 * 26 + 26 + (64 * 26 if r["config"]["loss"]["name"] == "center_loss" else 0)
for seed in (1, 2):
    assert spread[1, seed] < spread[0.1, seed] < spread[0, seed], spread
PY

# ---- a linear model's features are the data: it is that of cross-entropy, the centers move alone; lambda 0 is cross-entropy anyway ----

cat >c.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
model: {kind: mlp, hidden: [8], dropout: 0.1}
loss: {name: center_loss, lambda: 0.1}
optimizer: {name: adam, lr: 0.01}
train: {epochs: 40, batch: 16}
metrics: [accuracy, log_loss]
output: {dir: plain, predictions: true}
YAML
predictions() {
	rm -rf some
	assert_exit 0 lossbench train --config c.yaml --quiet --set output.dir=some "${@/#/--set=}"
	scores=$(cat some/trials/*.predictions.csv)
}
apart() { # apart A B: how far the scores of two runs are from each other
	"$py" - "$1" "$2" <<'PY'
import csv, sys

a, b = (list(csv.reader(text.splitlines())) for text in sys.argv[1:])
columns = [i for i, name in enumerate(a[0]) if name.startswith("score")]
assert columns and len(a) == len(b) > 10, a[0]
print(max(abs(float(x[i]) - float(y[i])) for x, y in zip(a[1:], b[1:]) for i in columns))
PY
}
exact=(train.precision=float64 optimizer.name=sgd)
predictions loss=ce model=linear "${exact[@]}"
ce=$scores
predictions loss.lambda=5 model=linear "${exact[@]}"
assert_between "$(apart "$scores" "$ce")" 0 1e-10 'scores of a linear model'
predictions loss=ce "${exact[@]}"
ce=$scores
predictions loss.lambda=0 "${exact[@]}"
assert_between "$(apart "$scores" "$ce")" 0 1e-10 'scores at lambda 0'
predictions "${exact[@]}"
assert_between "$(apart "$scores" "$ce")" 0.01 10 'what the pull changes'

# ---- the whole gradient (clip_norm) and the update inside backward; terms, procedures, all rows at once, a cosine head ----

for p in float32 float64; do
	for o in '{name: sgd, lr: 0.1, momentum: 0.9, weight_decay: 0.001}' '{name: adamw, lr: 0.01}'; do
		predictions "train.precision=$p" "optimizer=$o" model.hidden='[8, 6]'
		fused=$scores
		predictions "train.precision=$p" "optimizer=$o" model.hidden='[8, 6]' train.clip_norm=1e9
		assert_eq "$scores" "$fused" "$p $o"
	done
done
# Half the loss twice is the loss: sums of gradients are those of one, by the parts of each.
predictions "${exact[@]}" loss.lambda=0.2 loss.weight=0.5 'terms=[{name: ce, weight: 0.5}]'
summed=$scores
predictions "${exact[@]}"
assert_between "$(apart "$scores" "$summed")" 0 1e-9 'half the loss at twice the pull, and half of cross-entropy'
for set in 'optimizer={name: lbfgs, weight_decay: 0.001}' 'procedures=[sam]' 'procedures=[mixup]' 'model.head=cosine' 'train.attack={kind: pgd, eps: 0.1}' 'procedures=[ema]'; do
	predictions model.dropout=0 "$set"
	assert_between "$(json some/trials/*.json .result.metrics.train.accuracy)" 0.6 1 "$set"
done
# A loss that is not a sum over rows has no row losses to choose by.
assert_exit 3 lossbench train --config c.yaml --quiet --set 'procedures=[small_loss]'
assert_contains "$err" 'center_loss'

# ---- the saved model ----

rm -rf saved
assert_exit 0 lossbench train --config c.yaml --quiet --set output.dir=saved --set train.precision=float64 --save-model m.npz
lossbench predict --model m.npz --data "$LB_ROOT/datasets/samples/iris.csv.gz" --out all.csv
assert_eq "$(sort all.csv | comm -13 - <(sort saved/trials/*.predictions.csv))" '' 'lines of the run that predict does not give'
"$py" -c 'import numpy; assert numpy.load("m.npz")["loss_parameters"].size == 3 * 8'

# ---- kill -9 ----

cat >many.yaml <<YAML
$(sed '/^output/d' c.yaml)
output: {dir: killed}
sweep:
  loss.lambda: [0.01, 0.1, 1, 10]
YAML
long=(--config many.yaml --quiet --set train.epochs=3000)
lossbench sweep "${long[@]}" --set output.dir=whole
kept() { [ "$(find killed/trials -name '*.checkpoint' 2>/dev/null | wc -l)" -ge 1 ]; }
lossbench sweep "${long[@]}" --set train.checkpoint=20 --jobs 2 &
parent=$!
wait_until 30 kept
mapfile -t workers < <(children $parent)
kill -9 $parent "${workers[@]}" 2>/dev/null || true
wait $parent 2>/dev/null || true
[ "$(find killed/trials -name '*.json' | wc -l)" -lt 4 ] || fail 'all was done before the kill'
assert_exit 0 lossbench sweep "${long[@]}" --set train.checkpoint=20 --jobs 2
assert_same_results whole killed
