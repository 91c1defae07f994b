#!/usr/bin/env bash
# A small form of the study configs/dice_shift: the mean square of the gradients of shifts is what the formulas of SeaBird say, smallest
# for the overlap of long intervals; with the same constant rate that overlap leaves a smaller error, with a rate for each it does not.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

"$py" - <<'PY' || fail 'gradients of shifts do not vary as the formulas say'
import json, math, random, subprocess
rng, n, erf = random.Random(22), 20000, math.erf
root2 = math.sqrt(2)
expected = {
    "shift_l1": lambda s, l: 1,
    "shift_l2": lambda s, l: s * s,
    "shift_smooth_l1": lambda s, l: 1 - erf(1 / (s * root2)) + s * s * (erf(1 / (s * root2)) - math.sqrt(2 / math.pi) * math.exp(-1 / (2 * s * s)) / s),
    "shift_dice": lambda s, l: erf(l / (s * root2)) / l ** 2,
}
found = {}
for s in (0.2, 1, 3):
    shifts = [rng.gauss(0, s) for _ in range(n)]
    given = json.dumps({"predictions": shifts, "targets": [0] * n})
    for l in (4, 12):
        for loss, formula in expected.items():
            param = ["--param", f"length={l}"] if loss == "shift_dice" else []
            run = subprocess.run(["lossbench", "losses", "eval", loss, "--input", "-", *param], input=given, capture_output=True, text=True, check=True)
            g = [(v if isinstance(v, float | int) else v[0]) * n for v in json.loads(run.stdout)["grad"]["predictions"]]
            squares = [v * v for v in g]
            mean = sum(squares) / n
            error = math.sqrt(sum((v - mean) ** 2 for v in squares) / n / n)
            assert abs(mean - formula(s, l)) <= 4 * error + 1e-3 * formula(s, l), (loss, s, l, mean, formula(s, l), error)
            found[loss, s, l] = mean
for s in (0.2, 1, 3):
    for l in (4, 12):
        assert found["shift_dice", s, l] < found["shift_l1", s, l]
        # the claim against l2 holds where the noise is larger than about 1 / l, not below
        assert (found["shift_dice", s, l] < found["shift_l2", s, l]) == (s * s > 1 / l ** 2), (s, l)
    assert found["shift_dice", s, 12] < found["shift_dice", s, 4]
PY

assert_exit 0 lossbench sweep "$LB_ROOT/configs/dice_shift/shift.yaml" --quiet --set output.dir=shifts --set output.model=false \
	--set loss=shift_l1 --set data.generator.noise=1 --set schedule=constant --set train.epochs=1 --set train.batch=1 \
	--set optimizer.lr=0.001,0.01,0.1 --set train.seed=1,2,3
assert_exit 0 lossbench sweep "$LB_ROOT/configs/dice_shift/shift.yaml" --quiet --set output.dir=shifts --set output.model=false \
	--set 'loss={name: shift_dice, length: 12}' --set data.generator.noise=1 --set schedule=constant --set train.epochs=1 --set train.batch=1 \
	--set optimizer.lr=0.012,0.1,0.12 --set train.seed=1,2,3
"$py" - shifts/trials/*.json <<'PY' || fail 'the same rate and a rate for each are not as the study says'
import json, sys
found = {}
for path in sys.argv[1:]:
    record = json.load(open(path))
    config = record["config"]
    found[config["loss"]["name"], config["optimizer"]["lr"], config["train"]["seed"]] = record["result"]["metrics"]["test"]["rmse"]
assert len(found) == 18, found
for seed in (1, 2, 3):
    assert found["shift_dice", 0.1, seed] ** 2 < found["shift_l1", 0.1, seed] ** 2 - 0.05, found
    # up to its length it is the distance divided by the length, so a rate 12 times as large takes the same steps
    for lr in (0.001, 0.01):
        assert abs(found["shift_dice", 12 * lr, seed] - found["shift_l1", lr, seed]) < 1e-9, found
PY
