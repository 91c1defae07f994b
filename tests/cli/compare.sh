#!/usr/bin/env bash
# lossbench compare: what changed between two sets of results, trial by trial and in the mean.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy scipy
installed

iris_config a.yaml a
lossbench sweep a.yaml --quiet
lossbench sweep a.yaml --quiet --set output.dir=again
assert_exit 0 lossbench compare a again
assert_contains "$out" '6 paired, 0 only in A, 0 only in B'
assert_contains "$out" '6 of 6 pairs have the same result to the last digit'
assert_contains "$out" 'No pair differs'

# Another learning rate, one more seed: what sets the two apart is found, and the trials are paired by the rest.
lossbench sweep a.yaml --quiet --set output.dir=b --set optimizer.lr=0.01 --set train.seed=1,2,3,4
assert_exit 0 lossbench compare a b --metric test.log_loss
assert_contains "$out" 'Changed: optimizer.lr 0.1 -> 0.01'
assert_contains "$out" '6 paired, 0 only in A, 2 only in B'
assert_contains "$out" 'Trials whose test.log_loss or status differs: 6 of 6'
assert_contains "$out" 'corrected resampled t-test'
assert_exit 0 lossbench compare a b --metric test.log_loss --format csv --out diff.csv
"${PYTHON:-python3}" - <<'PY'
import csv, json, pathlib

rows = list(csv.DictReader(open("diff.csv")))
assert len(rows) == 6
for row in rows:
    a, b = (json.loads(pathlib.Path(d, "trials", row["id in " + s] + ".json").read_text()) for d, s in (("a", "A"), ("b", "B")))
    assert a["config"]["train"]["seed"] == b["config"]["train"]["seed"] and a["config"]["loss"] == b["config"]["loss"]
    x, y = (r["result"]["metrics"]["test"]["log_loss"] for r in (a, b))
    assert float(row["A"]) == x and float(row["B"]) == y and abs(float(row["B - A"]) - (y - x)) < 1e-15
PY

# A trial that diverged in one set is shown by its status.
"${PYTHON:-python3}" - <<'PY'
import json, pathlib
path = sorted(pathlib.Path("again/trials").glob("*.json"))[0]
record = json.loads(path.read_text())
record["result"].update(status="diverged", metrics=None, diverged={"epoch": 1, "step": 2, "cause": "loss"})
path.write_text(json.dumps(record))
PY
assert_exit 0 lossbench compare a again
assert_contains "$out" '5 of 6 pairs have the same result'
assert_contains "$out" 'B: diverged 1 of 6'
assert_contains "$out" ' diverged  '

assert_exit 2 lossbench compare a
assert_exit 2 lossbench compare a b --metric test.acuracy
assert_contains "$err" "did you mean 'test.accuracy'"
assert_exit 4 lossbench compare a nowhere
