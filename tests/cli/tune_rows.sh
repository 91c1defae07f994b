#!/usr/bin/env bash
# The rows that choose settings are never rows that judge them, proved on records: every row is a class of its own, so that class_counts
# tells which rows train, validate and test.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
awk 'BEGIN { srand(3); print "x,y,row"; for (i = 10; i < 50; i++) printf "%.3f,%.3f,r%d\n", rand(), rand(), i }' >rows.csv
awk 'BEGIN { print "x,y,row"; for (i = 10; i < 50; i++) printf "%d,%d,r%d\n", i % 7, i % 5, i }' >more.csv

# study NAME SPLIT SEEDS [LINE...]: a tuned study of two losses; its records go to the folder NAME.
study() {
	cat >"$1.yaml" <<END
name: $1
task: multiclass
data: {train: {path: rows.csv, label: row}, split: $2}
train: {epochs: 2, batch: 8}
metrics: [log_loss, accuracy]
tune: {trials: 3, folds: 3, metric: valid.log_loss, method: grid, space: {optimizer.lr: [0.01, 0.1, 1]}}
sweep: {loss: [ce, brier], $3}
output: {dir: $1}
END
	printf '%s\n' "${@:4}" >>"$1.yaml"
	assert_exit 0 lossbench sweep --config "$1.yaml" --quiet
}

# separate NAME CHOICES: each loss has so many choices, and no test row of a trial is among the rows that chose its settings.
cat >separate.py <<'END'
import glob, json, sys
name, choices = sys.argv[1], int(sys.argv[2])
records = [json.load(open(f)) for f in glob.glob(name + "/trials/*.json")]
refit = {r["id"]: r for r in records if "cv" not in r["config"]["data"]}
folds = [r for r in records if "cv" in r["config"]["data"]]

def rows(r, *parts):
    counts = r["data"]["class_counts"]
    return {k for part in parts for k, n in enumerate(counts[part]) if n}

def draw(r):
    split = r["config"]["data"]["split"]
    return r["config"]["loss"]["name"], split["seed"], split.get("fold")

study, = json.load(open(name + "/tuning.json"))["studies"]
judged = 0
for arm in study["arms"]:
    assert len(arm["choices"]) == choices, len(arm["choices"])
    for choice in arm["choices"]:
        tests = [rows(refit[i], "test") for i in choice["trials"]]
        assert tests and all(t == tests[0] and t for t in tests)
        # The folds that chose are those drawn from the first trial's split.
        seen = [r for r in folds if draw(r) == draw(refit[choice["trials"][0]])]
        assert len(seen) == 3 * 3, len(seen)
        for r in seen:
            assert not r["data"]["rows"]["test"] and not rows(r, "test")
            assert not rows(r, "train", "valid") & tests[0]
        assert set.union(*(rows(r, "valid") for r in seen)) == rows(refit[choice["trials"][0]], "train", "valid")
        judged += len(choice["trials"])
assert judged == len(refit) and len(folds) == 2 * choices * 9, (judged, len(refit), len(folds))
END
separate() { python3 separate.py "$@" || fail "$1"; }

study nested '{train: 0.5, valid: 0.2, test: 0.3, stratify: false}' 'train.seed: [1, 2, 3, 4]'
separate nested 4

# One tuning serves all seeds where they have the same test rows.
study fixed '{train: 0.5, valid: 0.2, test: 0.3, stratify: false, seed: 7}' 'train.seed: [1, 2, 3, 4]'
separate fixed 1
study first '{first: 30, valid: 0.2, stratify: false}' 'train.seed: [1, 2, 3]'
separate first 1
study modulo '{modulo: 4, test: [1], stratify: false}' 'train.seed: [1, 2, 3]'
separate modulo 1
study seeds '{train: 0.5, valid: 0.2, test: 0.3, stratify: false}' 'data.split.seed: [1, 2], train.seed: [1, 2, 3]'
separate seeds 2

