#!/usr/bin/env bash
# A plug-in: a file like those of losses/ is built and checked outside the program, found by a config and by LOSSBENCH_PLUGINS, trains to
# the bytes of the loss that it copies, is in the id by its checksum, and is refused where it does not fit.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
export OPENBLAS_NUM_THREADS=1

# copy KIND NAME NEW FILE: a loss of the program under another name.
copy() { sed -E "s/\b$2\b/$3/g; s/\b$2_form\b/$3_form/g" "$LB_ROOT/losses/$1/$2.c" >"$4"; }
copy multiclass gce mine mine.c

# Built, checked, and named with what a config says of it.
assert_exit 0 lossbench losses build mine.c
assert_contains "$out" 'multiclass/mine: '
assert_contains "$out" ' passed, 0 failed: descriptor '
assert_contains "$out" 'in a config: loss: {plugin: mine.so}'
checksum=$(sha256sum mine.so | cut -d' ' -f1)
assert_contains "$out" "mine.so: checksum ${checksum:0:16};"
assert_exit 0 lossbench losses check mine.so
assert_contains "$out" ' passed, 0 failed'

# It trains to the numbers of the loss that it is a copy of, in both precisions and by rows side by side; the record tells the checksum.
mkdir configs objects
cp mine.so objects/
cat >configs/c.yaml <<YAML
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
train: {epochs: 3}
loss: {plugin: ../objects/mine.so, q: 0.5}
YAML
assert_exit 0 lossbench sweep --config configs/c.yaml --quiet --jobs 2 --set 'train.precision=float32,float64' --set output.dir=plugin
assert_exit 0 lossbench sweep --config configs/c.yaml --quiet --set 'train.precision=float32,float64' --set 'loss={name: gce, q: 0.5}' --set output.dir=built_in
numbers() { jq -cS '[.config.train.precision, (.result | del(.timing))]' "$1"/trials/*.json | sort; }
assert_eq "$(numbers plugin | grep -c '"status":"ok"')" 2
assert_eq "$(numbers plugin)" "$(numbers built_in)" 'numbers of the plug-in and of the loss of the program'
assert_eq "$(jq -r '.config.loss | .name + " " + .plugin' plugin/trials/*.json | sort -u)" "mine $checksum"

# By the environment it is a loss like any other, with the same id; beside others in a sweep; and it is reported.
export LOSSBENCH_PLUGINS=$PWD/objects
assert_exit 0 lossbench sweep --config configs/c.yaml --quiet --set 'loss={name: mine, q: 0.5}' --set train.precision=float32 --set output.dir=by_name
for f in by_name/trials/[0-9a-f]*.json; do [ -f "plugin/trials/${f##*/}" ] || fail "another id by the environment: $f"; done
assert_exit 0 lossbench losses show mine
assert_contains "$out" 'checksum (SHA-256) of the plug-in that it comes from'
assert_exit 0 lossbench losses eval mine --param q=0.5 --input - <<<'{"scores": [[0, 1]], "labels": [0]}'
mine=$out
assert_exit 0 lossbench losses eval gce --param q=0.5 --input - <<<'{"scores": [[0, 1]], "labels": [0]}'
assert_eq "$(jq .value <<<"$mine")" "$(jq .value <<<"$out")"
{ grep -v '^loss' configs/c.yaml && echo 'sweep: {loss: [ce, mine, {plugin: ../objects/mine.so, q: 0.2}]}'; } >configs/several.yaml
assert_exit 0 lossbench sweep --config configs/several.yaml --quiet --set output.dir=several
assert_exit 0 lossbench report several --format csv
assert_contains "$out" mine
unset LOSSBENCH_PLUGINS

# A saved model of such a loss predicts where the plug-in is at hand, and says what is missing where it is not.
assert_exit 0 lossbench train --config configs/c.yaml --quiet --save-model model.npz --set output.dir=model
assert_exit 3 lossbench predict --model model.npz --data "$LB_ROOT/datasets/samples/iris.csv.gz"
assert_contains "$err" "the loss \"mine\" comes from a plug-in of checksum ${checksum:0:16}, which is not loaded; put the object into a folder"
LOSSBENCH_PLUGINS=$PWD/objects assert_exit 0 lossbench predict --model model.npz --data "$LB_ROOT/datasets/samples/iris.csv.gz"
assert_eq "$(wc -l <<<"$out")" 151

