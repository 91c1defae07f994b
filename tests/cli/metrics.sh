#!/usr/bin/env bash
# Metrics on request, of every task: those of the record follow from the predictions that were written; they join no list by themselves; what
# is undefined is null and told; what cannot be is refused where it stands.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# own METRICS NAME FILE LABEL TASK LOSS: a config NAME.yaml.
own() {
	cat >"$2.yaml" <<YAML
task: $5
data: {train: {path: $3, label: $4}, split: {train: 0.6, valid: 0.15, test: 0.25}}
loss: $6
train: {epochs: 4, batch: 32, precision: float64}
metrics: [$1]
output: {dir: $2, predictions: true}
YAML
}
samples=$LB_ROOT/datasets/samples
own 'mse, median_ae, max_error, mape, smape, rmsle, bias, {name: d2_pinball, level: 0.9}, poisson_deviance, kendall, ccc' r "$samples/concrete.csv.gz" target regression huber
own 'gini, eer, ks, {name: lift, share: 0.2}, {name: fpr_at_tpr, tpr: 0.8}' b "$samples/sonar.csv.gz" label binary logistic
own 'auc_ovr, auc_ovr_weighted, auc_ovo, classwise_ece, ks_calibration, cohen_kappa, jaccard_macro' c "$samples/glass.csv.gz" label multiclass ce
own 'crps, pit_deviation' d "$samples/concrete.csv.gz" target regression gaussian_nll
own 'crps, pit_deviation' q "$samples/concrete.csv.gz" target regression '{name: multi_quantile, levels: [0.1, 0.5, 0.9]}'
for name in r b c; do assert_exit 0 lossbench train $name.yaml --quiet; done
scaled=(--quiet --set 'data.preprocess.target=standardize')
for name in d q; do assert_exit 0 lossbench train $name.yaml "${scaled[@]}"; done

cat >check.py <<'PY'
import csv, glob, itertools, json, math, statistics as st


def read(name):
    record = json.load(open(glob.glob(name + "/trials/*[0-9a-f].json")[0]))
    with open(glob.glob(name + "/trials/*.predictions.csv")[0]) as f:
        rows = list(csv.DictReader(f))
    names = record["data"].get("classes", [])
    return record["result"]["metrics"]["test"], rows, [names.index(row["label"]) for row in rows if names]


def check(got, expected):
    assert set(got) == set(expected), set(got) ^ set(expected)
    for key, value in expected.items():
        assert abs(got[key] - value) <= 1e-9 * max(1, abs(value)), (key, got[key], value)


def column(rows, name):
    return [float(row[name]) for row in rows]


def sign(v):
    return (v > 0) - (v < 0)


def area(pos, neg):
    return sum((p > n) + (p == n) / 2 for p in pos for n in neg) / (len(pos) * len(neg))


got, rows, y = read("r")
f, y = column(rows, "score_1"), column(rows, "target_1")
error = [a - b for a, b in zip(f, y)]
pinball = lambda c: st.fmean(max(0.9 * (b - a), 0.1 * (a - b)) for a, b in zip(c, y))
pairs = [(sign(f[i] - f[j]), sign(y[i] - y[j])) for i in range(len(y)) for j in range(i)]
mf, my = st.fmean(f), st.fmean(y)
check(got, {
    "mse": st.fmean(e * e for e in error), "median_ae": st.median(map(abs, error)), "max_error": max(map(abs, error)),
    "mape": st.fmean(abs(e) / b for e, b in zip(error, y)), "smape": st.fmean(2 * abs(e) / (abs(a) + b) for e, a, b in zip(error, f, y)),
    "rmsle": math.sqrt(st.fmean((math.log1p(a) - math.log1p(b)) ** 2 for a, b in zip(f, y))) if min(f) > -1 else math.nan, "bias": abs(st.fmean(error)),
    "d2_pinball(level=0.9)": 1 - pinball(f) / min(pinball([c] * len(y)) for c in y),
    "poisson_deviance": st.fmean(2 * (b * math.log(b / a) - b + a) for a, b in zip(f, y)),
    "kendall": sum(a * b for a, b in pairs) / math.sqrt(sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs)),
    "ccc": 2 * st.fmean((a - mf) * (b - my) for a, b in zip(f, y)) / (st.pvariance(f) + st.pvariance(y) + (mf - my) ** 2),
})

