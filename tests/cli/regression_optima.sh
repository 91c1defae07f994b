#!/usr/bin/env bash
# Optima of linear regressions by lbfgs are those of R's glm and of scikit-learn, with and without exposures and offsets: the same
# predictions of every row where there is one optimum, else the same objective, of losses with kinks too.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
golden=$LB_ROOT/tests/golden/regression_optima.json

# One line a case: its number, its table and the arguments of the training.
"$py" - "$golden" >cases <<'PY'
import json, sys
golden = json.load(open(sys.argv[1]))
for name, text in golden["tables"].items():
    open(name + ".csv", "w").write(text)
for k, case in enumerate(golden["cases"]):
    print("\t".join([str(k), case["data"], "loss=" + case["loss"]] + case["set"]))
PY
while IFS=$'\t' read -r -a field; do
	k=${field[0]} data=${field[1]} arguments=()
	printf '%s\n' 'task: regression' "data: {train: {path: $data.csv}, split: {train: 1, valid: 0, test: 0}}" \
		'optimizer: {name: lbfgs, tolerance: 1.0e-11, max_iterations: 5000}' 'train: {precision: float64}' 'metrics: [rmse]' \
		"output: {dir: case$k, model: true}" >"case$k.yaml"
	for s in "${field[@]:2}"; do arguments+=(--set "$s"); done
	assert_exit 0 lossbench train "case$k.yaml" --quiet "${arguments[@]}"
	assert_exit 0 lossbench predict --model "$(echo "case$k"/trials/*.model.npz)" --data "$data.csv" --out "case$k.csv"
done <cases

"$py" - "$golden" <<'PY' || fail 'an optimum is another'
import csv, glob, json, sys
cases = json.load(open(sys.argv[1]))["cases"]
bad = 0
for k, case in enumerate(cases):
    (path,) = [p for p in glob.glob(f"case{k}/trials/*.json")]
    objective = json.load(open(path))["result"]["objective"]
    told = [float(r["score_1"]) for r in csv.DictReader(open(f"case{k}.csv"))]
    apart = max([abs(a - b) / max(abs(b), 1e-3) for a, b in zip(told, case["prediction"])], default=1) if "prediction" in case else 0
    above = (objective - case["objective"]) / abs(case["objective"]) if "objective" in case else 0
    wrong = apart > 1e-6 or abs(above) > 1e-6
    bad += wrong
    print(f"{'WRONG' if wrong else 'ok':5} {k:2} {case['by']:12} {case['data']:9} {case['loss']:45} predictions {apart:8.1e}  objective {above:9.1e}")
sys.exit(bad > 0 or len(cases) < 29)
PY
