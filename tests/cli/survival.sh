#!/usr/bin/env bash
# Task survival: every loss, alone and in company; optima of R's coxph and survreg; metrics, models, and what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
gzip -dc "$LB_ROOT/datasets/samples/gbsg.csv.gz" >gbsg.csv
gzip -dc "$LB_ROOT/datasets/samples/lung.csv.gz" >lung.csv
cat >s.yaml <<'YAML'
name: s
task: survival
data:
  train: {path: gbsg.csv}
  time: rfstime
  event: status
  split: {train: 0.6, valid: 0.2, test: 0.2}
model: {kind: linear}
loss: cox
optimizer: {name: sgd, lr: 0.02, momentum: 0.9}
train: {epochs: 4, batch: 100, seed: 3}
metrics: [harrell, uno, {name: uno, tau: 1500}, integrated_brier]
YAML

results() { # folder: what each trial gave, without times
	"$py" - "$1" <<'PY'
import glob, json, sys

for path in sorted(glob.glob(sys.argv[1] + "/trials/*.json")):
    r = json.load(open(path))
    print(r["id"], r["result"]["status"], json.dumps(r["result"], sort_keys=True))
PY
}

# ---- in one cohort or each alone, with two threads, two workers ----
{ cat s.yaml; echo 'sweep: {loss: [cox, aft, discrete_hazard, discrete_pmf, {name: piecewise_exponential, unit: 1000}, concordance]}'; } >all.yaml
lossbench sweep --config all.yaml --set output.dir=one --jobs 1 >/dev/null
lossbench sweep --config all.yaml --set output.dir=two --jobs 2 >/dev/null
lossbench sweep --config all.yaml --set output.dir=threads --jobs 1 --threads 2 >/dev/null
for loss in cox aft discrete_pmf; do
	lossbench train --config s.yaml --set loss=$loss --set output.dir=alone >/dev/null
done
results one >one.txt
results two >two.txt
results threads >threads.txt
results alone >alone.txt
assert_eq "$(wc -l <one.txt)" 6
assert_eq "$(grep -c ' ok ' one.txt)" 6
assert_eq "$(cat two.txt)" "$(cat one.txt)"
assert_eq "$(cat threads.txt)" "$(cat one.txt)"
assert_eq "$(wc -l <alone.txt)" 3
assert_eq "$(grep -cxFf alone.txt one.txt)" 3

# ---- the optima of R's coxph and survreg, by lbfgs over all rows, without and with weights; R's concordance with weights ----
"$py" - "$LB_ROOT/tests/golden/survival_optima.json" <<'PY'
import ast, csv, glob, json, math, os, struct, subprocess, sys, zipfile


def array(z, name):
    raw = z.read(name + ".npy")
    n = struct.unpack("<H", raw[8:10])[0]
    head = ast.literal_eval(raw[10:10 + n].decode())
    assert head["descr"] == "<f8", head
    return [v[0] for v in struct.iter_unpack("<d", raw[10 + n:])]


def near(what, got, want, size):
    assert abs(got - want) <= 1e-6 * max(size, abs(want)), (what, got, want)


