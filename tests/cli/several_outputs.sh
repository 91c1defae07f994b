#!/usr/bin/env bash
# Regression with several outputs for each target: multi_quantile and gaussian_nll. What is predicted, told beside and measured, models
# that are saved, company, threads, kill -9, and what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# The shipped configs, from the project's folder: every metric of the record follows from the predictions of the test rows.
for name in multi_quantile gaussian_nll; do
	(cd "$LB_ROOT" && lossbench sweep "configs/regression/$name.yaml" --quiet --jobs 2 --set "output.dir=$OLDPWD/$name") >/dev/null || fail "$name"
	assert_eq "$(find $name -name '*[0-9a-f].json' -path '*trials*' | wc -l)" 6 "trials of $name"
done
cat >check.py <<'PY'
import csv, glob, json, math, statistics as st, sys


def records(folder):
    for path in sorted(glob.glob(folder + "/trials/*[0-9a-f].json")):
        record = json.load(open(path))
        assert record["result"]["status"] == "ok", path
        with open(path[:-5] + ".predictions.csv") as f:
            yield record, [{k: float(v) for k, v in row.items()} for row in csv.DictReader(f)]


def near(a, b, what):
    assert abs(a - b) <= 1e-9 * max(1, abs(b)), (what, a, b)


def of(rows, name, targets=1):
    return [row["%s_%d" % (name, t)] for row in rows for t in range(1, targets + 1)]


def points(metric, rows, targets=1):
    e = [p - y for p, y in zip(of(rows, "score", targets), of(rows, "target", targets))]
    near(metric["rmse"], math.sqrt(st.fmean(v * v for v in e)), "rmse")
    near(metric["mae"], st.fmean(map(abs, e)), "mae")


def quantiles(metric, rows, levels, targets=1):
    y = of(rows, "target", targets)
    q = {level: of(rows, "quantile_%g" % level, targets) for level in levels}
    loss = [max(tau * (a - b), (tau - 1) * (a - b)) for tau in levels for a, b in zip(y, q[tau])]
    near(metric["pinball"], st.fmean(loss), "pinball")
    low, high = q[levels[0]], q[levels[-1]]
    near(metric["interval_coverage"], st.fmean(a <= v <= b for a, v, b in zip(low, y, high)), "interval_coverage")
    near(metric["interval_width"], st.fmean(b - a for a, b in zip(low, high)), "interval_width")


def normal(metric, rows, targets=1):
    near(metric["gaussian_nll"], st.fmean(math.log(s) + ((y - m) / s) ** 2 / 2 + math.log(2 * math.pi) / 2 for y, m, s in zip(
        of(rows, "target", targets), of(rows, "mean", targets), of(rows, "sd", targets))), "gaussian_nll")
PY
"$py" - <<'PY'
from check import *
levels = [0.05, 0.25, 0.5, 0.75, 0.95]
for record, rows in records("multi_quantile"):
    assert list(rows[0]) == ["row", "target_1", "score_1"] + ["quantile_%g_1" % v for v in levels], list(rows[0])
    assert of(rows, "score") == of(rows, "quantile_0.5")
    metric, least = record["result"]["metrics"]["test"], record["baseline"]["metrics"]["test"]
    points(metric, rows)
    quantiles(metric, rows, levels)
    assert record["result"]["parameters"] == {"linear": 9 * 5, "mlp": 9 * 32 + 33 * 5}[record["config"]["model"]["kind"]]
    # the quantiles of the training rows, which cover what they say, are what is to be beaten
    assert metric["pinball"] < 0.7 * least["pinball"] and 0.85 < least["interval_coverage"] < 0.95, (metric, least)
    assert 0.8 < metric["interval_coverage"] < 0.97, metric
for record, rows in records("gaussian_nll"):
    assert list(rows[0]) == ["row", "target_1", "score_1", "mean_1", "sd_1"]
    assert of(rows, "score") == of(rows, "mean") and min(of(rows, "sd")) > 0
    metric, least = record["result"]["metrics"]["test"], record["baseline"]["metrics"]["test"]
    points(metric, rows)
    normal(metric, rows)
    assert metric["gaussian_nll"] < least["gaussian_nll"] - 0.5, (metric, least)
    # that of one normal for all is about ln(sd) + ln(2 pi e) / 2
    near(record["baseline"]["metrics"]["train"]["gaussian_nll"], math.log(record["baseline"]["metrics"]["train"]["rmse"]) +
         math.log(2 * math.pi * math.e) / 2, "the baseline's density")
