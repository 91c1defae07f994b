#!/usr/bin/env bash
# A small form of the study configs/projection_head: where the views hide most of the features, what comes before the projection head tells
# classes better than what comes after it; both are judged of the same training.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

sed "s|datasets/samples|$LB_ROOT/datasets/samples|" "$LB_ROOT/configs/projection_head/layers.yaml" >layers.yaml
assert_exit 0 lossbench sweep layers.yaml --quiet --set loss.tau=0.1 --set train.views.rate=0.8 --set train.seed=1,2 --set train.epochs=10 --set output.dir=head
"${PYTHON:-python3}" - head/trials/*[0-9a-f].json <<'PY' || fail 'the layers are not as the study says'
import json, sys
found, losses = {}, {}
for path in sys.argv[1:]:
    record = json.load(open(path))
    layer, split = record["config"]["evaluate"]["embeddings"]["layer"], record["config"]["train"]["seed"]
    found[layer, split] = record["result"]["metrics"]["test"]["judged_accuracy"]
    losses.setdefault(split, set()).add(record["result"]["curves"]["train.loss"][-1])
assert len(found) == 4 and all(len(v) == 1 for v in losses.values()), (found, losses)
for split in (1, 2):
    assert found["hidden", split] > found["output", split], found
PY
