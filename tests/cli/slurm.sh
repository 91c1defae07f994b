#!/usr/bin/env bash
# scripts/sweep-slurm.sh under Slurm itself: its controller, one node and munge run in the test's folder, on loopback, as this user. An array
# trains the plan to the same results, also after scancel; a tuned study takes two submissions. With LB_FULL=1; a minute.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
((${LB_FULL:-0})) || skip 'Slurm is started with LB_FULL=1 only (make check-full); cli/shell_sweeps has a stand-in'
PATH=$PATH:/usr/sbin:/sbin
needs slurmctld slurmd sbatch scancel sinfo munged

# ---- a cluster of one node ----

daemons=()
cleanup() { # the last first; each writes its state when it ends
	local i
	[ ! -e slurm/up ] || scancel --quiet --user="$(id -un)" || true
	for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
		kill "${daemons[i]}" 2>/dev/null || true
		wait "${daemons[i]}" || true
	done
}
trap cleanup EXIT
background() { # background LOG COMMAND...
	"${@:2}" >"slurm/$1.log" 2>&1 </dev/null &
	daemons+=($!)
}
answers() { # answers COMMAND...: within a minute, or the test fails with what the daemons said
	local end=$((SECONDS + 60))
	until "$@"; do
		[ $SECONDS -le $end ] || fail "waited in vain for: $*"$'\n'"$(tail -n 5 slurm/*.log)"
		sleep 0.1
	done
}
idle() { sinfo -h -o %T 2>/dev/null | grep -q idle; }
cluster() {
	local here port user
	here=$(hostname -s) port=$((20000 + RANDOM % 20000)) user=$(id -un)
	mkdir -p slurm/state slurm/spool
	chmod 755 slurm
	head -c 64 /dev/urandom >slurm/key
	chmod 400 slurm/key
	cat >slurm/slurm.conf <<CONF
ClusterName=test
SlurmctldHost=$here(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$PWD/slurm/munge
SlurmUser=$user
SlurmdUser=$user
StateSaveLocation=$PWD/slurm/state
SlurmdSpoolDir=$PWD/slurm/spool
SlurmctldPidFile=$PWD/slurm/ctld.pid
SlurmdPidFile=$PWD/slurm/d.pid
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
NodeName=$here NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=$here Default=YES MaxTime=INFINITE State=UP
CONF
	export SLURM_CONF=$PWD/slurm/slurm.conf
	background munged munged --foreground --force --key-file="$PWD/slurm/key" --socket="$PWD/slurm/munge" --pid-file="$PWD/slurm/munged.pid" \
		--log-file="$PWD/slurm/munged-log" --seed-file="$PWD/slurm/seed"
	answers test -S slurm/munge
	background slurmctld slurmctld -D -f "$SLURM_CONF"
	background slurmd slurmd -D -N "$here" -f "$SLURM_CONF"
	answers idle
	touch slurm/up
}
cluster
submit() { # submit N CONFIG [OPTION of sbatch]...: the array's job
	sbatch --parsable --array="1-$1" --time=5 --output=slurm-%a.out "${@:3}" "$LB_ROOT/scripts/sweep-slurm.sh" "$2"
}

# ---- an array is the plan, and nothing else ----

iris_config whole.yaml whole
lossbench sweep whole.yaml --quiet
path="q'u\"o ; \$(touch PWNED) *ü.yaml" # one word to every shell on the way
sed 's/{dir: whole}/{dir: array}/' whole.yaml >"$path"
assert_exit 0 submit 3 "$path" --wait
assert_same_results whole array
tidy array
for i in 1 2 3; do assert_contains "$(cat "slurm-$i.out")" '2 trials: 0 done, 2 to do'; done
[ ! -e PWNED ] || fail 'a part of a path was run by a shell'

# ---- a job that is cancelled, and its next submission ----

sed 's/{dir: whole}/{dir: long}/; s/epochs: 3/epochs: 20000/; s/train.seed: .*/train.seed: [1, 2, 3, 4]/' whole.yaml >long.yaml
lossbench sweep long.yaml --quiet --set output.dir=undisturbed
records() { find long/trials -name '[0-9a-f]*.json' 2>/dev/null | wc -l; }
begun() { [ "$(records)" -gt 0 ]; }
ended() { [ -z "$(squeue -h)" ]; }
job=$(submit 2 long.yaml)
answers begun
scancel "$job"
answers ended
assert_between "$(grep -l '"status": "ok"' long/trials/*.json | wc -l)" 0 7 'trials before the job was cancelled'
assert_contains "$(cat slurm-1.out slurm-2.out)" 'interrupted; go on with'
assert_exit 0 submit 2 long.yaml --wait
assert_same_results undisturbed long
tidy long

# ---- a tuned study: first its folds, then what they chose ----

sed 's/{dir: whole}/{dir: tuned}/' whole.yaml >tuned.yaml
echo 'tune: {trials: 3, folds: 2, metric: valid.accuracy}' >>tuned.yaml
lossbench sweep tuned.yaml --quiet --set output.dir=tuned_whole
submitted=0
until lossbench sweep tuned.yaml --list >list && [ "$(cut -f2 list | sort -u)" = ok ]; do
	[ $((submitted += 1)) -le 2 ] || fail 'two submissions do not complete a tuned study'
	assert_exit 0 submit 3 tuned.yaml --wait
done
assert_same_results tuned_whole tuned
