#!/usr/bin/env bash
# lossbench losses: list, show, check, and eval against tests/golden/losses.json and closed forms.
# shellcheck disable=SC2016 # backquotes in a message
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

assert_exit 0 lossbench losses --json
echo "$out" >losses.json
assert_exit 0 lossbench losses
"$py" - losses.json "$out" <<'PY'
import json, sys

losses = json.load(open(sys.argv[1]))
assert len({(l["kind"], l["name"]) for l in losses}) == len(losses) >= 16
assert [line.split()[:2] for line in sys.argv[2].splitlines()] == [[l["kind"], l["name"]] for l in losses]
for l in losses:
    assert l["title"] and l["citation"] and l["formula"] and isinstance(l["separable"], bool), l["name"]
    for p in l["params"]:
        assert p["name"] and p["help"] and p["allowed"] and "default" in p, (l["name"], p)
assert not next(l for l in losses if l["name"] == "mw")["separable"]
PY

assert_exit 0 lossbench losses show gce
for word in multiclass/gce 'formula:' 'q ' '(0, 1]' 'source:' 'traits:'; do assert_contains "$out" "$word"; done
assert_contains "$out" '(a in the formula)'
assert_exit 0 lossbench losses show z_loss
assert_eq "$(grep -A9 '^notes:' <<<"$out" | sed -e '/^example/,$d' -e 's/^notes:/      /' | tr -s ' \n' ' ' | sed 's/^ //; s/ $//')" \
	"$("$py" -c 'import json; print(next(l["notes"] for l in json.load(open("losses.json")) if l["name"] == "z_loss"))')" 'wrapped notes'
for name in ce multiclass/ce regression/huber binary/mw; do assert_exit 0 lossbench losses show $name; done
for alias in bce:logistic vicreg_on_labels:vicreg intra_inter_variance:contrastive_hadsell simlap:pair_gated_info_nce CrossBatchMemory:cross_batch_memory cross_entropy:ce l2:brier least_squares:mse focl:focal multiclass/gcee:gce; do
	assert_exit 2 lossbench losses show ${alias%:*}
	assert_contains "$err" "did you mean \"${alias#*:}\""
done
assert_exit 2 lossbench losses show zzzzzz
assert_contains "$err" 'no loss "zzzzzz"; `lossbench losses` lists them'
assert_exit 2 lossbench losses show binary/ce
assert_exit 2 lossbench losses check nothing

# The unit tests check every loss; here that the command does so too takes minutes of processor time.
for name in ce binary/mw ${LB_FULL:+''}; do
	assert_exit 0 lossbench losses check ${name:+"$name"}
	[[ $(tail -n 1 <<<"$out") =~ ^[1-9][0-9]*\ passed,\ 0\ failed:\ descriptor\ [0-9]+,\ gradient\  ]] || fail "last line of losses check: $out"
done
[ -z "${LB_FULL:-}" ] || assert_eq "$(grep -c ' checks, 0 failed' <<<"$out")" "$(lossbench losses | wc -l)" 'losses checked'

"$py" - losses.json "$LB_ROOT"/tests/golden/losses*.json <<'PY'
import collections, json, math, os, struct, subprocess, sys

registered = {(l["kind"], l["name"]) for l in json.load(open(sys.argv[1]))}
cases = collections.defaultdict(list)
for name in sys.argv[2:]:
    for case in json.load(open(name))["cases"]:
        cases[case["kind"], case["loss"]].append(case)
