#!/usr/bin/env bash
# lossbench report: text, Markdown, CSV and LaTeX of one folder show the same numbers, and these are those of the records.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# As installed: the program in bin/, its scripts in share/.
installed

cat >c.yaml <<YAML
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
loss: {name: ce}
train: {epochs: 3, batch: 16}
metrics: [accuracy, log_loss]
sweep:
  loss: [{name: ce}, {name: gce, q: [0.3, 0.7]}]
  train.seed: [1, 2, 3]
output: {dir: r}
YAML
lossbench sweep c.yaml --quiet
for format in text md csv latex; do
	assert_exit 0 lossbench report r --format $format --group-by loss --sort key
	echo "$out" >table.$format
	assert_exit 0 lossbench report r --format $format --group-by loss --sort key --out again
	assert_eq "$(cat again)" "$(cat table.$format)" "--out of $format"
done
"$py" - r/trials/*.json <<'PY'
import csv, json, re, statistics, sys

groups = {}
for name in sys.argv[1:]:
    record = json.load(open(name))
    loss = record["config"]["loss"]
    for metric, value in record["result"]["metrics"]["test"].items():
        groups.setdefault(loss["name"] + (" q=%g" % loss["q"] if "q" in loss else ""), {}).setdefault("test." + metric, []).append(value)
    if loss["name"] == "ce":                                # of the constant model each seed has one value, whatever the loss
        for metric, value in (record.get("baseline") or {"metrics": {"test": {}}})["metrics"]["test"].items():
            groups.setdefault("always the majority class", {}).setdefault("test." + metric, []).append(value)
expected = {key: {m: (statistics.mean(v), statistics.stdev(v)) for m, v in g.items()} for key, g in groups.items()}
table = list(csv.DictReader(open("table.csv")))
assert len(table) == len(expected) and set(expected) >= {"ce", "gce q=0.3", "gce q=0.7"}, table
cells = []
for row in table:
    for metric, (mean, sd) in expected[row["loss"]].items():
        assert abs(float(row[metric]) - mean) < 1e-12 and abs(float(row[metric + ".sd"]) - sd) < 1e-12, (row, metric)
        assert row[metric + ".n"] == "3"
        cells.append((mean, sd, row[metric + ".best"] == "true"))

found = {}
for name in ("text", "md", "latex"):
    text = open("table." + name).read().replace("$\\pm$", "±").replace("\\textbf{", "*").replace("}", "").replace("**", "*")
    text = text.replace("≈", "").replace("$\\approx$", "")
    pairs = re.findall(r"(\*?)(\d+\.\d+)\*? ± (\d+\.\d+)", text)
    found[name] = pairs
    assert len(pairs) == len(cells), (name, pairs)
    for (mark, mean, sd), (mean0, sd0, best) in zip(pairs, cells):
        for shown, value in ((mean, mean0), (sd, sd0)):
            assert abs(float(shown) - value) <= 0.5001 * 10 ** -len(shown.split(".")[1]), (name, shown, value)
        assert (mark == "*") == best, (name, mean)
assert found["text"] == found["md"] == found["latex"]
PY

# The plain table needs nothing but Python; what has tests and plots says what it lacks.
printf '#!/bin/sh\nexec "%s" -S "$@"\n' "$(command -v "$py")" >bare-python
chmod +x bare-python
bare=$(LOSSBENCH_PYTHON=$PWD/bare-python lossbench report r) full=$(lossbench report r)
assert_eq "$(sed '/^\*:/q' <<<"$bare")" "$(sed 's/≈/ /g; /^\*:/q' <<<"$full")" 'the table without packages, but for the marks of ties'
if ! ./bare-python -c 'import numpy' 2>/dev/null; then
	LOSSBENCH_PYTHON=$PWD/bare-python assert_exit 5 lossbench report r --table pairs
	assert_contains "$err" 'numpy is missing, which --table pairs needs'
fi
if "$py" -c 'import numpy, scipy, matplotlib, jinja2' 2>/dev/null; then
	for table in best pairs ranks rows cost; do
		assert_exit 0 lossbench report r --table $table
	done
	assert_exit 0 lossbench report r --format html --out page.html --files files
	assert_eq "$out$err" '' 'a page says nothing'
	assert_contains "$(cat page.html)" 'lossbench report r --format html --out page.html --files files'
	assert_lacks "$(cat page.html)" "$PWD"
	for f in pairs.csv main.tex curves-1.pdf; do [ -s files/$f ] || fail "files/$f is missing beside the page"; done
fi

# Messages begin with the command; a metric may be named without its split.
assert_exit 0 lossbench report r --metric log_loss
short=$out
assert_exit 0 lossbench report r --metric test.log_loss
assert_eq "$short" "$out" 'a metric by its name'
assert_exit 2 lossbench report r --metric acuracy
assert_contains "$err" "lossbench report: unknown metric 'acuracy'; did you mean 'test.accuracy'"

# Only the trials whose ids are given.
first=$(find r/trials -name '*.json' -printf '%f\n' | sed -n 's/\.json$//;1p')
assert_exit 0 lossbench report r --ids <(echo "$first")
assert_contains "$out" 'c: 1 trial;'

# Of the working folder nothing is taken: no module, no setting of matplotlib; what is no file is left out at once.
mkdir hostile
for module in json re numpy scipy matplotlib records sitecustomize; do echo 'raise SystemExit(9)' >hostile/$module.py; done
printf 'text.usetex: True\n\xff\n' >hostile/matplotlibrc
for path in '' . : "$PWD/hostile"; do
	(cd hostile && PYTHONPATH=$path PYTHONSAFEPATH=1 lossbench report ../r) >there || fail "PYTHONPATH=$path: exit status $?"
	assert_eq "$(cat there)" "$full" "report in a folder of modules, PYTHONPATH=$path"
	if [ -s page.html ] && { [ "$path" = . ] || [ -n "${LB_FULL:-}" ]; }; then
		(cd hostile && PYTHONPATH=$path lossbench report ../r --format html --out ../there.html) || fail "page: exit status $?"
	fi
done
mkfifo r/trials/0000000000000000.json
ln -s /dev/zero r/trials/0000000000000001.json
assert_exit 0 timeout 60 lossbench report r
assert_contains "$err" 'lossbench report: warning: r/trials/0000000000000000.json: it is a pipe, not a file; left out'
assert_contains "$err" 'r/trials/0000000000000001.json: it is a symbolic link, not a file; left out'
assert_eq "$out" "$full" 'what is no record changes nothing'
rm r/trials/000000000000000[01].json

# A tuned study is compared by its own selection: one column of numbers, the settings beside it.
cat >t.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}, split: {train: 0.6, valid: 0.2, test: 0.2}}
model: {kind: linear}
train: {epochs: 2, batch: 16}
metrics: [accuracy, log_loss]
tune: {trials: 4, method: halton, folds: 3, metric: valid.log_loss}
sweep: {loss: [ce, brier, gce], train.seed: [1, 2]}
output: {dir: t}
YAML
lossbench sweep t.yaml --quiet
assert_exit 0 lossbench report t
assert_eq "$(sed -n 1p <<<"$out" | tr -s ' ')" 'loss chosen test.log_loss n'
assert_contains "$out" 'Tuned by the sweep, by valid.log_loss'
for loss in ce brier 'gce.* q='; do grep -qE "^$loss.*lr=.* 2\$" <<<"$out" || fail "no row of $loss with what was chosen: $out"; done

# Records of an older version, which lack an option added since or have it under its old name, are compared with new ones.
iris_config v.yaml v
sed -i 's/loss: .*/loss: [{name: poly1, eps: 2}, {name: ce}]/' v.yaml
lossbench sweep v.yaml --quiet
assert_exit 0 lossbench report v --format csv
before=$out
"$py" - <<'PY'
import json, pathlib
for path in pathlib.Path("v/trials").glob("*.json"):
    record = json.loads(path.read_text())
    config = record["config"]
    if config["train"]["seed"] == 2 or config["loss"]["name"] == "ce":
        del config["data"]["preprocess"]["subtract"], config["optimizer"]["project"], config["corrupt"]["imbalance"]
        if "eps" in config["loss"]:
            config["loss"]["epsilon"] = config["loss"].pop("eps")
        record["run"]["lossbench"] = "0.0.9"
        path.write_text(json.dumps(record))
