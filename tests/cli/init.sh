#!/usr/bin/env bash
# init writes configs that run as they are; data info says what is in a file, as text and as JSON.
# shellcheck disable=SC2016 # odd names on purpose
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
samples=$LB_ROOT/datasets/samples

# plans FILE TASK ARGUMENT...: the config that init writes is right and plans trials; one of them trains.
plans() {
	assert_exit 0 lossbench init "${@:3}" --out "$1.yaml"
	assert_contains "$out" "lossbench sweep --config $1.yaml"
	assert_eq "$(json - '[0].task' <<<"$(lossbench config resolve "$1.yaml")")" "$2" "task of $1"
	assert_exit 0 lossbench sweep "$1.yaml" --set train.epochs=2 --list
	assert_between "$(grep -c $'\tto do\t' <<<"$out")" 1 10000 "trials of $1.yaml"
	assert_exit 0 lossbench sweep "$1.yaml" --only "${out%%$'\t'*}" --quiet --set train.epochs=2 --set "output.dir=r/$1"
	assert_eq "$(json r/"$1"/trials/*.json .result.status)" ok
}
plans letter multiclass "$samples/letter.csv.gz"
plans penguins multiclass "$samples/penguins.csv.gz" --label label
plans abalone multiclass "$samples/abalone.csv.gz"
plans concrete regression "$samples/concrete.csv.gz"
plans sonar binary "$samples/sonar.csv.gz"
plans gbsg survival "$samples/gbsg.csv.gz"
plans lung survival "$samples/lung.csv.gz"
plans queries ranking "$samples/queries.csv.gz"
plans fashion multiclass "$samples/fashion_mnist_t10k1000-images-idx3-ubyte.gz"
printf '%s\n' 'a "b", \c;label' '1;yes: no' '2;#x' '3;yes: no' '4;#x' '5;yes: no' '6;#x' '7;yes: no' '8;#x' '9;yes: no' '10;#x' \
	'11;yes: no' '12;#x' >'odd name, $1 #2.csv'
plans odd binary 'odd name, $1 #2.csv'

assert_contains "$(cat abalone.yaml)" 'or regression'
assert_contains "$(cat fashion.yaml)" 'divide: 255, standardize: false}   # bytes'
[[ $(cat letter.yaml) != *'or regression'* ]] || fail 'letters are no amounts'

# Times and events, and queries, by the names and values of the columns; all that is proposed trains.
for line in 'time: "rfstime"   # to the event' 'event: "status"   # 1 or true' 'test: 0.2, stratify: true}' 'loss: [cox, aft, discrete_hazard]'; do
	assert_contains "$(cat gbsg.yaml)" "$line"
done
assert_contains "$(cat lung.yaml)" 'positive: "2"   # the value of an event, as in R'
assert_contains "$(cat queries.yaml)" 'query: "qid"   # whose rows are ranked'
for name in gbsg queries; do
	assert_exit 0 lossbench sweep $name.yaml --quiet --set tune=null --set train.epochs=2 --set train.seed=1 --set "output.dir=all/$name"
	assert_eq "$(find all/$name -name '*.json' -path '*trials*' | wc -l)" 3
