#!/usr/bin/env bash
# lossbench plot: a figure as SVG, PDF or PNG, and the numbers behind each as CSV, which are those of the records.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy scipy matplotlib
py=${PYTHON:-python3}
installed

cat >c.yaml <<YAML
task: binary
data:
  train: {path: $LB_ROOT/datasets/samples/german_credit.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
corrupt: {labels: {kind: uniform, rate: 0}}
train: {epochs: 3, batch: 32}
metrics: [accuracy, auc]
sweep:
  loss: [{name: logistic}, {name: hinge}]
  corrupt.labels.rate: [0, 0.3]
  optimizer.lr: [0.01, 0.1]
  train.seed: [1, 2, 3]
output: {dir: r, predictions: true}
YAML
lossbench sweep c.yaml --quiet
for figure in differences curves ranks noise sensitivity reliability confusion roc; do
	assert_exit 0 lossbench plot r --figure $figure --metric auc --out $figure.csv
	assert_eq "$out$err" '' "$figure.csv"
done
for kind in svg pdf png; do
	assert_exit 0 lossbench plot r --figure differences --metric auc --out differences.$kind
done
assert_contains "$(head -c 100 differences.svg)" '<?xml'
assert_contains "$(head -c 5 differences.pdf)" '%PDF-'
assert_eq "$(head -c 8 differences.png | od -An -c | tr -d ' \n')" '211PNG\r\n032\n' differences.png

"$py" - <<'PY'
import csv, glob, json, statistics

def table(name):
    return list(csv.DictReader(open(name + ".csv")))

records = [json.load(open(f)) for f in glob.glob("r/trials/*.json")]
def values(split, metric, **at):
    found = [r["result"]["metrics"][split][metric] for r in records
             if all({"loss": r["config"]["loss"]["name"], "lr": r["config"]["optimizer"]["lr"], "rate": r["config"]["corrupt"]["labels"]["rate"]}[k] == v for k, v in at.items())]
    assert len(found) == 3, (at, found)
    return found

found = table("differences")
assert len(found) == 4 and {r["series"] for r in found} == {"hinge"} and len({r["panel"] for r in found}) == 4
for row in found:
    rate = 0.3 if "30 %" in row["panel"] else 0
    lr = 0.01 if "0.01" in row["panel"] else 0.1
    d = statistics.fmean(values("test", "auc", loss="hinge", lr=lr, rate=rate)) - statistics.fmean(values("test", "auc", loss="logistic", lr=lr, rate=rate))
    assert abs(float(row["difference"]) - d) < 1e-12, row
    assert float(row["low"]) < d < float(row["high"])
for row in table("noise"):
    lr = 0.01 if "0.01" in row["panel"] else 0.1
    assert abs(float(row["y"]) - statistics.fmean(values("test", "auc", loss=row["series"], lr=lr, rate=float(row["x"])))) < 1e-12, row
    assert row["y axis"] == "test AUC"
for row in table("sensitivity"):
    assert abs(float(row["y"]) - statistics.fmean(values("test", "auc", loss=row["series"], lr=float(row["x"]), rate=0.3 if "30 %" in row["panel"] else 0))) < 1e-12
rows = table("curves")
assert {r["x"] for r in rows} == {"1", "2", "3"}
assert {r["y axis"] for r in rows if "30 %" in r["panel"]} == {"validation AUC, noisy labels"}, "noisy validation labels are marked"
assert {r["y axis"] for r in rows if "30 %" not in r["panel"]} == {"validation AUC"}
for row in table("roc"):
    lr, rate = 0.01 if "0.01" in row["panel"] else 0.1, 0.3 if "30 %" in row["panel"] else 0
    first = [r["result"]["metrics"]["test"]["auc"] for r in records if r["config"]["train"]["seed"] == 1 and r["config"]["loss"]["name"] == row["series"]
             and r["config"]["optimizer"]["lr"] == lr and r["config"]["corrupt"]["labels"]["rate"] == rate]
    assert abs(float(row["area"]) - first[0]) < 1e-9, (row, first)
assert sum(int(r["rows"]) for r in table("confusion")) == 4 * 200
assert sum(int(r["rows"]) for r in table("reliability")) % 200 == 0
assert len(table("ranks")) == 2
PY

# One condition is one panel, of the size asked for; names are those asked for.
assert_exit 0 lossbench plot r --figure noise --where optimizer.lr=0.1 --size 4,2 --rename hinge='the hinge' --out one.svg
assert_contains "$(cat one.svg)" 'width="288pt" height="144pt"'
assert_contains "$(cat one.svg)" 'the hinge'
assert_lacks "$(cat one.svg)" '>hinge'

assert_exit 2 lossbench plot r --figure ranks --out a.gif
assert_contains "$err" 'lossbench plot: --out a.gif: the name has to end in .svg, .pdf, .png or .csv'
assert_exit 2 lossbench plot r --figure pie --out a.svg
assert_contains "$err" "'differences', 'curves', 'ranks'"
assert_exit 2 lossbench plot r --figure ranks --out a.svg --size 4x2
assert_contains "$err" '--size 4x2: width and height in inches are needed'
assert_exit 2 lossbench plot r --figure ranks --out a.svg --rename hinge
assert_contains "$err" '--rename hinge: NAME=TEXT is needed'
assert_exit 2 lossbench plot r --figure ranks --out a.svg --rename hinge=logistic
assert_contains "$err" 'two contenders would have one name'
assert_exit 4 lossbench plot r --figure noise --where corrupt.labels.rate=0 --out a.svg
assert_contains "$err" '--figure noise: these records give none: only one rate of label noise'
assert_exit 4 lossbench plot absent --figure noise --out a.svg
assert_exit 5 lossbench plot r --figure ranks --out absent/a.svg
[ ! -e a.svg ] || fail 'a refused figure left a file'
