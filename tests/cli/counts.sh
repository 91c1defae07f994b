#!/usr/bin/env bash
# A small form of the study configs/counts: losses of counts beat the constant rate by each other's deviance, and a squared error that
# predicts counts below 0 has none. And what the shifts of an interval say of noise: the mean square of their gradients under normal
# shifts is what the formulas of SeaBird say, smallest for the overlap of long intervals.
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
assert len(found) == 8, found
counts = [v for k, v in found.items() if k[0] != "mse"]
assert None not in counts and max(counts) < 1.1 * min(counts), found
PY

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