done
assert_exit 0 lossbench data info "$samples/gbsg.csv.gz"
assert_contains "$out" 'task     survival by the columns rfstime and status (by their names and values)'
assert_contains "$out" $'\n  time: rfstime\n  event: status\n'
assert_exit 0 lossbench data info "$samples/gbsg.csv.gz" --json
for pair in task:survival label:null time:rfstime event:status; do assert_eq "$(json - ".${pair%:*}" <<<"$out")" "${pair#*:}"; done
assert_exit 0 lossbench data info "$samples/queries.csv.gz"
assert_contains "$out" 'task     ranking by the label column grade (the last column), in the queries of qid'
guess() { # guess TASK BYTES OPTION...: what data info says of a table, and that init writes a config that is right
	printf '%b' "$2" | sed -n 1p >guess.csv
	for k in {1..12}; do printf '%b' "$2" | sed "1d; s/Q/$k/g" >>guess.csv; done # rows enough for all parts of a split
	rm -f guess.yaml
	assert_exit 0 lossbench data info guess.csv --json "${@:3}"
	assert_eq "$(json - .task <<<"$out")" "$1" "$2 ${*:3}"
	assert_exit 0 lossbench init guess.csv "${@:3}" --out guess.yaml
	assert_exit 0 lossbench config check guess.yaml
}
guess survival 'x,Time,died\n1,3,true\n2,1.5,false\n3,0,true\n4,9,true\n'
assert_contains "$(cat guess.yaml)" 'loss: [cox, discrete_hazard]' # a time is 0, which aft takes none of
guess multiclass 'x,Time,died\n1,3,true\n2,1.5,false\n3,0,true\n4,9,true\n' --label x
guess binary 'x,time,died\n1,3,yes\n2,1.5,no\n3,0,yes\n4,9,no\n'
guess multiclass 'x,time,status\n1,3,0\n2,1,1\n3,2,2\n4,9,1\n'
guess binary 'x,time,event\n1,-3,0\n2,1,1\n3,2,0\n4,9,1\n'
guess binary 'x,time,event,y\n1,3,0,1\n2,1,1,0\n3,2,0,1\n4,9,1,0\n'
guess binary 'x,time,event\n1,3,0\n2,1,1\n3,2,0\n4,9,1\n' --set data.positive=0
guess binary 'x,time,event\n1,3,0\n2,1,1\n3,2,0\n4,9,1\n' --set data.weight=time
guess survival 'x,days,seen\n1,3,0\n2,1,1\n3,2,0\n4,9,1\n' --set data.time=days --set data.event=seen
guess ranking 'query,x,grade\naQ,1,0\naQ,2,2\nbQ,1,1\nbQ,0,0\n'
guess multiclass 'query,x,grade\naQ,1,0\nbQ,2,2\nc,1,1\nd,0,0\n'
guess regression 'query,x,grade\naQ,1,0.5\naQ,2,2\nbQ,1,1\nbQ,0,0\n'
guess multiclass 'query,x,grade\naQ,1,0\naQ,2,2\nbQ,1,1\nbQ,0,0\n' --set data.group=query
guess ranking 'q,x,grade\naQ,1,0\naQ,2,2\nbQ,1,1\nbQ,0,0\n' --set data.query=q
for q in {1..20}; do printf '%s\n' "2 qid:$q 1:0.5 2:$q" "0 qid:$q 1:0.1" "1 qid:$q 1:0.3"; done >letor.svm
plans letor ranking letor.svm

# A comparison that is sound as it stands: every loss is tuned alike, the trainings are counted, and what a constant model reaches is said. A
# study of many cells gets fewer candidates, one of very many none unless asked.
printf 'x,y\n' >uneven.csv
for k in {1..40}; do printf "%s,%s\n" "$k" "$((k % 4 == 0))"; done >>uneven.csv
assert_exit 0 lossbench init uneven.csv --out uneven.yaml
for part in 'metrics: [auc, average_precision]' 'tune: {trials: 12, method: halton, folds: 5, metric: valid.auc}' '= 1830 trainings' \
	'# Always 0 would be right in 75.0 % of the rows' 'positive: "1"' 'train.seed: {from: 1, to: 10}'; do
	assert_contains "$(cat uneven.yaml)" "$part"
done
assert_contains "$(lossbench sweep uneven.yaml --dry-run)" '1800 folds to tune, then 30 trainings'
awk 'BEGIN { print "x,y"; for (i = 0; i < 60000; i++) print i % 97 "," i % 3 }' >many.csv
assert_contains "$(lossbench init many.csv)" $'\ntune: {trials: 8, method: halton, folds: 3'
awk 'BEGIN { print "a,b,c,d,e,f,g,h,i,j,y"; for (i = 0; i < 200000; i++) print "1,2,3,4,5,6,7,8,9," i % 97 "," i % 3 }' >huge.csv
assert_contains "$(lossbench init huge.csv)" $'\n# tune: {trials: 6'

