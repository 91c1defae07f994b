#!/usr/bin/env bash
# Losses of ordered classes with fewer scores than classes: optima of other software, probabilities, records, what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
samples=$LB_ROOT/datasets/samples
golden=$LB_ROOT/tests/golden/ordinal_optima.json

cat >ctg.yaml <<EOF
task: multiclass
data: {train: {path: $samples/ctg.csv.gz, label: label}, split: {train: 1, valid: 0, test: 0}}
model: {kind: linear}
loss: cumulative_logit
optimizer: {name: lbfgs, tolerance: 1e-10}
train: {precision: float64}
metrics: [log_loss, weighted_kappa]
output: {model: true, dir: out}
EOF

# ---- the optimum of MASS::polr, with and without weights; of stacked and of separate logistic regressions ----
fit() { # fit FOLDER SETS...
	local folder=$1 set sets=()
	shift
	for set; do sets+=(--set "$set"); done
	assert_exit 0 lossbench train --config ctg.yaml "${sets[@]}" --set "output.dir=$folder"
}
fit plain
fit weighted 'train.class_weight={"1": 1, "2": 4, "3": 2}'
fit coral loss=coral
fit corn loss=corn
fit corn_rows 'loss={name: corn, norm: rows}'
"$py" - "$golden" <<'PY'
import glob, io, json, math, struct, sys, zipfile

golden = json.load(open(sys.argv[1]))

def record(folder):
    return json.load(open(glob.glob(folder + "/trials/*.json")[0]))["result"]