missing = registered - set(cases)
assert not missing, "no golden values for %s" % missing
# The one with most inputs, in the long form three; the unit tests take all of them.
golden = [c for found in cases.values() for c in (found[::-(-len(found) // 3)] if os.environ.get("LB_FULL") else [max(found, key=len)])]


def evaluate(kind, loss, data, params=(), precision="float64"):
    command = ["lossbench", "losses", "eval", kind + "/" + loss, "--precision", precision]
    for p in params:
        command += ["--param", p]
    done = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True)
    assert done.returncode == 0, (command, data, done.stderr)
    answer = json.loads(done.stdout)
    key, *own = answer["grad"]
    assert key == {"regression": "predictions", "embedding": "embeddings"}.get(kind, "scores"), key
    names = [name for name in ("prototypes", "centers", "steps", "biases", "log_scale", "shape_and_scale", "predictor", "scale_and_bias", "codebook", "heads", "gates", "anchors", "map_weights") if name in data] + ["features"] * ("centers" in data or "anchors" in data or "teacher_features" in data or loss == "cs_qmi")
    assert own == names, own
    return answer["value"], answer["grad"][key] + [row for k in own for row in answer["grad"][k]]


def rows(matrix):
    return [x for row in matrix for x in (row if isinstance(row, list) else [row])]


def agree(what, found, expected, tolerance):
    (value, grad), (value0, grad0) = found, expected
    assert abs(value - value0) <= tolerance * max(abs(value0), 1), (what, value, value0)
    grad, grad0 = rows(grad), rows(grad0)
    largest = max(map(abs, grad0))
    assert len(grad) == len(grad0), what
    for a, b in zip(grad, grad0):
        assert abs(a - b) <= tolerance * largest + 1e-14, (what, a, b)  # autograd forms p - 1 by subtraction


def gradients(case):
    return sum((case.get(name, []) for name in ("grad", "grad_prototypes", "grad_centers", "grad_steps", "grad_biases", "grad_log_scale", "grad_shape_and_scale", "grad_predictor", "grad_scale_and_bias", "grad_codebook", "grad_heads", "grad_gates", "grad_anchors", "grad_map_weights", "grad_h")), [])


def single(matrix):
    return [[struct.unpack("f", struct.pack("f", x))[0] for x in row] for row in matrix]


def inputs(case, change=lambda m: m):
    if case["kind"] == "regression":
        rows = {name: case[key] if key == "group" else change(case[key])
                for key, name in (("group", "groups"), ("x", "inputs"), ("h", "features"), ("shape_and_scale", "shape_and_scale"),
                                  ("teacher", "teacher_predictions"), ("second_teacher", "second_teacher_predictions")) if key in case}
        return {"predictions": change(case["z"]), "targets": change(case["t"]), **rows}
    if case["kind"] == "ranking":
        taught = {"teacher_scores": change(case["teacher"])} if "teacher" in case else {}
        return {"scores": change(case["z"]), "relevance": case["t"], "groups": case["group"], **taught}
    if case["kind"] == "survival":
        own = {"log_scale": case["log_scale"]} if "log_scale" in case else {}
        return {"scores": change(case["z"]), "times": case["t"], "events": case["y"], **own, **({"weights": case["w"]} if "w" in case else {})}
    more = {"class_counts": case["counts"]} if case.get("counts") else {}
    if case["kind"] == "embedding" and "classes" in case:
        more["class_counts"] = [case["y"].count(k) for k in range(case["classes"])]
    if case["kind"] == "multilabel":
        return {"scores": change(case["z"]), "labels": case["t"], **more}
    for key, name in (("t", "teacher_scores"), ("h", "features"), ("prototypes", "prototypes"), ("centers", "centers"),
                      ("steps", "steps"), ("biases", "biases"), ("predictor", "predictor"), ("scale_and_bias", "scale_and_bias"), ("codebook", "codebook"), ("heads", "heads"), ("gates", "gates"), ("anchors", "anchors"), ("map_weights", "map_weights"),
                      ("guide", "teacher_features" if case["kind"] == "distillation" else "guide")):
        if key in case:
            more[name] = change(case[key])
    more |= {name: case[key] for key, name in (("scale", "scale"), ("group", "groups"), ("partner", "partner"), ("mix", "mix")) if key in case}
    more |= {"teacher_scores": change(case["teacher"])} if "teacher" in case else {}
    return {"embeddings" if case["kind"] == "embedding" else "scores": change(case["z"]), "labels": case["y"], **more}


for i, c in enumerate(golden):
    params = c["set"].split()
    agree(c, evaluate(c["kind"], c["loss"], inputs(c), params), (c["value"], gradients(c)), 1e-9)
    if i % 5 == 0:
        rounded = inputs(c, single)
        small, large = evaluate(c["kind"], c["loss"], rounded, params, "float32"), evaluate(c["kind"], c["loss"], rounded, params)
        if small[0] == "inf":  # beyond the largest number of float32
            assert large[0] > 3e38, (c, large[0])
            continue
        agree(c, small, large, 1e-5)

# Closed forms, by hand.
e = math.e
agree("ce", evaluate("multiclass", "ce", {"scores": [[1, 0]], "labels": [1]}), (math.log1p(e), [[e / (1 + e), -e / (1 + e)]]), 1e-15)
agree("logistic", evaluate("binary", "logistic", {"scores": [0, math.log(3)], "labels": [1, 0]}),
      ((math.log(2) + math.log(4)) / 2, [-0.25, 0.375]), 1e-15)
agree("mse", evaluate("regression", "mse", {"predictions": [3, 1], "targets": [1, 1]}), (2, [2, 0]), 1e-15)
agree("ce far out", evaluate("multiclass", "ce", {"scores": [[1e4, -1e4]], "labels": [1]}, precision="float32"), (2e4, [[1, -1]]), 1e-7)

# A flat list is one column, and the gradient has the form of what was given.
flat = evaluate("binary", "mw", {"scores": [0.5, -1, 2], "labels": [0, 1, 1]})
nested = evaluate("binary", "mw", {"scores": [[0.5], [-1], [2]], "labels": [0, 1, 1]})
assert flat[0] == nested[0] and [[g] for g in flat[1]] == nested[1]
PY

echo '{"scores": [[2, 1, 0]], "labels": [0]}' >in.json
assert_exit 0 lossbench losses eval gce --param q=0.7 --input in.json
a=$out
assert_exit 0 lossbench losses eval gce --param q=0.7 --input - <in.json
assert_eq "$out" "$a"
assert_exit 0 lossbench losses eval gce -p q=0.7 <in.json
assert_eq "$out" "$a"

# A parameter goes by its name or by its letter in the formula.
assert_exit 0 lossbench losses eval sce --param a=3 <in.json
a=$out
assert_exit 0 lossbench losses eval sce --param A=3 <in.json
assert_eq "$out" "$a"
assert_exit 2 lossbench losses eval sce --param B=3 <in.json
assert_contains "$err" 'its parameters: alpha, beta, a'

bad() { # LOSS JSON TEXT
	assert_exit 4 lossbench losses eval "$1" <<<"$2"
	assert_eq "$out" ''
	assert_contains "$err" "$3"
}
bad ce '{"scores": [[NaN, 1]], "labels": [0]}' 'stdin:1:14: not valid JSON'
bad ce '{"scores": [[1e999, 1]], "labels": [0]}' 'stdin:1:14: '
bad ce '{"scores": [["inf", 1]], "labels": [0]}' 'scores: row 1, column 1: found inf'
bad ce '{"scores": [[2, 1], [null, 1]], "labels": [0, 0]}' 'scores: row 2, column 1'
bad ce '{"scores": [[2, 1], [1]], "labels": [0, 0]}' 'scores: row 2'
bad ce '{"scores": [[2, 1]], "labels": [0, 0]}' '"labels" must be a list of 1 integer, one per row; found 2'
bad ce '{"scores": [[2, 1]], "labels": [2]}' 'labels: entry 1 is not an integer from 0 to 1: found 2'
bad ce '{"scores": [[2, 1]], "labels": [-1]}' 'labels: entry 1'
bad ce '{"scores": [[2, 1]], "labels": [0.5]}' 'labels: entry 1'
bad ce '{"scores": [[2, 1]], "labels": ["0"]}' 'labels: entry 1 is not an integer from 0 to 1: found the text "0"'
bad ce '{"scores": [[2, 1]], "lables": [0]}' 'unknown key "lables" for a multiclass loss, did you mean "labels"'
bad ce '{"scores": [[2, 1]]}' '"labels"'
bad mixed_barlow '{"embeddings": [[2, 1], [1, 1], [0, 1]], "labels": [0], "partner": [0]}' 'mix: allowed: a number in [0, 1]'
bad mixed_barlow '{"embeddings": [[2, 1], [1, 1], [0, 1]], "labels": [0], "partner": [1], "mix": 0.5}' 'partner: entry 1'
bad ce '{"labels": [0]}' '"scores" is missing or empty'
bad ce '{"scores": [], "labels": []}' '"scores" is missing or empty'
bad ce '{"scores": [2, 1], "labels": [0, 0]}' 'at least 2'
bad ce '[1, 2]' 'expected a JSON object such as {"scores"'
bad ce '{"scores": [[2, 1]], "labels": [0]} more' 'stdin:1:'
bad ce '{"scores": [[2, 1]], "labels": [0], "labels": [1]}' 'the key "labels" stands twice'
bad ce '' 'stdin:'
bad logistic '{"scores": [[2, 1]], "labels": [0]}' 'one score per row'
bad logistic '{"scores": [2], "labels": [2]}' 'labels: entry 1 is not an integer from 0 to 1'
bad mse '{"predictions": [1, 2], "targets": [1]}' 'targets: found 1 x 1'
bad normalized_softmax '{"embeddings": [[1, 2], [0, 0]], "labels": [0, 0], "prototypes": [[1, 0]]}' 'embeddings: row 2: found a vector of zeros'
bad normalized_softmax '{"embeddings": [[1, 2]], "labels": [0], "prototypes": [[1, 0], [0, 0]]}' 'prototypes: row 2: found a vector of zeros'
bad normalized_softmax '{"embeddings": [[1, 2]], "labels": [2], "prototypes": [[1, 0], [0, 1]]}' 'labels: entry 1 is not an integer from 0 to 1'
bad normalized_softmax '{"embeddings": [[1, 2]], "labels": [0], "prototypes": [[1], [2]]}' 'prototypes: found 1 column, embeddings have 2'
bad normalized_softmax '{"embeddings": [[1, 2]], "labels": [0]}' '"prototypes" is missing'
bad normalized_softmax '{"scores": [[1, 2]], "labels": [0]}' 'allowed: embeddings, labels, prototypes, class_counts, sample_ids'
bad kl_top '{"scores": [[1, 2]], "labels": [0]}' '"teacher_scores" is missing'
bad kl_top '{"scores": [[1, 2]], "labels": [0], "teacher_scores": [[1, 2, 3]]}' 'teacher_scores: found 1 x 3, scores have 1 x 2'
bad gjs '{"scores": [[1, 2], [1, 2], [1, 2]], "labels": [0, 1]}' 'scores: found 3 rows for 2 labels'
bad bias '{"scores": [[1, 2]], "labels": [0]}' '"features" is missing'
bad bias '{"scores": [[1, 2]], "labels": [0], "features": [[1], [2]]}' 'features: found 2 rows, scores have 1'
bad ce '{"scores": [[1, 2]], "labels": [0], "features": [[1]]}' 'unknown key "features" for a multiclass loss'
bad mse '{"scores": [1], "labels": [0]}' 'unknown key "scores" for a regression loss; allowed: predictions, targets'
assert_exit 4 lossbench losses eval ce --input absent.json
assert_contains "$err" 'absent.json: '

for param in q=2 q=0 q=abc r=1 q q= '=1'; do
	assert_exit 2 lossbench losses eval gce --param "$param" --input in.json
	assert_contains "$err" gce
done
assert_exit 2 lossbench losses eval ce --precision half --input in.json
assert_contains "$err" 'allowed: float32, float64'
assert_exit 2 lossbench losses eval cee --input in.json
assert_contains "$err" 'did you mean "ce"'

# Words find losses by task, name, title and purpose.
assert_exit 0 lossbench losses binary 'class imbalance'
assert_contains "$out" weighted_bce
assert_eq "$(grep -vc '^binary ' <<<"$out")" 0 'losses of other tasks'
assert_exit 0 lossbench losses 'LABEL noise'
assert_between "$(wc -l <<<"$out")" 20 80
assert_exit 0 lossbench losses list
assert_eq "$(wc -l <<<"$out")" "$(lossbench losses | wc -l)" 'losses list'
for word in zzzzzz show plot; do
	assert_exit 2 lossbench losses $word
	assert_contains "$err" "losses: found \"$word\", allowed: show NAME"
done
