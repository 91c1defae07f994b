#!/usr/bin/env bash
# A sweep by GNU parallel: one process a trial, on this machine or on several. Results are stored by id, so the same command goes on
# where it was stopped, and what fails is tried again by the next call.
#
#     scripts/sweep-parallel.sh configs/quickstart.yaml                   # all cores
#     scripts/sweep-parallel.sh configs/quickstart.yaml -j 4 --sshlogin host1,host2 --wd "$PWD"   # options of parallel
#
# On machines without a common folder, give each its own output.dir and join them with `lossbench merge`.
# Exit status: that of parallel: the number of trials that failed, 0 for none.
set -u

[ $# -ge 1 ] || { echo "usage: $0 CONFIG [options of parallel]..." >&2; exit 2; }
config=$1
shift
list=$(lossbench sweep --config "$config" --list) || exit
# parallel hands each command to a shell, and quotes for it what it puts in from its sources: so the path, whatever it holds, is one of them.
printf '%s\n' "$list" | awk -F '\t' '$2 != "ok" && $2 != "diverged" { print $1 }' | tr '\n' '\0' |
	parallel --null --will-cite --line-buffer "$@" lossbench sweep --config '{1}' --only '{2}' --jobs 1 --quiet ::: "$config" :::: -