PY

# Three groups of numbers, and two targets: the second is the first divided by 1000.
awk 'BEGIN { srand(11); print "group,a,y,small"
	for (i = 0; i < 900; i++) { k = int(3 * rand()); v = 1000 * k + 100 * (k + 1) * sqrt(-2 * log(1 - rand())) * cos(6.2831853 * rand())
		printf "%s,%.4f,%.3f,%.6f\n", substr("xyz", k + 1, 1), rand(), v, v / 1000 } }' >groups.csv
cat >c.yaml <<YAML
task: regression
data: {train: {path: groups.csv, label: y}, drop: [small, a], split: {first: 540}, preprocess: {target: standardize}}
loss: {name: gaussian_nll}
optimizer: {name: sgd, lr: 0.05}
train: {epochs: 5, batch: 32}
metrics: [rmse, mae, gaussian_nll]
output: {dir: out, predictions: true, model: true}
YAML
run() { assert_exit 0 lossbench train c.yaml --quiet --set "output.dir=$1" "${@:2}"; }

# At the optimum each group has its own mean and standard deviation, with targets in their units or as they are, in one column or two.
quantile=(--set 'loss={name: multi_quantile, levels: [0.2, 0.5, 0.9]}' --set 'metrics=[rmse, mae, pinball, interval_coverage, interval_width]')
exact=(--set 'optimizer={name: lbfgs, max_iterations: 3000, tolerance: 1.0e-9}' --set train.precision=float64)
run normal "${exact[@]}"
run plain "${exact[@]}" --set data.preprocess.target=none --set 'data.train.label="small"' --set 'data.drop=[y, a]'
run both "${exact[@]}" --set 'data.train.label="y, small"' --set 'data.drop=[a]'
slow=(--set train.epochs=400 --set train.batch=540 --set optimizer.lr=1 --set schedule=cosine --set train.precision=float64)
run quantiles "${quantile[@]}" "${slow[@]}"
"$py" - <<'PY'
from check import *
with open("groups.csv") as f:
    data = list(csv.DictReader(f))
group = {g: [float(d["y"]) for d in data[:540] if d["group"] == g] for g in "xyz"}  # the training rows


def told(folder, targets):
    """What is told of each group, the same in each of its rows."""
    (record, rows), = records(folder)
    metric, by_group = record["result"]["metrics"]["test"], {}
    normal(metric, rows, targets)
    points(metric, rows, targets)
    for r in rows:
        first = by_group.setdefault(data[int(r["row"])]["group"], r)
        assert all(r[k] == first[k] for k in r if k[:2] in ("me", "sd", "sc"))
    return by_group, record["result"]["metrics"]["train"]["gaussian_nll"]


one, value = told("normal", 1)
near(value, sum(len(v) * (math.log(st.pstdev(v)) + math.log(2 * math.pi * math.e) / 2) for v in group.values()) / 540, "the least value")
for folder, targets, units in (("normal", 1, [1]), ("plain", 1, [1000]), ("both", 2, [1, 1000])):
    found, _ = told(folder, targets)
    for g, v in group.items():
        for t, unit in enumerate(units, 1):
            m, s = found[g]["mean_%d" % t] * unit, found[g]["sd_%d" % t] * unit
            assert abs(m - st.fmean(v)) < 1e-4 * st.pstdev(v) and abs(s / st.pstdev(v) - 1) < 1e-4, (folder, g, m, s, st.fmean(v), st.pstdev(v))

(record, rows), = records("quantiles")
quantiles(record["result"]["metrics"]["test"], rows, [0.2, 0.5, 0.9])
for g, v in group.items():
    r = next(r for r in rows if data[int(r["row"])]["group"] == g)
    for level in (0.2, 0.5, 0.9):
        share = st.fmean(x <= r["quantile_%g_1" % level] for x in v)
        assert abs(share - level) < 0.02, (g, level, share)
PY

