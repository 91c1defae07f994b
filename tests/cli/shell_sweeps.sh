#!/usr/bin/env bash
# The examples for the shell in scripts/: a loop, GNU parallel, a Slurm array. Each trains the plan and nothing else, to the same results.
# A stand-in for sbatch runs the script with the variables of an array; cli/slurm.sh has Slurm itself.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
scripts=$LB_ROOT/scripts
iris_config c.yaml whole
lossbench sweep c.yaml --quiet

# The loop: seeds by loss names; again, it trains nothing.
sed '/^sweep:/,/^  train/d; s/{dir: whole}/{dir: loop}/' c.yaml >one.yaml
assert_exit 2 "$scripts/sweep-loop.sh" one.yaml
assert_exit 0 "$scripts/sweep-loop.sh" one.yaml loss.name ce brier
assert_same_results whole loop
stamp=$(stat -c %Y.%n loop/trials/*.json)
assert_exit 0 "$scripts/sweep-loop.sh" one.yaml loss.name ce brier
assert_eq "$(stat -c %Y.%n loop/trials/*.json)" "$stamp" 'what is done is trained again'
assert_exit 1 "$scripts/sweep-loop.sh" one.yaml loss.name ce no_such_loss
assert_contains "$err" 'loss.name=no_such_loss train.seed=3 did not run'

# Slurm: three shards of the plan.
array() { # array N CONFIG: runs scripts/sweep-slurm.sh as an array of N tasks
	local i
	for i in $(seq "$1"); do
		SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_COUNT=$1 SLURM_CPUS_PER_TASK=2 \
			bash "$scripts/sweep-slurm.sh" "$2" >"slurm-$i.out" 2>&1 || return
	done
}
sed 's/{dir: whole}/{dir: array}/' c.yaml >array.yaml
assert_exit 0 array 3 array.yaml
assert_same_results whole array
assert_contains "$(cat slurm-3.out)" '2 trials: 0 done, 2 to do'
assert_exit 1 env -u SLURM_ARRAY_TASK_ID "$scripts/sweep-slurm.sh" array.yaml
assert_contains "$err" 'sbatch --array=1-N'

# GNU parallel: only what is to do, also after a part was done.
command -v parallel >/dev/null || skip 'GNU parallel is not installed: its example is not tested'
sed 's/{dir: whole}/{dir: par}/' c.yaml >par.yaml
lossbench sweep par.yaml --quiet --shard 1/3
before=$(stat -c %Y.%n par/trials/*.json)
assert_exit 0 "$scripts/sweep-parallel.sh" par.yaml -j 2
assert_same_results whole par
assert_eq "$(comm -12 <(echo "$before" | sort) <(stat -c %Y.%n par/trials/*.json | sort))" "$(echo "$before" | sort)" 'done before'
assert_exit 2 "$scripts/sweep-parallel.sh"

# Whatever the path holds, it is one word to every shell on the way.
sed 's/{dir: whole}/{dir: named}/; s/^name: .*/name: small/' c.yaml >named.yaml
# shellcheck disable=SC2016 # names that a shell would expand
for path in 'a b.yaml' 'x;touch PWNED;$(touch PWNED).yaml' "q'u\"o \`touch PWNED\`.yaml" -dash.yaml '{}{.}{1}{2}{#}.yaml' $'new\nline.yaml' \
	'ü*?[a]\\.yaml'; do
	rm -rf named
	cp named.yaml "./$path"
	assert_exit 0 "$scripts/sweep-parallel.sh" "$path" -j 2
	assert_same_results whole named
	rm -rf named
	assert_exit 0 array 2 "$path"
	assert_same_results whole named
	sed '/^sweep:/,/^  train/d; s/{dir: named}/{dir: named_loop}/' named.yaml >"./$path"
	rm -rf named_loop
	assert_exit 0 "$scripts/sweep-loop.sh" "$path" loss.name ce brier
	assert_same_results whole named_loop
	rm "./$path"
done
[ ! -e PWNED ] || fail 'a part of a path was run by a shell'

# A sweep by --set is the same trials as the sweep block, whatever the order of the options.
ids() { lossbench sweep --list --set output.dir=sets "$@" | sort; }
sed '/^loss:/d' one.yaml >plain.yaml
cp plain.yaml block.yaml
echo 'loss: ce' >>block.yaml
cp block.yaml one.yaml
echo 'sweep: {optimizer.lr: {from: 0.001, to: 1, steps: 4, scale: log}}' >>block.yaml
assert_eq "$(ids one.yaml --set 'optimizer.lr={from: 0.001, to: 1, steps: 4, scale: log}')" "$(ids block.yaml --set name=one)" 'a range by --set'
assert_eq "$(ids block.yaml | wc -l)" 4
cp plain.yaml block.yaml
echo 'loss: focal' >>block.yaml
echo 'sweep: {loss.gamma: default}' >>block.yaml
assert_eq "$(ids one.yaml --set loss.gamma=default --set loss=focal)" "$(ids block.yaml --set name=one)" 'a grid by --set'
assert_eq "$(ids one.yaml --set loss=focal --set loss.gamma=default)" "$(ids block.yaml --set name=one)" 'a grid by --set'
assert_between "$(ids block.yaml | wc -l)" 2 20
assert_exit 3 lossbench train one.yaml --set loss=focal --set loss.gamma=default
assert_contains "$err" 'values make a sweep; give one value, or run '
