#!/usr/bin/env bash
# Losses of two views from config to record: how views are made, state for each row, what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >all.yaml <<END
name: views
task: embedding
data:
  train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
model: {kind: mlp, hidden: [8], dimension: 3}
optimizer: {name: adam, lr: 0.02}
train: {epochs: 6, batch: 16, views: {kind: noise_and_dropout, first: true}}
metrics: [map_at_r, recall_at_k]
sweep:
  loss: [nt_xent, info_nce, dcl, gcl, sogclr, isogclr, groco, barlow_twins, vicreg, align_uniform, spectral_contrastive, w_mse, mmcr, mw, tal, instance_softmax, {name: byol, predictor: 8, directions: both}, {name: swav, prototypes: 4}, {name: siglip, learn: both}, {name: matryoshka_views, dims: [1, 3]}, weighted_info_nce, target_anchored_info_nce, {name: amcl, heads: 2}, scl_soft]
output: {dir: whole}
END

# Together, alone, with two threads: the same results; all losses learn something else.
assert_exit 0 lossbench sweep all.yaml --quiet
lossbench sweep all.yaml --quiet --set output.dir=threads --threads 2
assert_same_results whole threads
lossbench sweep all.yaml --quiet --set output.dir=jobs --jobs 2
assert_same_results whole jobs
assert_eq "$(find whole/trials -name '[0-9a-f]*.json' | wc -l)" 24 records
assert_eq "$(grep -h '"train.loss"' whole/trials/*.json | sort -u | wc -l)" 24 'different losses'

# One loss, to change.
sed -e '/^sweep:/,/^  loss/d' -e 's/^model/loss: nt_xent\n&/; s/dir: whole/dir: one/' all.yaml >one.yaml

# The state of a row goes through a checkpoint: killed and resumed, the same.
sed 's/loss: nt_xent/loss: isogclr/; s/epochs: 6/checkpoint: 1, epochs: 400/; s/dir: one/dir: undisturbed/' one.yaml >state.yaml
assert_exit 0 lossbench train --config state.yaml
(exec lossbench train --config state.yaml --quiet --set output.dir=killed) &
killed=$!
wait_until 20 eval 'ls killed/trials/*.checkpoint >/dev/null 2>&1'
kill -9 "$killed"
wait "$killed" 2>/dev/null || true
assert_exit 0 lossbench train --config state.yaml --set output.dir=killed
assert_same_results undisturbed killed

