#!/usr/bin/env bash
# The examples for the shell in scripts/: a loop, GNU parallel, a Slurm array. Each trains the plan and nothing else, to the same results.
# Slurm's own scheduler and one node run on loopback where they are installed (slurmctld, slurmd); elsewhere a stand-in for sbatch runs the
# script as Slurm would, with the variables of an array.
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
array() { # array N CONFIG: submits scripts/sweep-slurm.sh as an array of N tasks and waits for it
	sbatch --wait --array="1-$1" --time=1 --output=slurm-%a.out "$scripts/sweep-slurm.sh" "$2"
}
stand_in() {
	mkdir -p bin
	cat >bin/sbatch <<'SH'
#!/usr/bin/env bash
tasks=1
while [ "${1#--}" != "$1" ]; do
	case $1 in --array=1-*) tasks=${1#--array=1-} ;; esac
	shift
done
for i in $(seq "$tasks"); do
	SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_COUNT=$tasks \
		SLURM_CPUS_PER_TASK=$(sed -nE 's/^#SBATCH --cpus-per-task=//p' "$1") bash "$@" >"slurm-$i.out" 2>&1 || exit
done
SH
	chmod +x bin/sbatch
	PATH=$PWD/bin:$PATH
}
daemons=()
cleanup() { # waits: a daemon writes its state when it ends
	[ ${#daemons[@]} -eq 0 ] || { kill "${daemons[@]}" && wait "${daemons[@]}"; } 2>/dev/null || true
}
trap cleanup EXIT
cluster() {
	local port=$((20000 + RANDOM % 20000)) user
	user=$(id -un)
	mkdir -p slurm/state slurm/spool
	cat >slurm/slurm.conf <<CONF
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/none
CredType=cred/none
SlurmUser=$user
SlurmdUser=$user
StateSaveLocation=$PWD/slurm/state
SlurmdSpoolDir=$PWD/slurm/spool
SlurmctldPidFile=$PWD/slurm/ctld.pid
SlurmdPidFile=$PWD/slurm/d.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_res
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
NodeName=localhost NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=localhost Default=YES MaxTime=INFINITE State=UP
CONF
	export SLURM_CONF=$PWD/slurm/slurm.conf
	slurmctld -D -f "$SLURM_CONF" >slurm/ctld.log 2>&1 &
	daemons=($!)
	slurmd -D -N localhost -f "$SLURM_CONF" >slurm/d.log 2>&1 &
	daemons+=($!)
	idle() { sinfo -h -o %T 2>/dev/null | grep -q idle; }
	local end=$((SECONDS + 10))
	until idle; do
		[ $SECONDS -le $end ] || return 1
		sleep 0.1
	done
}
if ! command -v slurmctld slurmd sbatch >/dev/null || ! cluster; then
	cleanup
	daemons=()
	stand_in
fi
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