# predict gives the bytes of the run, in both precisions, for a linear model, an MLP and two targets.
i=0
for loss in gaussian quantile; do
	more=()
	[ $loss = gaussian ] || more=("${quantile[@]}")
	for set in train.precision=float64 'model={kind: mlp, hidden: [8]}' two small; do
		i=$((i + 1))
		sets=(--set "$set")
		[ "$set" != two ] || sets=(--set 'data.train.label="y, small"' --set 'data.drop=[a]')
		[ "$set" != small ] || sets=(--set data.train.label=small --set 'data.drop=[y, a]' --set data.preprocess.target=none)
		run m$i "${more[@]}" "${sets[@]}"
		assert_exit 0 lossbench predict --model m$i/trials/*.model.npz --data groups.csv --out p$i.csv
		assert_eq "$(sort p$i.csv | comm -13 - <(sort m$i/trials/*.predictions.csv))" '' "lines of the run that predict does not give ($loss, $set)"
	done
done
assert_eq "$(head -n 1 p3.csv)" row,target_1,target_2,score_1,score_2,mean_1,sd_1,mean_2,sd_2
assert_eq "$(head -n 1 p7.csv)" row,target_1,target_2,score_1,score_2,quantile_0.2_1,quantile_0.5_1,quantile_0.9_1,quantile_0.2_2,quantile_0.5_2,quantile_0.9_2
assert_exit 0 lossbench predict --model m3/trials/*.model.npz --data groups.csv --out p.npy
assert_exit 2 lossbench predict --model m3/trials/*.model.npz --data groups.csv --what probabilities
assert_contains "$err" 'allowed: scores'

# A model whose last layer is not whole outputs for each target is refused by name.
"$py" - m1/trials/*.model.npz <<'PY'
import sys, zipfile
source = zipfile.ZipFile(sys.argv[1])
parts = {i.filename: source.read(i) for i in source.infolist()}
for name, old, new in (("odd", "(2,)", "(1,)"), ("same", "", "")):
    with zipfile.ZipFile(name + ".npz", "w") as z:
        for key, body in parts.items():
            if key == "b1.npy" and name == "odd":
                assert body.count(b"(2,)") == 1
                body = body.replace(b"(2,)", b"(1,)")[:-8]
            z.writestr(key, body)
PY
assert_exit 0 lossbench predict --model same.npz --data groups.csv
assert_exit 4 lossbench predict --model odd.npz --data groups.csv
assert_contains "$err" 'odd.npz: its last layer does not have 2 outputs for each target'

# Alone, in company of losses of other widths, with any number of jobs and threads.
cat >sweep.yaml <<YAML
task: regression
data: {train: {path: groups.csv, label: "y, small"}, split: {train: 0.6, valid: 0.2, test: 0.2}, preprocess: {target: standardize}}
model: {kind: mlp, hidden: [24], dropout: 0.1}
loss: {name: mse}
train: {epochs: 4, batch: 32, early_stopping: {metric: valid.rmse, patience: 3}}
metrics: [rmse, r2, pinball, interval_width, gaussian_nll]
sweep:
  loss: [{name: mse}, {name: gaussian_nll}, {name: multi_quantile}, {name: multi_quantile, levels: [0.3]}, {name: huber}]
  train.precision: [float32, float64]
output: {dir: none, predictions: true}
YAML
assert_exit 0 lossbench sweep sweep.yaml --jobs 1 --set output.dir=company
assert_contains "$err" 'metrics: pinball is undefined with loss mse, whose model gives no quantiles (2 trials)'
assert_contains "$err" 'metrics: gaussian_nll is undefined with loss multi_quantile, whose model gives no variance of a target (4 trials)'
assert_lacks "$err" 'pinball is undefined with loss multi_quantile'
assert_exit 0 lossbench sweep sweep.yaml --jobs 2 --threads 2 --quiet --set output.dir=threads
assert_same_results company threads
sed '/^sweep:/,/train.precision/d' sweep.yaml >single.yaml
for precision in float32 float64; do
	for loss in mse gaussian_nll multi_quantile '{name: multi_quantile, levels: [0.3]}' huber; do
		assert_exit 0 lossbench train single.yaml --quiet --set "loss=$loss" --set train.precision=$precision --set output.dir=alone
	done
done
assert_same_results company alone
for f in company/trials/*.predictions.csv; do cmp "$f" "alone/trials/${f##*/}" || fail "predictions of ${f##*/}"; done
"$py" - <<'PY'
from check import *
seen = set()
for record, rows in records("company"):
    metric, least = record["result"]["metrics"]["test"], record["baseline"]["metrics"]["test"]
    loss = record["config"]["loss"]["name"]
    given = {"multi_quantile": {"pinball", "interval_width"}, "gaussian_nll": {"gaussian_nll"}}.get(loss, set())
    for name in ("pinball", "interval_width", "gaussian_nll"):
        defined = name in given and not (name == "interval_width" and len(record["config"]["loss"]["levels"]) == 1)
        assert (metric[name] is not None) == (least[name] is not None) == defined, (loss, name, metric, least)
    seen.add(least["pinball"])
assert len(seen) == 3, seen  # each set of levels has a baseline of its own
PY

# Killed and resumed.
for loss in gaussian_nll multi_quantile; do
	long=(--quiet --set "loss=$loss" --set train.epochs=4000 --set train.batch=16 --set train.checkpoint=20 --set 'train.curves=[]' --set train.early_stopping=null)
	lossbench train single.yaml "${long[@]}" --set output.dir=resumed-$loss >/dev/null 2>&1 &
	training=$!
	wait_until 20 compgen -G "resumed-$loss/trials/*.checkpoint" >/dev/null
	kill -9 $training
	wait $training 2>/dev/null || true
	assert_exit 0 lossbench train single.yaml "${long[@]}" --set output.dir=resumed-$loss
	assert_exit 0 lossbench train single.yaml "${long[@]}" --set output.dir=whole-$loss
	assert_same_results resumed-$loss whole-$loss
	[ "$(json resumed-$loss/trials/*[0-9a-f].json .run.resumed_epochs)" -gt 0 ] || fail "$loss was not resumed"
done

# Row weights apply: weight 0 leaves rows out.
awk -F, 'NR == 1 { print $0 ",w" } NR > 1 { print $0 "," ($1 == "z" ? 0 : 1) }' groups.csv >weighted.csv
run weighted "${exact[@]}" --set data.train.path=weighted.csv --set data.weight=w --set 'data.drop=[small, group]'
"$py" - <<'PY'
from check import *
(_, rows), = records("weighted")
mean = st.fmean(of(rows, "mean"))
assert abs(mean - 500) < 60, mean  # with z it is 1000
PY

# What is refused before any training.
bad() { # MESSAGE SET...
	assert_exit 3 lossbench config check c.yaml "${@:2}"
	assert_contains "$err" "$1"
}
sed 's/loss: .*/loss: {name: multi_quantile, levels: [0.9, 0.1]}/; s/^metrics.*/metrics: [pinball]/' c.yaml >descending.yaml
assert_exit 3 lossbench train descending.yaml
assert_contains "$err" 'descending.yaml:3:38: loss.levels: found 0.9 before 0.1, allowed: ascending levels, each once, such as [0.1, 0.5, 0.9]'
bad 'loss.levels: found 0, allowed: 1 to 100 levels' --set 'loss={name: multi_quantile, levels: []}'
bad 'loss.levels: found 0.5 before 0.5' --set 'loss={name: multi_quantile, levels: [0.5, 0.5]}'
bad 'loss.levels: found 1 as entry 2, allowed: a list of numbers in (0, 1)' --set 'loss={name: multi_quantile, levels: [0.5, 1]}'
bad 'gaussian_nll is a regression loss; the task is binary' --set task=binary --set data.train.label=group --set 'metrics=[accuracy]' --set data.preprocess.target=none
bad 'train.early_stopping.metric: found valid.pinball with loss gaussian_nll, whose model gives no quantiles' --set 'metrics=[rmse, pinball]' \
	--set 'data.split={valid: 0.2}' --set 'train.early_stopping={metric: valid.pinball}'
[ ! -e out ] || fail 'a config that was refused has an output folder'

# By hand: `losses eval` with one column of targets for three of predictions.
assert_exit 0 lossbench losses eval multi_quantile --param 'levels=[0.1,0.5,0.9]' --input - <<<'{"predictions": [[-1, 0, 2]], "targets": [[1]]}'
assert_between "$(json - .value <<<"$out")" 0.266666666666 0.266666666667
assert_exit 0 lossbench losses eval gaussian_nll --input - <<<'{"predictions": [[1, 0]], "targets": [3]}'
assert_eq "$out" '{"value": 2, "grad": {"predictions": [[-2, -1.5]]}}'
assert_exit 4 lossbench losses eval gaussian_nll --input - <<<'{"predictions": [[1, 0, 2]], "targets": [[3]]}'
assert_contains "$err" 'targets: found 1 x 1, predictions have 1 x 3, allowed: 2 columns of predictions for each target'
assert_exit 2 lossbench losses eval multi_quantile --param 'levels=[0.9,0.1]' --input - <<<'{"predictions": [[1, 0]], "targets": [[3]]}'
assert_contains "$err" 'levels: found 0.9 before 0.1'
for loss in multi_quantile gaussian_nll; do assert_exit 0 lossbench losses plot $loss --out $loss.svg; done