# A second network of averaged weights gives the view that byol holds: another result than the network itself, the same after a kill; the
# predictor is a parameter of the saved model, with a learning rate of its own.
sed "s/loss: nt_xent/loss: {name: byol, predictor: 8, directions: both}/; s/dir: one/dir: second/; s/^output: {/&model: true, /" one.yaml >byol.yaml
echo 'procedures: [averaged_target]' >>byol.yaml
assert_exit 0 lossbench train --config byol.yaml
assert_exit 0 lossbench train --config byol.yaml --set output.dir=itself --set procedures='[{name: averaged_target, momentum: 0, ramp: false}]'
assert_exit 0 lossbench train --config byol.yaml --set output.dir=plain --set procedures='[]'
losses() { grep -h '"train.loss"' "$1"/trials/*.json; }
assert_eq "$(losses itself)" "$(losses plain)" 'no momentum'
[[ $(losses second) != "$(losses plain)" ]] || fail 'the second network gives what the first does'
assert_exit 0 lossbench train --config byol.yaml --set output.dir=still --set train.loss_lr_factor=0
[[ $(losses second) != "$(losses still)" ]] || fail 'train.loss_lr_factor has no effect'
assert_exit 0 lossbench predict --model second/trials/*.npz --data "$LB_ROOT/datasets/samples/iris.csv.gz" --what embeddings --out e.csv
assert_eq "$(head -n 1 e.csv)" 'row,label,embedding_1,embedding_2,embedding_3' 'columns of embeddings'
sed 's/epochs: 6/checkpoint: 1, epochs: 300/; s/dir: second/dir: whole_second/' byol.yaml >long.yaml
assert_exit 0 lossbench train --config long.yaml
(exec lossbench train --config long.yaml --quiet --set output.dir=killed_second) &
killed=$!
wait_until 20 eval 'ls killed_second/trials/*.checkpoint >/dev/null 2>&1'
kill -9 "$killed"
wait "$killed" 2>/dev/null || true
assert_exit 0 lossbench train --config long.yaml --set output.dir=killed_second
assert_same_results whole_second killed_second

# Parts of the features are two towers; a mixed view goes with its loss.
for views in '{kind: parts}' '{kind: parts, features: 1}' '{kind: gaussian_noise, sd: 0.3}' '{kind: feature_dropout}'; do
	assert_exit 0 lossbench train --config one.yaml --set "train.views=$views"
done
assert_exit 0 lossbench train --config one.yaml --set loss=mixed_barlow --set 'train.views={kind: mixed}'

refused() {
	assert_exit 3 lossbench train --config one.yaml "${@:2}"
	assert_contains "$err" "$1"
}
refused 'train.views.features: found 4, allowed: 0 to 3, as the data have 4 features after preprocessing' --set 'train.views={kind: parts, features: 4}'
refused 'train.views.kind: found mixed, and nt_xent compares no mixed view (mixed_barlow does)' --set 'train.views={kind: mixed}'
refused 'train.views.kind: found parts, and mixed_barlow compares a mixed view; allowed: mixed' --set loss=mixed_barlow --set 'train.views={kind: parts}'
refused 'procedures: found averaged_target with loss nt_xent, which holds no view fixed; allowed: byol, simsiam, dino, target_anchored_info_nce, alone or as a term' --set 'procedures=[averaged_target]'
refused 'loss.dims: found an empty list' --set 'loss={name: matryoshka_views, dims: []}'
refused 'loss.with: found "tau=0", allowed: parameters of info_nce: ' --set 'loss={name: matryoshka_views, with: "tau=0"}'
refused 'loss.scale: found 0 with learn both, allowed: above 0' --set 'loss={name: siglip, scale: 0, learn: both}'
refused 'train.views.count: found 3, and nt_xent compares two views of a row; allowed: 2' --set 'train.views={kind: gaussian_noise, count: 3}'
refused 'train.views: triplet sees one view of a row; remove train.views' --set loss=triplet
sed -i 's/, views: {[^}]*}//' one.yaml
refused 'train.views: is missing, and nt_xent compares several views of a row'

# Samplers: pseudo-classes of the features, classes by the root of their size, a share of positives.
sed -i 's/^train: {/&views: {kind: gaussian_noise}, sampler: clusters, /' one.yaml
assert_exit 0 lossbench train --config one.yaml
assert_exit 0 lossbench train --config one.yaml --set train.clusters=40
assert_exit 0 lossbench train --config one.yaml --set train.sampler=hard_batches
assert_exit 0 lossbench train --config one.yaml --set train.sampler=hard_batches --set train.clusters=4
assert_exit 0 lossbench train --config one.yaml --set train.sampler=square_root
refused 'train.clusters: found 12, allowed: from 16, the batch, to 90, the training rows' --set train.clusters=12
refused 'train.clusters: found with sampler shuffle, allowed: with train.sampler clusters or hard_batches' --set train.clusters=20 --set train.sampler=shuffle
refused 'train.positive_rate: found with sampler clusters, allowed: with train.sampler: positive_rate alone' --set train.positive_rate=0.3
printf 'a,b,label\n' >same.csv
for i in $(seq 40); do printf '%d,1,%d\n' $((i % 3)) $((i % 2)); done >>same.csv
sed "s#path: [^,]*iris[^,]*#path: same.csv#" one.yaml >same.yaml
assert_exit 3 lossbench train --config same.yaml
assert_contains "$err" 'train.batch: found 16 with sampler clusters, and the training rows make 3 pseudo-classes of the 16 asked for'
cat >rate.yaml <<END
task: binary
data: {train: {path: $LB_ROOT/datasets/samples/wdbc.csv.gz, label: label}}
loss: logistic
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 3, batch: 20, sampler: positive_rate, positive_rate: 0.3}
output: {dir: rate}
END
assert_exit 0 lossbench train --config rate.yaml
assert_exit 3 lossbench train --config rate.yaml --set train.positive_rate=1
assert_contains "$err" 'train.positive_rate: found 1'
sed -i 's/, positive_rate: 0.3//' rate.yaml
assert_exit 3 lossbench train --config rate.yaml
assert_contains "$err" 'train.positive_rate: is missing, and sampler positive_rate needs it'

# Shuffled pairs change what is learnt, and only there where there are pairs.
sed -i 's/^train: .*/train: {epochs: 6, batch: 16, views: {kind: parts, features: 2}}/' one.yaml
assert_exit 0 lossbench train --config one.yaml --set output.dir=pairs
assert_exit 0 lossbench train --config one.yaml --set output.dir=pairs --set corrupt.pairs=0.5
assert_exit 0 lossbench train --config one.yaml --set output.dir=pairs --set corrupt.pairs=1
assert_eq "$(grep -h '"train.loss"' pairs/trials/*.json | sort -u | wc -l)" 3 'different losses'
refused 'corrupt.pairs: found with train.views of kind gaussian_noise, allowed: with train.views: {kind: parts}' --set corrupt.pairs=0.5 --set 'train.views={kind: gaussian_noise}'
refused 'corrupt.pairs: found 2' --set corrupt.pairs=2
