#!/usr/bin/env bash
# A sweep as a Slurm array: every task takes its shard of the plan. Resubmitting goes on where the tasks were stopped.
#
#     sbatch --array=1-8 scripts/sweep-slurm.sh configs/quickstart.yaml [options of lossbench sweep]
#     lossbench status results/quickstart
#
# The folder of results must be seen by all nodes; otherwise give each task its own output.dir and join them with `lossbench merge`.
#SBATCH --job-name=lossbench
#SBATCH --cpus-per-task=2
#SBATCH --time=12:00:00
#SBATCH --output=slurm-%A_%a.out
#SBATCH --signal=B:TERM@60
set -u

: "${SLURM_ARRAY_TASK_ID:?submit this script with: sbatch --array=1-N scripts/sweep-slurm.sh CONFIG}"
[ $# -ge 1 ] || { echo "usage: sbatch --array=1-N $0 CONFIG [options of lossbench sweep]..." >&2; exit 2; }
config=$1
shift
shard=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN + 1))
exec lossbench sweep --config "$config" --shard "$shard/$SLURM_ARRAY_TASK_COUNT" --jobs "${SLURM_CPUS_PER_TASK:-1}" "$@"
