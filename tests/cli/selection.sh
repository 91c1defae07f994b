#!/usr/bin/env bash
# --list, --only, --shard and --dry-run: which trials of a plan are meant, and that looking changes nothing.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
work=$PWD
cd "$LB_ROOT"
sweep() { assert_exit "$1" lossbench sweep --config configs/smoke.yaml --set "output.dir=$work/${dir:-r}" --set train.seed=1,2,3,4,5 "${@:2}"; }
ids() { cut -f1 <<<"$out"; }

sweep 0 --list
plan=$(ids)
assert_eq "$(wc -l <<<"$plan")" 10 'trials'
assert_eq "$(sort -u <<<"$plan" | wc -l)" 10 'different ids'
assert_eq "$(cut -f2 <<<"$out" | sort -u)" 'to do'
assert_contains "$out" 'loss.name=brier'
assert_contains "$out" 'train.seed=5'
assert_lacks "$out" 'train.epochs'
sweep 0 --dry-run
assert_eq "$out" '10 trials: 0 done, 10 to do'
[ ! -e "$work/r" ] || fail '--list or --dry-run wrote something'

# The shards of any number are a partition, in the order of the plan, and even.
for n in 1 2 3 7 10 12; do
	all=''
	for i in $(seq "$n"); do
		sweep 0 --list --shard "$i/$n"
		part=$(ids)
		[ -z "$part" ] || all+=$part$'\n'
		count=$(grep -c . <<<"$part" || true)
		assert_between "$count" $((10 / n)) $(((10 + n - 1) / n)) "trials of shard $i/$n"
		assert_eq "$(grep -Fx -f <(echo "${part:-none}") <<<"$plan" || true)" "$part" "order in shard $i/$n"
	done
	assert_eq "$(sort <<<"${all%$'\n'}")" "$(sort <<<"$plan")" "union of $n shards"
done

# --only takes ids of this plan, in any order; a shard of it runs just those.
second=$(sed -n 2p <<<"$plan") last=$(sed -n 10p <<<"$plan")
sweep 0 --only "$last,$second" --quiet
assert_eq "$(find "$work/r/trials" -name '*.json' -printf '%f\n' | sort)" "$(printf '%s.json\n' "$second" "$last" | sort)" 'records'
sweep 0 --list --only "$last"
assert_eq "$(cut -f1,2 <<<"$out")" "$last"$'\t'ok
sweep 0 --dry-run
assert_eq "$(head -n 1 <<<"$out")" '10 trials: 2 done, 8 to do'
sweep 0 --dry-run --only "$second,$last"
assert_eq "$out" '2 trials: 2 done, 0 to do'
sweep 0 --list --only "$last,$second,$last"
assert_eq "$(cut -f1 <<<"$out")" "$second"$'\n'"$last" "an id given twice"
sweep 2 --only "$second,0123456789abcdef"
assert_contains "$err" 'no trial "0123456789abcdef"'
for wrong in 0/2 3/2 2 a/b 1/2/3 -1/2 1/ 1/0; do
	sweep 2 --shard $wrong
	assert_contains "$err" "--shard: found \"$wrong\""
done

# All shards together, on one folder or merged by copying files, are the whole.
sweep 0 --quiet
for i in 1 2 3; do
	dir=s$i
	sweep 0 --quiet --shard "$i/3"
	mkdir -p "$work/merged/trials"
	cp "$work/s$i"/trials/*.json "$work/merged/trials/"
done
assert_same_results "$work/r" "$work/merged"
