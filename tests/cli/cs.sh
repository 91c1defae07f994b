#!/usr/bin/env bash
# A small form of the study configs/cs: with noise of heavy tails the Cauchy-Schwarz loss is better than squared error, and where no two rows
# of a batch are near it trains as correntropy of that batch does. And what the published program computes of plain vectors.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

sed "s|datasets/samples|$LB_ROOT/datasets/samples|" "$LB_ROOT/configs/cs/noise.yaml" >noise.yaml
few=(--quiet --set 'train.seed=1,2' --set 'corrupt.labels={kind: student_t, nu: 1.5, scale: 0.5}' --set output.dir=cs)
assert_exit 0 lossbench sweep noise.yaml "${few[@]}" --set loss=mse
assert_exit 0 lossbench sweep noise.yaml "${few[@]}" --set loss=cs_conditional --set loss.sigma=0.3,1
"$py" - cs/trials/*.json <<'PY' || fail 'heavy tails are not withstood as the study says'
import json, sys
found = {}
for path in sys.argv[1:]:
    record = json.load(open(path))
    loss = record["config"]["loss"]
    found[loss["name"], loss.get("sigma"), record["config"]["train"]["seed"]] = record["result"]["metrics"]["test"]["mae"]
assert len(found) == 6, found
for seed in (1, 2):
    assert min(found["cs_conditional", s, seed] for s in (0.3, 1)) < 0.95 * found["mse", None, seed], found
PY

# rows far apart: -2 log of the mean kernel of z - t
"$py" - <<'PY' || fail 'cs_conditional of rows far apart is not what it should be'
import json, math, random, subprocess
rng = random.Random(19)
z, t = [rng.gauss(0, 1) for _ in range(20)], [rng.gauss(0, 1) for _ in range(20)]
def value(**of):
    run = subprocess.run(["lossbench", "losses", "eval", "cs_conditional", "--input", "-", "--param", "sigma=0.7"], input=json.dumps(of),
                         capture_output=True, text=True, check=True)
    return json.loads(run.stdout)
far = value(predictions=[[v] for v in z], targets=[[v] for v in t], inputs=[[1000 * i] for i in range(20)])
kernel = [math.exp(-(a - b) ** 2 / (2 * 0.49)) for a, b in zip(z, t)]
assert abs(far["value"] + 2 * math.log(sum(kernel) / 20)) < 1e-6, far["value"]
for g, k, a, b in zip(far["grad"]["predictions"], kernel, z, t):
    assert abs((g[0] if isinstance(g, list) else g) - 2 * k * (a - b) / 0.49 / sum(kernel)) < 1e-5, g
# all rows alike in the inputs: the divergence of the two sets, which does not see which row has which target
near = value(predictions=[[v] for v in z], targets=[[v] for v in t], inputs=[[0]] * 20)
mixed = value(predictions=[[v] for v in z[1:] + z[:1]], targets=[[v] for v in t], inputs=[[0]] * 20)
assert abs(near["value"] - mixed["value"]) < 1e-6 and near["value"] > 0, (near["value"], mixed["value"])
assert abs(far["value"] - near["value"]) > 0.1
PY