# Whole numbers of many values may be counts.
{ echo 'x,visits'; for i in $(seq 0 149); do echo "$((i * 7 % 11)),$((i * 37 % 151))"; done; } >visits.csv
plans visits regression visits.csv
assert_contains "$(cat visits.yaml)" 'task: regression                 # if they are counts: loss poisson or negative_binomial, preprocess: {target: none}'
assert_exit 0 lossbench sweep visits.yaml --quiet --set tune=null --set loss=poisson --set data.preprocess.target=none --set train.seed=1 --set train.epochs=1 --set output.dir=counted
assert_exit 0 lossbench data info visits.csv
assert_contains "$out" 'task     regression by the label column visits (the last column); if they are counts: loss poisson or negative_binomial'
assert_contains "$(cat abalone.yaml)" 'if the numbers are amounts; if counts: loss poisson'
[[ $(cat concrete.yaml letter.yaml) != *counts* ]] || fail 'fractions and letters are no counts'

assert_exit 2 lossbench init "$samples/sonar.csv.gz" --out sonar.yaml
assert_contains "$err" 'sonar.yaml already exists; delete it or choose another --out'
assert_exit 0 lossbench init "$samples/iris.csv.gz"
assert_contains "$out" 'task: multiclass'
assert_eq "$(head -c 1 <<<"$out")" '#' 'the first letter of a commented config'

assert_exit 0 lossbench data info "$samples/penguins.csv.gz" --label label
for word in 'rows     344' label bill_length_mm text number 'classes  3:' Adelie; do assert_contains "$out" "$word"; done
assert_exit 0 lossbench data info "$samples/penguins.csv.gz" --label label --json
echo "$out" >info.json
gzip -dc "$samples/penguins.csv.gz" >penguins.csv
"${PYTHON:-python3}" - <<'PY'
import csv, hashlib, json
from collections import Counter

info = json.load(open("info.json"))
data = open("penguins.csv", "rb").read()
rows = list(csv.DictReader(open("penguins.csv")))
assert info["sha256"] == hashlib.sha256(data).hexdigest() and info["bytes"] == len(data)
assert info["rows"] == len(rows) and info["task"] == "multiclass" and info["label"] == "label"
assert dict(zip(info["classes"], info["class_counts"])) == Counter(r["label"] for r in rows)
assert [c["name"] for c in info["columns"]] == list(rows[0])
total = 0
for c in info["columns"]:
    cells = [r[c["name"]] for r in rows if r[c["name"]] not in ("", "NA", "?")]
    assert c["missing"] == len(rows) - len(cells), c
    total += c["missing"]
    if c["type"] == "text":
        assert c["distinct"] == len(set(cells)), c
    else:
        values = [float(x) for x in cells]
        assert c["min"] == min(values) and c["max"] == max(values), c
        assert abs(c["mean"] - sum(values) / len(values)) < 1e-9 * max(1, abs(c["mean"])), c
assert info["missing"] == total > 0
PY
assert_exit 0 lossbench data info "$samples/fashion_mnist_t10k1000-images-idx3-ubyte.gz" --json
assert_eq "$(($(json - .class_counts <<<"$out" | tr -d '[] ' | tr , +)))" 1000 'labels of all classes'
assert_exit 0 lossbench data formats
for word in csv idx; do assert_contains "$out" "$word "; done

# Every sample (without LB_FULL every third): what init writes is checked and trains, one trial of it.
nth=0
for file in "$samples"/*.gz; do
	[[ $file != *-labels-idx1-* ]] || continue
	((nth++ % 3 == 0 || ${LB_FULL:-0})) || continue
	assert_exit 0 lossbench init "$file" --out every.yaml
	first=$(lossbench sweep every.yaml --set train.epochs=1 --list 2>/dev/null | cut -f1 | sed -n 1p)
	rm -rf every
	assert_exit 0 lossbench sweep every.yaml --only "$first" --quiet --set train.epochs=1 --set output.dir=every
	assert_eq "$(json every/trials/*.json .result.status)" ok "$file"
	rm every.yaml
done