got, rows, y = read("b")
score = column(rows, "score_1")
pos, neg = [s for s, label in zip(score, y) if label], [s for s, label in zip(score, y) if not label]
points = [(0, 0)] + [(sum(v >= s for v in pos) / len(pos), sum(v >= s for v in neg) / len(neg)) for s in sorted(pos + neg, reverse=True)]
top = sorted(pos + neg, reverse=True)[:math.ceil(0.2 * len(score))]
assert len(set(pos + neg)) == len(score)
inside = sum(v in pos for v in top[:-1]) + (top[-1] in pos) * (0.2 * len(score) - len(top) + 1)
(t0, f0), (t1, f1) = next((a, b) for a, b in zip(points, points[1:]) if b[0] + b[1] >= 1)
along = (1 - t0 - f0) / (t1 + f1 - t0 - f0)
check(got, {"gini": 2 * area(pos, neg) - 1, "ks": max(t - f for t, f in points), "eer": f0 + along * (f1 - f0), "lift(share=0.2)": inside / len(pos) / 0.2,
            "fpr_at_tpr(tpr=0.8)": min(f for t, f in points if t >= 0.8)})

got, rows, y = read("c")
names = [key for key in rows[0] if key.startswith("score_")]
z = [[float(row[k]) for k in names] for row in rows]
p = [[1 / sum(math.exp(b - a) for b in row) for a in row] for row in z]
pred, conf = [row.index(max(row)) for row in p], [max(row) for row in p]
classes = [k for k in range(len(names)) if k in y]
of = lambda k, j: area([row[k] for row, label in zip(p, y) if label == k], [row[k] for row, label in zip(p, y) if label == j])
rest = {k: area([row[k] for row, label in zip(p, y) if label == k], [row[k] for row, label in zip(p, y) if label != k]) for k in classes}
ece = 0
for k in range(len(names)):
    for b in range(15):
        ece += abs(sum((label == k) - row[k] for row, label in zip(p, y) if max(0, math.ceil(row[k] * 15) - 1) == b)) / len(y) / len(names)
gaps = [sum((a == b) - c for a, b, c in zip(pred, y, conf) if c <= most) for most in conf]
chance = sum(y.count(k) * pred.count(k) for k in range(len(names)))
right = sum(a == b for a, b in zip(pred, y))
jaccard = [sum(a == b == k for a, b in zip(pred, y)) / sum(k in pair for pair in zip(pred, y)) for k in range(len(names)) if k in y + pred]
check(got, {"auc_ovr": st.fmean(rest.values()), "auc_ovr_weighted": sum(rest[k] * y.count(k) for k in classes) / len(y),
            "auc_ovo": st.fmean((of(k, j) + of(j, k)) / 2 for k, j in itertools.combinations(classes, 2)), "classwise_ece": ece,
            "ks_calibration": max(map(abs, gaps)) / len(y), "cohen_kappa": (right * len(y) - chance) / (len(y) ** 2 - chance), "jaccard_macro": st.fmean(jaccard)})

got, rows, y = read("d")
normal = st.NormalDist()
u = [(b - m) / s for b, m, s in zip(column(rows, "target_1"), column(rows, "mean_1"), column(rows, "sd_1"))]
pit = sorted(normal.cdf(v) for v in u)
check(got, {"crps": st.fmean(s * (v * (2 * normal.cdf(v) - 1) + 2 * normal.pdf(v) - 1 / math.sqrt(math.pi)) for v, s in zip(u, column(rows, "sd_1"))),
            "pit_deviation": max(max((i + 1) / len(pit) - v, v - i / len(pit)) for i, v in enumerate(pit))})

got, rows, y = read("q")
y, levels = column(rows, "target_1"), {a: column(rows, "quantile_%g_1" % a) for a in (0.1, 0.5, 0.9)}
check(got, {"crps": 2 * st.fmean(max(a * (b - v), (a - 1) * (b - v)) for a, q in levels.items() for b, v in zip(y, q)),
            "pit_deviation": max(abs(st.fmean(b <= v for b, v in zip(y, q)) - a) for a, q in levels.items())})
