#!/usr/bin/env bash
# A small form of the study configs/embedding_losses: on new rows of classes that training saw losses of every kind place rows better than the
# features as they are; on classes held out of training and of the choice, whose rows no training has, digits are placed worse.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

sed "s|datasets/samples|$LB_ROOT/datasets/samples|" "$LB_ROOT/configs/embedding_losses/table.yaml" >table.yaml
few=(--quiet --set 'loss=normalized_softmax,triplet,multi_similarity' --set train.epochs=8)
assert_exit 0 lossbench sweep table.yaml "${few[@]}" --set output.dir=rows
assert_eq "$(jq -s '[.[] | .result.metrics.test.map_at_r > 1.3 * .baseline.metrics.test.map_at_r] | [length, all]' rows/trials/*[0-9a-f].json | tr -d ' \n')" \
	'[3,true]' 'new rows are placed better than by the features'

held=(--set 'data.split={hold_out_classes: ["5", "6"]}' --set 'data.ignore_labels=["7", "8", "9", "0"]' --set train.per_class=12)
assert_exit 0 lossbench sweep table.yaml "${few[@]}" "${held[@]}" --set output.dir=choice
assert_eq "$(jq -s '[.[] | [.data.rows.train, .data.rows.test, .data.rows.ignored]] | unique | tostring' choice/trials/*[0-9a-f].json)" '"[[723,363,711]]"' 'rows of each part'

held=(--set 'data.split={hold_out_classes: ["7", "8", "9", "0"]}' --set train.per_class=8)
assert_exit 0 lossbench sweep table.yaml "${few[@]}" "${held[@]}" --set output.dir=classes
assert_eq "$(jq -s '[.[] | .result.metrics.test.map_at_r < .baseline.metrics.test.map_at_r] | [length, all]' classes/trials/*[0-9a-f].json | tr -d ' \n')" \
	'[3,true]' 'new classes are placed worse than by the features'
