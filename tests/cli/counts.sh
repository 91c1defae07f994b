#!/usr/bin/env bash
# A small form of the study configs/counts: losses of counts beat the constant rate by each other's deviance, and a squared error that
# predicts counts below 0 has none.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

sed "s|datasets/samples|$LB_ROOT/datasets/samples|; s/train.seed: .*/train.seed: [1]/" "$LB_ROOT/configs/counts/counts.yaml" >counts.yaml
assert_exit 0 lossbench sweep counts.yaml --quiet --set output.dir=counts
"$py" - counts/trials/*.json <<'PY' || fail 'counts are not predicted as the study says'
import json, sys
found = {}
for path in sys.argv[1:]:
    record = json.load(open(path))
    loss, test = record["config"]["loss"], record["result"]["metrics"]["test"]
    found[loss["name"], loss.get("alpha", loss.get("power"))] = test["poisson_deviance"]
    assert test["poisson_deviance"] is None or test["poisson_deviance"] < 0.6 * record["baseline"]["metrics"]["test"]["poisson_deviance"], (loss, test)
assert len(found) == 7, found
counts = [v for k, v in found.items() if k[0] != "mse"]
assert None not in counts and max(counts) < 1.1 * min(counts), found
PY
