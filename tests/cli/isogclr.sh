#!/usr/bin/env bash
# A small form of the study configs/isogclr: with temperatures that do not move and no memory of earlier batches isogclr trains as sogclr does;
# with a long tail the training rows are fewer and the test rows as they were, and temperatures that move learn something else.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

sed "s|datasets/samples|$LB_ROOT/datasets/samples|" "$LB_ROOT/configs/isogclr/long_tail.yaml" >tail.yaml
few=(--quiet --set train.seed=1 --set train.epochs=4 --set train.precision=float64)
still=(--set loss.gamma=1 --set loss.tau=0.3)
assert_exit 0 lossbench sweep tail.yaml "${few[@]}" --set loss=sogclr "${still[@]}" --set output.dir=one
assert_exit 0 lossbench sweep tail.yaml "${few[@]}" --set loss=isogclr "${still[@]}" --set loss.rate=0 --set output.dir=held
assert_exit 0 lossbench sweep tail.yaml "${few[@]}" --set loss=isogclr --set loss.gamma=1 --set loss.tau=0.3 --set output.dir=own
"${PYTHON:-python3}" - <<'PY' || fail 'isogclr is not as the study says'
import glob, json
def of(folder):
    records = [json.load(open(p)) for p in glob.glob(folder + "/trials/*[0-9a-f].json")]
    return {r["config"]["corrupt"]["imbalance"]["kind"] if isinstance(r["config"].get("corrupt", {}).get("imbalance"), dict) else "none": r for r in records}
one, held, own = of("one"), of("held"), of("own")
assert set(one) == set(held) == set(own) == {"none", "long_tail"}, (set(one), set(held), set(own))
assert 2 * one["long_tail"]["data"]["rows"]["train"] < one["none"]["data"]["rows"]["train"]
assert one["long_tail"]["data"]["rows"]["test"] == one["none"]["data"]["rows"]["test"]
for kind in one:
    a, b, c = ([r[kind]["result"]["metrics"]["test"][m] for m in ("map_at_r", "judged_accuracy")] for r in (one, held, own))
    assert max(abs(x - y) for x, y in zip(a, b)) < 1e-6, (kind, a, b)
    assert abs(a[0] - c[0]) > 1e-5, (kind, a, c)
PY
