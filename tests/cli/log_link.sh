#!/usr/bin/env bash
# Losses with a log link: what they predict is in units of the target and solves the score equations of their generalized linear
# model; targets that they are not defined for are refused before any training. Losses of ordered classes tell the order.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# Counts and amounts whose mean is exp(0.4 + a - 0.6 b); a sum of uniform draws, so that no distribution fits exactly.
awk 'BEGIN { srand(5); print "a,b,count,amount"
	for (i = 0; i < 400; i++) { a = 2 * rand() - 1; b = 2 * rand() - 1; m = exp(0.4 + a - 0.6 * b); n = 0
		for (k = 0; k < 20; k++) n += rand() < m / 20
		printf "%.5f,%.5f,%d,%.5f\n", a, b, n, m * (0.1 + 1.8 * rand()) } }' >data.csv
cat >c.yaml <<YAML
task: regression
data: {train: {path: data.csv, label: count}, drop: [amount], split: {train: 1, valid: 0, test: 0}, preprocess: {standardize: false}}
optimizer: {name: lbfgs}
train: {precision: float64}
metrics: [rmse]
output: {model: true}
YAML

fits() { # LOSS PARAMETERS LABEL OTHER WEIGHT: sum of (t - m) times WEIGHT, a formula of m, over the rows is 0, by itself and times a and b
	assert_exit 0 lossbench train c.yaml --quiet --set "loss={name: $1$2}" --set "output.dir=$1" --set "data.train.label=$3" --set "data.drop=[$4]"
	assert_exit 0 lossbench predict --model "$(echo "$1"/trials/*.model.npz)" --data data.csv --out "$1.csv"
	"$py" - "$1.csv" "$3" "$5" <<-'PY' || fail "$1 does not solve its score equations"
		import csv, math, sys
		m = [float(next(v for k, v in r.items() if k.startswith("score"))) for r in csv.DictReader(open(sys.argv[1]))]
		rows = list(csv.DictReader(open("data.csv")))
		t = [float(r[sys.argv[2]]) for r in rows]
		weight = [eval(sys.argv[3], {"m": v}) for v in m]
		if min(m) <= 0 or len(m) != len(t):
		    sys.exit(f"{len(m)} predictions, the smallest {min(m)}")
		for x in ([1.0] * len(t), [float(r["a"]) for r in rows], [float(r["b"]) for r in rows]):
		    terms = [(a - b) * w * u for a, b, w, u in zip(t, m, weight, x)]
		    if abs(sum(terms)) > 1e-5 * sum(map(abs, terms)):
		        sys.exit(f"sum {sum(terms)} of sizes {sum(map(abs, terms))}")
	PY
}
fits poisson '' count amount 1
fits poisson_deviance '' count amount 1
fits tweedie ', power: 1.4' count amount 'm ** -0.4'
fits tweedie_deviance ', power: 1.7' amount count 'm ** -0.7'
fits negative_binomial ', alpha: 0.5' count amount '1 / (1 + 0.5 * m)'
fits gamma_nll '' amount count '1 / m'
fits gamma_deviance '' amount count '1 / m'
fits inverse_gaussian_deviance '' amount count '1 / m ** 2'

# A count of 0 is no amount above 0; a negative one is no count. The row is named.
assert_exit 3 lossbench train c.yaml --set loss=gamma_nll
assert_contains "$err" 'found gamma_nll with a target of 0 in row '
assert_contains "$err" 'allowed: targets > 0'
sed '6s/.*/0,0,-2,1/' data.csv >negative.csv
assert_exit 3 lossbench train c.yaml --set loss=poisson --set data.train.path=negative.csv
assert_contains "$err" 'found poisson with a target of -2 in row 5 of the data, allowed: targets >= 0'
assert_exit 3 lossbench train c.yaml --set loss=huber --set 'terms=[{name: poisson}]' --set data.train.path=negative.csv
assert_contains "$err" 'terms: found poisson with a target of -2'
assert_exit 3 lossbench train c.yaml --set loss=poisson --set data.preprocess.target=standardize
assert_contains "$err" 'data.preprocess.target: found standardize with loss poisson'

# Classes in the order of their names, unless these are numbers.
awk 'BEGIN { srand(3); print "x,grade,number"
	for (i = 0; i < 300; i++) { x = 3 * rand(); k = int(x); printf "%.4f,%s,%d\n", x, substr("lowmedtop", 3 * k + 1, 3), k } }' >grades.csv
cat >o.yaml <<YAML
task: multiclass
data: {train: {path: grades.csv, label: grade}, drop: [number]}
loss: squared_emd
train: {epochs: 2}
YAML
assert_exit 0 lossbench train o.yaml
assert_contains "$err" 'squared_emd takes the classes in this order: low < med < top; '
assert_exit 0 lossbench train o.yaml --set data.train.label=number --set 'data.drop=[grade]'
assert_lacks "$err" 'in this order'
assert_exit 0 lossbench train o.yaml --set loss=ce
assert_lacks "$err" 'in this order'