# Cross-validation of the test part is nested, and so is every draw of it.
study outer '{folds: 4, stratify: false}' 'data.split.fold: [0, 1, 2, 3], data.split.seed: [5]'
separate outer 4
study repeated '{folds: 4, stratify: false}' 'data.split.fold: [0, 1, 2, 3], train.seed: [1, 2]'
separate repeated 8
study both '{folds: 4, stratify: false}' 'zip: {data.split.fold: [0, 1, 2, 3], train.seed: [1, 2, 3, 4]}'
separate both 4

# Rows of a test file are the same for all seeds; other rows of a generator are other data.
sed 's/name: fixed/name: apart/; s/split: {[^}]*}/test: {path: more.csv}, split: {train: 0.8, valid: 0.2, stratify: false}/; s/dir: fixed/dir: apart/' \
	fixed.yaml >apart.yaml
assert_exit 0 lossbench sweep --config apart.yaml --quiet
assert_eq "$(grep -c '"chosen"' apart/tuning.json)" 2
for f in apart/trials/*.json; do grep -q '"cv"' "$f" && assert_eq "$(json "$f" .data.rows.test)" 0; done
cat >made.yaml <<'END'
name: made
task: binary
data: {generator: {name: stable_mixture, rows: 60, features: 3}, split: {train: 0.6, valid: 0.2, test: 0.2, seed: 1}}
loss: logistic
train: {epochs: 1}
metrics: [accuracy]
tune: {trials: 2, folds: 2, metric: valid.accuracy, method: grid, space: {optimizer.lr: [0.1, 1]}}
sweep: {train.seed: [1, 2, 3]}
output: {dir: made}
END
assert_contains "$(lossbench sweep --config made.yaml --dry-run)" '; 12 folds to tune, then 3 trainings'
assert_contains "$(lossbench sweep --config made.yaml --dry-run --set data.generator.seed=1)" '; 4 folds to tune, then 3 trainings'
assert_contains "$(lossbench sweep --config made.yaml --dry-run --set data.generator.seed=1 --set tune.folds=3 --set train.seed=1)" \
	'; 6 folds to tune, then 1 training with'

# Where there are no test rows, that is said; where options decide which rows there are, they are refused.
assert_exit 0 lossbench sweep --config fixed.yaml --dry-run --set data.split='{train: 0.8, valid: 0.2, stratify: false}'
assert_contains "$err" 'have no test rows'
assert_exit 0 lossbench sweep --config fixed.yaml --dry-run
assert_lacks "$err" 'have no test rows'
for path in data.split.seed data.split.train train.seed data.missing data.train.path corrupt.labels.seed task data.cv.fold; do
	sed "s/space: {.*}}/space: {optimizer.lr: [0.1], $path: [3, 4]}}/" seeds.yaml | sed 's/, train.seed: \[1, 2, 3\]//; s/data.split.seed: \[1, 2\]/train.epochs: [1]/' >bad.yaml
	assert_exit 3 lossbench sweep --config bad.yaml --dry-run
	assert_contains "$err" "$path: cannot be tuned: it decides which rows train and which test"
done

# More folds than there are rows or groups: the option is called as in the file.
assert_exit 3 lossbench sweep --config seeds.yaml --dry-run --set tune.folds=300
assert_contains "$err" '--set tune.folds=300: tune.folds: found 300, allowed: at most the '
awk 'NR == 1 { print $0 ",g" } NR > 1 { print $0 "," NR % 4 }' rows.csv >grouped.csv
assert_exit 4 lossbench sweep --config seeds.yaml --dry-run --set data.train.path=grouped.csv --set data.group=g --set tune.folds=5
assert_contains "$err" 'tune.folds: 5 folds, but data.group has only 4 groups'

# Columns may be tuned, unless rows with missing cells would come and go with them.
sed -i '5s/,[^,]*,/,,/' rows.csv
sed 's/space: {.*}}/space: {data.drop: [[x], [y]]}}/; s/data: {/data: {missing: drop, /' fixed.yaml >bad.yaml
assert_exit 3 lossbench sweep --config bad.yaml --dry-run
assert_contains "$err" 'tune.space: settings leave out different rows of the data (39 and 40 remain)'
assert_exit 0 lossbench sweep --config bad.yaml --dry-run --set data.missing=mean
