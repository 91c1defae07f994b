#!/usr/bin/env bash
# data.subgroup divides the rows for metrics of subgroups: their values by Python from the predictions, in any company; what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

"$py" - <<'PY'
import random

random.seed(7)
rows = []
for i in range(400):
    group, x, w = random.choice("mfx"), random.gauss(0, 1), random.gauss(0, 1)
    rows.append((x, w, group, "yes" if x + 0.9 * (group == "m") + random.gauss(0, 1) > 0 else "no", 2 * x - w + random.gauss(0, 1 + 2 * (group == "f"))))
open("t.csv", "w").write("x,w,sex,y,z\n" + "".join("%.4f,%.4f,%s,%s,%.4f\n" % r for r in rows))
open("gap.csv", "w").write("x,w,sex,y\n1,2,m,no\n2,3,,yes\n4,3,f,yes\n3,1,f,no\n")
open("bare.csv", "w").write("x,w,y\n" + "".join("%.4f,%.4f,%s\n" % (r[0], r[1], r[3]) for r in rows))
PY
cat >b.yaml <<'YAML'
task: binary
data: {train: {path: t.csv, label: y}, subgroup: sex, drop: [z], split: {train: 0.5, valid: 0.1, test: 0.4}}
loss: logistic
train: {epochs: 5}
output: {predictions: true}
YAML
sed 's/binary/regression/; s/label: y/label: z/; s/drop: \[z\]/drop: [y]/; s/logistic/mse/' b.yaml >r.yaml
every=accuracy,worst_group_accuracy,group_accuracy_gap,demographic_parity_gap,equal_opportunity_gap,equalized_odds_gap

# ---- values, from the predictions of the test rows ----
lossbench train b.yaml --set "metrics=[$every]" --set output.dir=binary >out.txt 2>/dev/null
lossbench train b.yaml --set 'metrics=[{name: worst_group_accuracy, by: subgroup_and_label}]' --set output.dir=crossed >/dev/null 2>&1
lossbench train r.yaml --set 'metrics=[worst_group_rmse, group_rmse_gap]' --set output.dir=numbers >/dev/null 2>&1
"$py" - <<'PY'
import csv, glob, json

data = list(csv.DictReader(open("t.csv")))

def trial(folder):
    path = glob.glob(folder + "/trials/*.json")[0]
    rows = list(csv.DictReader(open(path.replace(".json", ".predictions.csv"))))
    key = [k for k in rows[0] if k.startswith(("score", "prediction"))][0]
    return json.load(open(path))["result"]["metrics"]["test"], [(data[int(r["row"])], float(r[key])) for r in rows]

def near(name, got, want):
    assert abs(got[name] - want) < 1e-9, (name, got[name], want)

def rates(rows, part, of):
    parts = {}
    for row in rows:
        parts.setdefault(part(row), []).append(of(row))
    return [sum(v) / len(v) for v in parts.values()]

def gap(v):
    return max(v) - min(v)

got, rows = trial("binary")
sex, right, said = lambda r: r[0]["sex"], lambda r: (r[1] > 0) == (r[0]["y"] == "yes"), lambda r: r[1] > 0
near("worst_group_accuracy", got, min(rates(rows, sex, right)))
near("group_accuracy_gap", got, gap(rates(rows, sex, right)))
near("demographic_parity_gap", got, gap(rates(rows, sex, said)))
hits, alarms = (gap(rates([r for r in rows if r[0]["y"] == y], sex, said)) for y in ("yes", "no"))
near("equal_opportunity_gap", got, hits)
near("equalized_odds_gap", got, max(hits, alarms))
assert got["worst_group_accuracy"] < got["accuracy"] and got["demographic_parity_gap"] > 0
got, rows = trial("crossed")
assert list(got.values()) == [min(rates(rows, lambda r: (r[0]["sex"], r[0]["y"]), right))], got
got, rows = trial("numbers")
each = [v ** 0.5 for v in rates(rows, sex, lambda r: (r[1] - float(r[0]["z"])) ** 2)]
near("worst_group_rmse", got, max(each))
near("group_rmse_gap", got, gap(each))
PY

# ---- the column is no feature: the model is that of the table without it ----
lossbench train b.yaml --set "metrics=[worst_group_accuracy]" --set output.dir=with >/dev/null 2>&1
lossbench train b.yaml --set "metrics=[accuracy]" --set data.subgroup=null --set 'data.drop=[z, sex]' --set output.dir=without >/dev/null 2>&1
assert_eq "$(cat with/trials/*.predictions.csv)" "$(cat without/trials/*.predictions.csv)"

# ---- listed by default where the column is named, in a cohort as alone ----
assert_exit 0 lossbench train b.yaml --set output.dir=alone
assert_contains "$out" worst_group_accuracy
assert_contains "$out" group_accuracy_gap
assert_lacks "$out" demographic_parity_gap
assert_exit 0 lossbench sweep b.yaml --set loss=logistic,hinge --set output.dir=cohort --jobs 1
id=$(basename alone/trials/*.json .json)
assert_eq "$(json "cohort/trials/$id.json" .result.metrics.test)" "$(json "alone/trials/$id.json" .result.metrics.test)"

# ---- rows to predict may have the column or not ----
lossbench train b.yaml --set output.model=true --set output.dir=kept >/dev/null 2>&1
lossbench predict --model kept/trials/*.npz --data bare.csv >bare.txt
lossbench predict --model kept/trials/*.npz --data t.csv >with.txt
assert_eq "$(cat with.txt)" "$(cat bare.txt)"
assert_eq "$(wc -l <bare.txt)" 401

# ---- refused ----
assert_exit 3 lossbench train b.yaml --set "metrics=[accuracy]"
assert_contains "$err" 'b.yaml:2:50: data.subgroup: found sex, but no metric reads it; add one of subgroups to metrics, such as worst_group_accuracy'
assert_exit 3 lossbench train b.yaml --set data.subgroup=null --set 'data.drop=[z, sex]' --set "metrics=[equalized_odds_gap]"
assert_contains "$err" 'metrics: found equalized_odds_gap without data.subgroup; give data.subgroup: COLUMN, or remove the metric'
assert_exit 4 lossbench train b.yaml --set data.subgroup=sx
assert_contains "$err" "data.subgroup: there is no column 'sx'"
assert_exit 4 lossbench train b.yaml --set data.subgroup=y
assert_contains "$err" 'as data.subgroup and as data.train.label'
assert_exit 4 lossbench train b.yaml --set data.train.path=gap.csv --set 'data.drop=[]'
assert_contains "$err" "gap.csv:3: column 'sex': the subgroup is missing"