def array(folder, name):
    raw = zipfile.ZipFile(glob.glob(folder + "/trials/*.npz")[0]).read(name + ".npy")
    assert b"<f8" in raw[:128], raw[:128]
    body = raw[10 + struct.unpack("<H", raw[8:10])[0]:]
    return struct.unpack("<%dd" % (len(body) // 8), body)

def near(got, want, what):
    assert abs(got - want) <= 1e-6 * abs(want), (what, got, want)

for folder, name in (("plain", "cumulative_logit"), ("weighted", "cumulative_logit_weighted")):
    near(record(folder)["objective"], golden[name]["mean_loss"], folder)
    first, gap = array(folder, "loss_parameters")
    bias, = array(folder, "b1")
    for got, want in zip((first - bias, first + math.exp(gap) - bias), golden[name]["thresholds"]):
        near(got, want, folder)
near(record("coral")["objective"], golden["coral"]["mean_loss"], "coral")
bias, = array("coral", "b1")
for got, want in zip(array("coral", "loss_parameters"), golden["coral"]["biases"]):
    near(got + bias, want, "coral")
near(record("corn")["objective"], golden["corn"]["mean_loss_of_terms"], "corn")
near(record("corn_rows")["objective"], golden["corn"]["mean_loss"], "corn, rows")
# the metrics judge the probabilities whose log-likelihood these losses are
for folder in ("plain", "corn_rows"):
    near(record(folder)["metrics"]["train"]["log_loss"], record(folder)["objective"], folder)
near(record("corn")["metrics"]["train"]["log_loss"], golden["corn"]["mean_loss"], "corn")
PY

# ---- a saved model: probabilities, scores that are their logs ----
gzip -dc "$samples/ctg.csv.gz" >ctg.csv
for folder in plain coral corn; do
	model=$(echo $folder/trials/*.npz)
	assert_exit 0 lossbench predict --model "$model" --data ctg.csv --what probabilities --out p.csv
	assert_exit 0 lossbench predict --model "$model" --data ctg.csv --what scores --out s.csv
	assert_exit 0 lossbench predict --model "$model" --data ctg.csv --what labels --out l.csv
	"$py" - "$(json "$(echo $folder/trials/*.json)" .result.metrics.train.log_loss)" <<'PY'
import csv, math, sys

def rows(path):
    return list(csv.DictReader(open(path)))

total = 0
for p, s, l in zip(rows("p.csv"), rows("s.csv"), rows("l.csv")):
    prob = [float(p["probability_%d" % k]) for k in (1, 2, 3)]
    assert abs(sum(prob) - 1) < 1e-12 and min(prob) >= 0, prob
    for k, v in enumerate(prob):
        assert abs(v - math.exp(float(s["score_%d" % (k + 1)]))) < 1e-12, (v, s)
    assert int(l["prediction"]) == 1 + prob.index(max(prob)), (prob, l)
    total -= math.log(prob[int(p["label"]) - 1])
assert abs(total / 2126 - float(sys.argv[1])) < 1e-9, (total / 2126, sys.argv[1])
PY
done

# ---- two classes: all three are the logistic loss of the second class ----
cat >two.yaml <<EOF
task: multiclass
data: {train: {path: $samples/wdbc.csv.gz, label: label}, split: {train: 1, valid: 0, test: 0}}
loss: ce
optimizer: {name: lbfgs, weight_decay: 0.01, decay_bias: false}
train: {precision: float64}
metrics: [log_loss]
EOF
want=$(lossbench train --config two.yaml --set task=binary --set loss=logistic --set output.dir=two_logistic >/dev/null &&
	json "$(echo two_logistic/trials/*.json)" .result.objective)
for loss in cumulative_logit coral corn; do
	assert_exit 0 lossbench train --config two.yaml --set loss=$loss --set output.dir=two_$loss
	assert_between "$(json "$(echo two_$loss/trials/*.json)" .result.objective)" "${want%??????}" "${want%??????}999999" "$loss"
done

# ---- minibatches: in one cohort, alone, in two processes; taken up again; with procedures and terms ----
cat >sgd.yaml <<EOF
task: multiclass
data: {train: {path: $samples/ctg.csv.gz, label: label}}
model: {kind: mlp, hidden: [8]}
loss: ce
optimizer: {name: adam, lr: 0.01}
train: {epochs: 4, early_stopping: {metric: valid.weighted_kappa}}
metrics: [accuracy, log_loss, ece, weighted_kappa, off_by_one]
sweep: {loss: [ce, cumulative_logit, coral, corn]}
EOF
sed '/^sweep/d' sgd.yaml >one.yaml
assert_exit 0 lossbench sweep --config sgd.yaml --jobs 1 --quiet --set output.dir=cohort
assert_exit 0 lossbench sweep --config sgd.yaml --jobs 2 --quiet --set output.dir=apart
for loss in ce cumulative_logit coral corn; do
	assert_exit 0 lossbench train --config one.yaml --set loss=$loss --set output.dir=each
done
assert_eq "$(find cohort -name '*.json' | wc -l)" 4
assert_same_results cohort apart
assert_same_results cohort each
assert_exit 0 lossbench train --config one.yaml --set loss=corn --set 'procedures=[coteach]' --set output.dir=coteach
assert_exit 0 lossbench train --config one.yaml --set loss=coral --set 'procedures=[mixup]' --set 'terms=[cumulative_logit]' --set output.dir=terms

# ---- the median of the probabilities, which needs no validation rows, against Python ----
assert_exit 0 lossbench train --config one.yaml --set loss=corn --set evaluate.threshold=median --set output.predictions=true \
	--set 'metrics=[accuracy, weighted_kappa, rank_mae]' --set 'data.split={train: 0.8, valid: 0, test: 0.2}' \
	--set train.early_stopping=null --set output.dir=median
record=$(echo median/trials/*.json)
assert_eq "$(json "$record" .result.decision.rule)" median
"$py" - "${record%.json}.predictions.csv" "$(json "$record" .result.metrics.test.rank_mae)" "$(json "$record" .result.metrics.test.accuracy)" <<'PY'
import csv, math, sys

error = right = differ = n = 0
for row in csv.DictReader(open(sys.argv[1])):
    p = [math.exp(float(row["score_%d" % k])) for k in (1, 2, 3)]
    label = int(row["label"]) - 1
    pred = sum(sum(p[:k + 1]) < 0.5 for k in range(2))
    n += 1
    differ += pred != p.index(max(p))
    right += pred == label
    error += abs(pred - label)
assert differ > 0, "the median is the likeliest class everywhere"
assert abs(error / n - float(sys.argv[2])) < 1e-12 and abs(right / n - float(sys.argv[3])) < 1e-12, (error / n, right / n, sys.argv)
PY

# ---- what is refused ----
refused() { # refused SETS... -- WORDS...
	local words=()
	while [ "$1" != -- ]; do words+=(--set "$1"); shift; done
	assert_exit 3 lossbench train --config one.yaml "${words[@]}" --set output.dir=refused
	assert_contains "$err" "$2"
}
refused loss=coral 'terms=[ce]' -- 'terms: found ce with loss coral, whose model has other scores'
refused loss=ce 'terms=[corn]' -- 'terms: found corn with loss ce, whose model has other scores'
refused loss=coral 'train.attack={kind: pgd, norm: linf, eps: 0.1}' -- 'train.attack: found pgd with loss coral, whose model has other scores than one for each class; remove it'
refused loss=corn model=naive_bayes 'train.early_stopping=null' -- 'loss: found corn, whose model has other scores than one for each class, with model naive_bayes'
refused loss=corn model=linear optimizer=batch_perceptron -- 'optimizer: found batch_perceptron with loss corn'
refused loss=ce task=binary "data.train.path=$samples/wdbc.csv.gz" evaluate.threshold=median 'metrics=[accuracy]' \
	'train.early_stopping=null' loss=logistic -- 'evaluate.threshold: found median with task binary'
refused 'loss={name: coral, weight: 0}' 'terms=[cumulative_logit]' -- 'scores are made by the biases of coral'
echo '{"scores": [[1, 2]], "labels": [0], "steps": [0, 1]}' >two.json
assert_exit 4 lossbench losses eval cumulative_logit --input two.json
assert_contains "$err" 'scores: found 2 columns, cumulative_logit takes one score per row'
echo '{"scores": [1], "labels": [3], "biases": [0, 1]}' >label.json
assert_exit 4 lossbench losses eval coral --input label.json
assert_contains "$err" 'labels: entry 1 is not an integer from 0 to 2: found 3'
assert_eq "$(echo '{"scores": [0.5], "labels": [2], "biases": [-0.5, -0.5]}' | lossbench losses eval coral --input -)" \
	'{"value": 1.3862943611198906, "grad": {"scores": [-1], "biases": [-0.5, -0.5]}}'

# ---- the study of this repository: each loss and each decision, in any company ----
same_in_any_company configs/ordinal/ordinal.yaml 12 train.seed=1