def wrong_order(rows, feature, time, event, seen, weights):
    """The share of pairs in the wrong order, ties half: half the hinge of scores 0 and 1."""
    given = {"scores": [float(r[feature]) for r in rows], "times": [float(r[time]) for r in rows], "events": [int(r[event] == seen) for r in rows],
             "weights": weights}
    done = subprocess.run(["lossbench", "losses", "eval", "concordance", "--param", "phi=hinge"], input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["value"] / 2


COLUMNS = {"gbsg": ("rfstime", "status", "1"), "lung": ("time", "status", "2")}
for i, c in enumerate(json.load(open(sys.argv[1]))["cases"]):
    time, event, seen = COLUMNS[c["data"]]
    path, out = "optimum.csv", "optimum%d" % i
    rows = [r for r in csv.DictReader(open(c["data"] + ".csv")) if all(r[f] for f in c["features"])]
    weights = [0.5 + 7 * k % 11 / 4 for k in range(len(rows))]
    if c["loss"] == "concordance":
        got = wrong_order(rows, c["features"][0], time, event, seen, weights)
        assert abs(got - c["wrong"]) < 1e-12, (c, got)
        continue
    columns = c["features"] + [time, event]
    with open(path, "w") as f:
        f.write(",".join(columns + ["w"] * ("weighted" in c)) + "\n")
        f.writelines(",".join([r[k] for k in columns] + [repr(w)] * ("weighted" in c)) + "\n" for r, w in zip(rows, weights))
    config = {"name": "o", "task": "survival", "data": {"train": {"path": path}, "time": time, "event": event, "positive": seen, "split": {"train": 1}},
              "model": {"kind": "linear"}, "loss": {"name": c["loss"], **c["set"]}, "optimizer": {"name": "lbfgs", "tolerance": 1e-12, "max_iterations": 2000},
              "train": {"precision": "float64"}, "metrics": ["harrell", "uno", "integrated_brier"], "output": {"dir": out, "model": True}}
    if "weighted" in c:
        config["data"]["weight"] = "w"
    json.dump(config, open("optimum.yaml", "w"))
    done = subprocess.run(["lossbench", "train", "--config", "optimum.yaml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    record = json.load(open([p for p in glob.glob(out + "/trials/*.json")][0]))
    z = zipfile.ZipFile(glob.glob(out + "/trials/*.npz")[0])
    w, scale, shift = array(z, "W1"), array(z, "scale"), array(z, "shift")
    slopes = [a * s for a, s in zip(w, scale)]
    name = c["data"] + " " + json.dumps(c["set"]) + " weighted" * ("weighted" in c)
    assert abs(record["result"]["objective"] - c["value"]) <= 1e-9 * abs(c["value"]), (name, record["result"]["objective"], c["value"])
    for f, got, want in zip(c["features"], slopes, c["coefficients"]):
        sd = math.sqrt(sum((float(r[f]) - sum(float(q[f]) for q in rows) / len(rows)) ** 2 for r in rows) / len(rows))
        near(name + " " + f, got * sd, want * sd, max(abs(v) for v in w))
    if c["loss"] == "aft":
        near(name + " intercept", array(z, "b1")[0] + sum(a * b for a, b in zip(w, shift)), c["intercept"], 1)
        near(name + " scale", array(z, "loss_parameters")[0] if not c["set"]["scale"] else math.log(c["set"]["scale"]), c["log_scale"], 1)
    else:
        got = record["result"]["metrics"]["train"]
        if "weighted" not in c:
            assert abs(got["harrell"] - c["harrell"]) < 1e-12, (name, got, c["harrell"])
            assert abs(got["uno"] - c["uno"]) < 1e-9, (name, got, c["uno"])
        times, hazard = array(z, "curve_times"), array(z, "baseline_hazard")
        offset = array(z, "b1")[0] + sum(a * b for a, b in zip(w, shift))  # R's is of x as it is
        for u, h in zip(c["times"], c["hazard"]):
            below = max([k for k, t in enumerate(times) if t <= u], default=0)
            above = min([k for k, t in enumerate(times) if t >= u], default=len(times) - 1)
            assert hazard[below] * math.exp(offset) <= h * (1 + 1e-6) and h <= hazard[above] * math.exp(offset) * (1 + 1e-6), (name, u, h)
PY

# ---- a weight is a number of copies, 0 one that is not there; weights that are all alike change nothing ----
"$py" - <<'PY'
import csv

rows = list(csv.DictReader(open("gbsg.csv")))[:150]
copies = [(0, 1, 3, 2, 1)[i % 5] for i in range(len(rows))]
for name, chosen in (("counted", zip(rows, copies)), ("alike", ((r, 2) for r in rows))):
    with open(name + ".csv", "w") as f:
        f.write("w," + ",".join(rows[0]) + "\n" + "".join("%d,%s\n" % (n, ",".join(r.values())) for r, n in chosen))
with open("copied.csv", "w") as f:
    f.write(",".join(rows[0]) + "\n" + "".join((",".join(r.values()) + "\n") * n for r, n in zip(rows, copies)))
with open("plain.csv", "w") as f:
    f.write(",".join(rows[0]) + "\n" + "".join(",".join(r.values()) + "\n" for r in rows))
PY
trained() { # trained FOLDER FILE TEST LOSS SETS...: the objective, and what the trial says of the rows of a test file
	lossbench train --config s.yaml --set data.train.path="$2" --set data.test.path="$3" --set 'data.split={train: 1, valid: 0}' --set "loss=$4" \
		--set data.preprocess.standardize=false --set 'data.drop=[pgr, er]' --set 'optimizer={name: lbfgs, weight_decay: 1.0e-3, tolerance: 1.0e-12, max_iterations: 5000}' \
		--set train.precision=float64 --set 'metrics=[harrell, uno]' "${@:5}" --set output.dir="$1" >/dev/null
	"$py" -c 'import glob, json, sys
r = json.load(open(glob.glob(sys.argv[1] + "/trials/*.json")[0]))["result"]
print(r["objective"], json.dumps(r["metrics"]["test"], sort_keys=True))' "$1"
}
for loss in '{name: cox, ties: breslow}' '{name: aft, dist: logistic}' '{name: concordance, phi: squared_hinge}' '{name: discrete_hazard, cuts: [500, 1000]}'; do
	key=${loss//[^a-z_]/}
	"$py" - "$(trained "$key/counted" counted.csv alike.csv "$loss" --set data.weight=w)" "$(trained "$key/copied" copied.csv plain.csv "$loss")" \
		"$(trained "$key/alike" alike.csv alike.csv "$loss" --set data.weight=w)" \
		"$(trained "$key/plain" plain.csv plain.csv "$loss")" "$loss" <<'PY' || fail "weights of $loss"
import json, math, sys

counted, copied, alike, plain = ([float(s.split(" ", 1)[0]), json.loads(s.split(" ", 1)[1])] for s in sys.argv[1:5])
if "cox" in sys.argv[5]:                            # weights of mean 1 shift it by the log of their scale
    counted[0] -= math.log(150 / sum((0, 1, 3, 2, 1)[i % 5] for i in range(150)))
assert abs(counted[0] - copied[0]) < 1e-8 * abs(copied[0]), (counted, copied)
assert abs(alike[0] - plain[0]) < 1e-12 * abs(plain[0]) and alike[1] == plain[1], (alike, plain)
assert all(abs(counted[1][k] - copied[1][k]) < 1e-3 for k in copied[1]), (counted, copied)
assert abs(counted[0] - alike[0]) > 1e-3, "the weights change nothing"
PY
done
assert_exit 0 lossbench train --config s.yaml --set data.train.path=counted.csv --set data.weight=w --set train.batch=10 --set output.dir=minibatches
assert_contains "$out" 'integrated_brier'

# ---- metrics, against loops over pairs and rows, from the predictions of the test rows; the model says the same ----
for loss in cox discrete_hazard; do
	lossbench train --config s.yaml --set loss=$loss --set output.predictions=true --set output.model=true --set output.dir=said_$loss >/dev/null
	lossbench predict --model said_$loss/trials/*.npz --data gbsg.csv --out again_$loss.csv
	"$py" - "$LB_ROOT/tests/reference" $loss <<'PY'
import csv, glob, json, sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from metrics_survival import concordance, integrated_brier

loss = sys.argv[2]
path = [p for p in glob.glob("said_%s/trials/*.json" % loss)][0]
got = json.load(open(path))["result"]["metrics"]["test"]
rows = list(csv.DictReader(open(path.replace(".json", ".predictions.csv"))))
grid = [k for k in rows[0] if k.startswith("survival_")]
assert len(grid) == 50, grid
s, t, e = [float(r["risk"]) for r in rows], [float(r["time"]) for r in rows], [int(r["event"]) for r in rows]
curves = [[float(r[k]) for k in grid] for r in rows]
assert all(1 >= a >= b >= 0 for c in curves for a, b in zip(c, c[1:])), "a curve rises"
for name, want in (("harrell", concordance(s, t, e)), ("uno", concordance(s, t, e, True)), ("uno(tau=1500)", concordance(s, t, e, True, 1500)),
                   ("integrated_brier", integrated_brier(curves, [float(k.split("_")[1]) for k in grid], t, e))):
    assert abs(got[name] - want) < 1e-9, (loss, name, got[name], want)
again = list(csv.DictReader(open("again_%s.csv" % loss)))
for r in rows:
    a = again[int(r["row"])]
    assert a["risk"] == r["risk"] and all(a[k] == r[k] for k in grid), (r["row"], a["risk"], r["risk"])
PY
done

assert_exit 0 lossbench train --config s.yaml --set output.dir=words
assert_contains "$out" "baseline: one survival curve for all, on the test rows"

# ---- the order of times alone matters to cox; a batch of all rows and lbfgs find the same ----
"$py" - <<'PY'
import csv

rows = list(csv.DictReader(open("gbsg.csv")))
with open("stretched.csv", "w") as f:
    f.write(",".join(rows[0]) + "\n")
    for r in rows:
        f.write(",".join(str(float(v) ** 2) if k == "rfstime" else "true" if k == "status" and v == "1" else "false" if k == "status" else v for k, v in r.items()) + "\n")
PY
lossbench train --config s.yaml --set 'metrics=[harrell]' --set output.dir=plain >/dev/null
lossbench train --config s.yaml --set 'metrics=[harrell]' --set output.dir=stretched --set data.train.path=stretched.csv >/dev/null
assert_eq "$(results stretched | cut -d' ' -f2-)" "$(results plain | cut -d' ' -f2-)"

# ---- a split that keeps the share of events; without it the id and the rows are as ever ----
events() { "$py" -c 'import glob, json, sys
d = json.load(open(glob.glob(sys.argv[1] + "/trials/*.json")[0]))["data"]
print(*("%s %d/%d" % (k, d["events"][k], d["rows"][k]) for k in ("train", "valid", "test")))' "$1"; }
for seed in 1 2; do
	lossbench train --config s.yaml --set 'metrics=[harrell]' --set data.split.stratify=true --set data.split.seed=$seed --set output.dir=strata$seed >/dev/null
	assert_eq "$(events strata$seed)" "train 180/412 valid 59/137 test 60/137" # 299 of 686 rows are events
done
lossbench train --config s.yaml --set 'metrics=[harrell]' --set data.split.stratify=false --set output.dir=unstratified >/dev/null
assert_eq "$(results unstratified)" "$(results plain)"

# ---- what is refused, and what is undefined ----
grep -v '^  event:' s.yaml >noevent.yaml
assert_exit 3 lossbench train --config noevent.yaml
assert_contains "$err" "data.event: is missing"
grep -v '^  time:' s.yaml >notime.yaml
assert_exit 3 lossbench train --config notime.yaml
assert_contains "$err" "data.time: is missing"
assert_exit 3 lossbench train --config s.yaml --set data.label=age
assert_contains "$err" "data.label: cannot be combined with task: survival"
assert_exit 3 lossbench train --config s.yaml --set task=regression --set loss=mse --set 'metrics=[rmse]'
assert_contains "$err" "data.time: goes with task: survival alone"
assert_exit 4 lossbench train --config s.yaml --set data.train.path=lung.csv --set data.time=time --set data.missing=mean
assert_contains "$err" "the event '2' is neither 1 nor 0"
assert_exit 4 lossbench train --config s.yaml --set data.positive=7
assert_contains "$err" "data.positive: there is no '7' in column 'status'"
assert_exit 4 lossbench train --config s.yaml --set data.event=rfstime
assert_contains "$err" "asked for as data.event and as data.time"
sed 's/,1838,0$/,-3,0/' gbsg.csv >below.csv
assert_exit 4 lossbench train --config s.yaml --set data.train.path=below.csv
assert_contains "$err" "below.csv:2: column 'rfstime': the time -3 is below 0"
sed 's/,[^,]*,0$/,0,0/' gbsg.csv >zero.csv
assert_exit 3 lossbench train --config s.yaml --set data.train.path=zero.csv --set loss=aft
assert_contains "$err" "allowed: targets > 0"
assert_exit 0 lossbench train --config s.yaml --set data.train.path=zero.csv --set output.dir=zero
sed 's/,1$/,0/' gbsg.csv >censored.csv
assert_exit 4 lossbench train --config s.yaml --set data.train.path=censored.csv
assert_contains "$err" "all training rows are censored"
assert_exit 3 lossbench train --config s.yaml --set 'loss={name: discrete_hazard, cuts: [3, 2]}'
assert_contains "$err" "cuts: found 3 before 2"
assert_exit 3 lossbench train --config s.yaml --set train.sampler=balanced
assert_contains "$err" "train.sampler"
assert_exit 0 lossbench train --config s.yaml --set loss=concordance --set output.dir=nocurve
assert_contains "$out" "undefined: test.integrated_brier"

# ---- losses eval ----
assert_exit 0 lossbench losses eval aft <<<'{"scores": [0.2, -0.5, 1, 0.3, 0], "times": [1, 2, 2, 3, 4], "events": [1, 1, 1, 0, 1]}'
assert_contains "$out" '"value": 1.94761656261947'
assert_contains "$out" '"log_scale": ['
assert_exit 4 lossbench losses eval aft <<<'{"scores": [1], "times": [0], "events": [1]}'
assert_contains "$err" "times: row 1: found 0, allowed: a time > 0"
assert_exit 4 lossbench losses eval cox <<<'{"scores": [1], "times": [-1], "events": [1]}'
assert_contains "$err" "allowed: a time >= 0"
assert_exit 0 lossbench losses eval cox <<<'{"scores": [0, 0, 0], "times": [1, 1, 2], "events": [1, 1, 1], "weights": [1, 3, 0]}'
assert_contains "$out" '"value": 1.0397207708399179' # 2 log 4 + 2 log 2, less events' scores 0, over 4: as R has it
assert_exit 4 lossbench losses eval cox <<<'{"scores": [1], "times": [1], "events": [1], "weights": [-1]}'
assert_contains "$err" "weights: row 1: found -1, allowed: a number >= 0"
assert_exit 4 lossbench losses eval cox <<<'{"scores": [1], "times": [1], "events": [1], "weights": [1, 2]}'
assert_contains "$err" "weights: found 2 x 1, allowed: one for each of the 1 row of scores"
assert_exit 4 lossbench losses eval discrete_hazard --param 'cuts=[1,2]' <<<'{"scores": [[1, 2, 3]], "times": [1], "events": [1]}'
assert_contains "$err" "found 3 columns, allowed: 2, as many as the loss has intervals"
