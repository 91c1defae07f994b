#!/usr/bin/env bash
# A small form of the study configs/noisy_pairs: where half of the pairs are wrong, a soft maximum over the negatives (tal) keeps most of what it
# learns from right ones, and the hardest negative (trl) does not.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

sed "s|datasets/samples|$LB_ROOT/datasets/samples|" "$LB_ROOT/configs/noisy_pairs/halves.yaml" >halves.yaml
assert_exit 0 lossbench sweep halves.yaml --quiet --set 'loss=trl,tal' --set train.seed=1,2 --set train.epochs=15 --set output.dir=pairs
"${PYTHON:-python3}" - pairs/trials/*[0-9a-f].json <<'PY' || fail 'wrong pairs do not do what the study says'
import json, sys
found = {}
for path in sys.argv[1:]:
    record = json.load(open(path))
    c = record["config"]
    found[c["loss"]["name"], (c.get("corrupt") or {}).get("pairs"), c["train"]["seed"]] = record["result"]["metrics"]["test"]["map_at_r"]
assert len(found) == 8, found
for seed in (1, 2):
    assert found["tal", 0.5, seed] > 1.2 * found["trl", 0.5, seed], found
    assert found["tal", 0.5, seed] > 0.7 * found["tal", None, seed], found
    assert found["trl", 0.5, seed] < 0.7 * found["trl", None, seed], found
PY
