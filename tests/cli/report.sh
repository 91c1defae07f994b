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
	assert_exit 0 lossbench report r --format $format --group-by loss
	echo "$out" >table.$format
	assert_exit 0 lossbench report r --format $format --group-by loss --out again
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
for record in {r["config"]["train"]["seed"]: r for r in map(json.load, map(open, sys.argv[1:]))}.values():
    for metric, value in record["baseline"]["metrics"]["test"].items():
        groups.setdefault("always the majority class", {}).setdefault("test." + metric, []).append(value)
expected = {key: {m: (statistics.mean(v), statistics.stdev(v)) for m, v in g.items()} for key, g in groups.items()}
assert len(expected) == 4

table = list(csv.DictReader(open("table.csv")))
assert len(table) == 4
cells = []
for row in table:
    for metric, (mean, sd) in expected[row["loss"]].items():
        assert abs(float(row[metric]) - mean) < 1e-12 and abs(float(row[metric + ".sd"]) - sd) < 1e-12, (row, metric)
        assert row[metric + ".n"] == "3"
        cells.append((mean, sd, row[metric + ".best"] == "true"))

found = {}
for name in ("text", "md", "latex"):
    text = open("table." + name).read().replace("$\\pm$", "±").replace("\\textbf{", "*").replace("}", "").replace("**", "*")
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
table_alone() { lossbench report r | sed -n "1,/best mean of its column/p"; } # the conclusion below needs packages
assert_eq "$(LOSSBENCH_PYTHON=$PWD/bare-python table_alone)" "$(table_alone)" "the table without packages"
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
