#!/usr/bin/env bash
# Sample a surface by a SLURM array of tasks without a common network, one shard of points each:
#
#     job=$(sbatch --parsable --array=1-16 --gpus=1 scripts/sample_slurm_array.sh \
#         --weights resnet56.t7 --data cifar10:/data/cifar10 --x=-1:1:51 --y=-1:1:51 -o resnet56.h5)
#     sbatch --dependency=afterok:"$job" --wrap \
#         'python -m landscape.merge resnet56.h5.part-*of16 -o resnet56.h5'
#
# All arguments are passed to landscape.sample. The array must count from 1. A stopped task resumes
# its part when submitted again, as in --array=3,7; set SHARDS=16 then.
#SBATCH --job-name=landscape
#SBATCH --time=04:00:00
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
set -euo pipefail

shards=${SHARDS:-$SLURM_ARRAY_TASK_COUNT}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-${SLURM_CPUS_PER_TASK:-1}}
exec python -m landscape.sample "$@" --shard "$SLURM_ARRAY_TASK_ID/$shards"