# Another source is another id: no result of the old one is taken for it.
sed -i 's/\.title = "/&Changed: /' mine.c
assert_exit 0 lossbench losses build mine.c --out objects/mine.so
assert_exit 0 lossbench sweep --config configs/c.yaml --quiet --set train.precision=float32 --set output.dir=plugin
assert_eq "$(find plugin/trials -name '[0-9a-f]*.json' | wc -l)" 3

# What is wrong is said, with the place in the config.
refuse() { # SET MESSAGE
	assert_exit 3 lossbench config check configs/c.yaml --set "$1"
	assert_contains "$err" "$2"
}
refuse 'loss={plugin: none.so}' 'loss.plugin: none.so: there is no such file; lossbench losses build FILE.c makes a plug-in'
refuse 'loss={plugin: configs/c.yaml}' 'loss.plugin: configs/c.yaml: cannot be loaded as a plug-in'
refuse 'loss={plugin: objects/mine.so, name: ours}' 'loss.name: found "ours", allowed: a multiclass loss of the plug-in, which has multiclass/mine'
refuse 'loss={plugin: objects/mine.so, qq: 1}' 'did you mean "q"'
refuse 'loss={name: mine}' 'unknown loss'
sed -i 's/task: multiclass/task: binary/' configs/c.yaml
refuse 'loss={plugin: objects/mine.so}' 'allowed: a binary loss of the plug-in, which has multiclass/mine'

# So are objects of another version or of none, in a config and in the environment.
printf 'const struct { unsigned i; unsigned long l; const char *v; unsigned long n; const void *a, *b; } lb_plugin = { 99, 1, "9", 1, 0, 0 };\n' >other.c
${CC:-cc} -shared -fPIC -o objects/other.so other.c
refuse 'loss={plugin: objects/other.so}' 'was built for interface 99'
assert_contains "$err" 'build it again from its source: lossbench losses build FILE.c'
echo 'int nothing;' >plain.c && ${CC:-cc} -shared -fPIC -o plain.so plain.c
refuse 'loss={plugin: plain.so}' 'is no plug-in of lossbench: it has no variable lb_plugin'
LOSSBENCH_PLUGINS=$PWD/objects assert_exit 0 lossbench losses mine
assert_contains "$out" 'multiclass'
assert_contains "$err" 'warning: LOSSBENCH_PLUGINS: '

# Sources with mistakes make no object: none that compiles, no loss, a name that is taken; wrong mathematics makes one, and is told.
rm -f mine.so
wrong() { # CODE MESSAGE
	assert_exit "$1" lossbench losses build wrong.c
	assert_contains "$out$err" "$2"
}
echo 'int f(' >wrong.c && wrong 3 'wrong.c: it does not compile'
echo '#include "losses/loss.h"' >wrong.c && wrong 3 'wrong.c: defines no loss; it needs a variable such as: const struct lb_loss LB_LOSS(multiclass, mine)'
cp "$LB_ROOT/losses/multiclass/gce.c" wrong.c && wrong 3 'wrong.c: the program itself has a multiclass loss "gce"; name this one anew'
copy regression huber wrong wrong.c && sed -i 's/\.title = "[^"]*",//' wrong.c && wrong 3 'the loss wrong needs .title'
[ ! -e wrong.so ] || fail 'an object of a source with mistakes'
copy regression huber wrong wrong.c && sed -i 's/e < -delta ? -delta : e;/e < -delta ? -delta : 2 * e;/' wrong.c
wrong 1 'the slope of the value is not the gradient'
assert_exit 2 lossbench losses build none.c
assert_contains "$err" 'there is no such file'

# Installed, the headers are found beside the program, and pkg-config tells them to other builds.
make -s --no-print-directory -C "$LB_ROOT" install-headers PREFIX="$PWD/prefix"
mkdir -p prefix/bin && cp "$LB_BIN" prefix/bin/
copy binary logistic ours ours.c
assert_exit 0 "$PWD/prefix/bin/lossbench" losses build ours.c
assert_contains "$out" 'binary/ours'
assert_contains "$(PKG_CONFIG_PATH=$PWD/prefix/lib/pkgconfig pkg-config --cflags lossbench)" "-I$PWD/prefix/include/lossbench"
[ -z "$(find . -maxdepth 1 -name 'lossbench-*')" ] || fail 'something is left of a build'
