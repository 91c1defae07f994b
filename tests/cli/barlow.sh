#!/usr/bin/env bash
# A small form of the study configs/barlow: with and without mixed rows the two views are the same, so that mixed_barlow without weight on the
# third view is barlow_twins to the byte; with it something else is learnt, and both learn more than a random map has.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

sed "s|datasets/samples|$LB_ROOT/datasets/samples|" "$LB_ROOT/configs/barlow/mixed.yaml" >mixed.yaml
few=(--quiet --set train.seed=1 --set optimizer.lr=0.01 --set train.epochs=10 --set loss.lambda=0.0051)
two=(--set loss=barlow_twins --set 'train.views={kind: noise_and_dropout, sd: 0.3, rate: 0.2, first: true}')
mixed=(--set loss=mixed_barlow --set loss.ddof=0 --set 'train.views={kind: mixed, sd: 0.3, rate: 0.2}')
assert_exit 0 lossbench sweep mixed.yaml "${few[@]}" "${two[@]}" --set output.dir=plain
assert_exit 0 lossbench sweep mixed.yaml "${few[@]}" "${mixed[@]}" --set output.dir=none --set loss.lambda_reg=0
assert_exit 0 lossbench sweep mixed.yaml "${few[@]}" "${mixed[@]}" --set output.dir=mixed
what='[.result.metrics, .result.curves["train.loss"]]'
assert_eq "$(jq -c "$what" none/trials/*[0-9a-f].json)" "$(jq -c "$what" plain/trials/*[0-9a-f].json)" 'mixed rows without weight'
[ "$(jq -c "$what" mixed/trials/*[0-9a-f].json)" != "$(jq -c "$what" plain/trials/*[0-9a-f].json)" ] || fail 'mixed rows change nothing'
assert_eq "$(jq -s '[.[] | .result.metrics.test.map_at_r > .baseline.random_map.test.map_at_r] | all' {plain,mixed}/trials/*[0-9a-f].json)" true 'beside a random map'