PY
"$py" check.py

# A trial's bytes are the same in the company of trials that keep no probabilities, and of some that read decisions alone.
cat >many.yaml <<YAML
$(sed '/^output/d; /^metrics/d; /^loss/d' c.yaml)
metrics: [auc_ovr, auc_ovo_weighted, classwise_ece, accuracy]
sweep: {loss: [ce, brier, {name: focal, gamma: 2}], train.seed: [1, 2]}
output: {dir: many}
YAML
assert_exit 0 lossbench sweep many.yaml --quiet --jobs 2
sed '/^sweep/d; s/dir: many/dir: alone/' many.yaml >alone.yaml
for seed in 1 2; do
	for loss in ce brier '{name: focal, gamma: 2}'; do
		assert_exit 0 lossbench train alone.yaml --quiet --set "loss=$loss" --set "train.seed=$seed"
	done
done
"$py" - <<'PY'
import glob, json
read = lambda folder: {r["id"]: r["result"]["metrics"] for r in map(json.load, map(open, glob.glob(folder + "/trials/*[0-9a-f].json")))}
assert len(read("many")) == 6 and read("many") == read("alone")
PY

# They join no list by themselves: a config without metrics has those it always had.
assert_exit 0 lossbench train r.yaml --quiet --set 'metrics=null' --set output.dir=default
"$py" -c 'import glob, json; r = json.load(open(glob.glob("default/trials/*[0-9a-f].json")[0])); assert set(r["result"]["metrics"]["test"]) == {"rmse", "mae", "r2"}, r'

# Undefined: null in the record, and told.
awk 'BEGIN { srand(2); print "x,y"; for (i = 0; i < 200; i++) printf "%.3f,%d\n", rand(), i % 3 - 1 }' >low.csv
own 'mape, msle, gamma_deviance, {name: tweedie_deviance, power: 0}, crps' low low.csv y regression mse
assert_exit 0 lossbench train low.yaml
assert_contains "$out" 'undefined: test.mape, test.msle, test.gamma_deviance, test.crps'
assert_contains "$err" 'crps is undefined with loss mse, whose model gives no variance of a target and no quantiles'
"$py" -c 'import glob, json; m = json.load(open(glob.glob("low/trials/*[0-9a-f].json")[0]))["result"]["metrics"]["test"]
assert [m[k] for k in ("mape", "msle", "gamma_deviance", "crps")] == [None] * 4 and m["tweedie_deviance(power=0)"] > 0, m'

# Refused where it stands.
sed 's/power: 0}/power: 0.5}/' low.yaml >half.yaml
assert_exit 3 lossbench train half.yaml
assert_contains "$err" 'half.yaml:5:10: metrics: tweedie_deviance: power: found 0.5, but no distribution of the family has a power between 0 and 1'
assert_exit 3 lossbench train low.yaml --set 'metrics=[mse, crps]' --set 'train.early_stopping={metric: valid.crps, patience: 2}'
assert_contains "$err" 'train.early_stopping.metric: found valid.crps with loss mse, whose model gives no variance of a target and no quantiles'
assert_exit 0 lossbench train d.yaml "${scaled[@]}" --set 'train.early_stopping={metric: valid.crps, patience: 2}' --set output.dir=stopped

# Ordered classes are named in their order.
awk 'BEGIN { srand(3); print "x,grade,number"
	for (i = 0; i < 300; i++) { x = 3 * rand(); k = int(x); printf "%.4f,%s,%d\n", x, substr("lowmedtop", 3 * k + 1, 3), k } }' >grades.csv
own 'weighted_kappa, rank_mae, macro_rank_mae, off_by_one' o grades.csv grade multiclass ce
assert_exit 0 lossbench train o.yaml --set 'data.drop=[number]'
assert_contains "$err" 'weighted_kappa takes the classes in this order: low < med < top; '
assert_exit 0 lossbench train o.yaml --set data.train.label=number --set 'data.drop=[grade]'
assert_lacks "$err" 'in this order'