PY
assert_exit 0 lossbench report v --format csv
assert_eq "$out" "$before" 'records of two versions'
assert_exit 0 lossbench report v
assert_contains "$out" 'Records of 2 versions of lossbench: 0.0.9 (4 trials)'
printf 'data: {train: {path: a.csv, label: y}}\nloss: {name: poly1, epsilon: 2}\n' >old.yaml
assert_exit 3 lossbench config check old.yaml
assert_contains "$err" 'old.yaml:2:21: loss.epsilon: epsilon was renamed to eps'

# Wrong use is told apart from records that are not there.
assert_exit 2 lossbench report
assert_contains "$err" 'lossbench report results/STUDY'
assert_exit 2 lossbench report r --format pdf
assert_eq "$(wc -l <<<"$err")" 1 'one message, one line'
assert_exit 0 lossbench report r --metric test.accuracy --group-by loss
a=$out
assert_exit 0 lossbench report --metric test.accuracy --group-by loss ./r
assert_eq "$out" "$a" 'a folder after the options'
assert_exit 0 lossbench report --help
assert_contains "$out" 'usage: lossbench report '
assert_exit 2 lossbench report r --no-such-option
assert_exit 4 lossbench report absent
assert_contains "$err" absent
mkdir -p nothing/trials
assert_exit 4 lossbench report nothing
LOSSBENCH_PYTHON=$PWD/no-python assert_exit 5 lossbench report r
assert_contains "$err" 'set LOSSBENCH_PYTHON'
# An installed program that has lost its scripts takes those it was built from; where these are gone, too, it says so.
rm -r usr/share
assert_exit 0 lossbench report r
LC_ALL=C sed -i "s|$LB_ROOT|$(tr -c / x <<<"${LB_ROOT}" | tr -d '\n' | head -c ${#LB_ROOT})|g" usr/bin/lossbench
assert_exit 5 lossbench report r
assert_contains "$err" 'aggregate.py is not found'
