#!/usr/bin/env bash
# One surface by a SLURM array whose tasks need not reach each other, each one shard of the points:
#
#     job=$(sbatch --parsable --array=1-16 --gpus=1 scripts/sample_slurm_array.sh \
#         --weights resnet56.t7 --data cifar10:/data/cifar10 --x=-1:1:51 --y=-1:1:51 -o resnet56.h5)
#     sbatch --dependency=afterok:"$job" --wrap \
#         'python -m landscape.merge resnet56.h5.part-*of16 -o resnet56.h5'
#
# All words go to landscape.sample. The array must count from 1. A task that was stopped goes on
# with its own part when it is submitted again, as in --array=3,7; give those SHARDS=16 then.
#SBATCH --job-name=landscape
#SBATCH --time=04:00:00
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
set -euo pipefail

shards=${SHARDS:-$SLURM_ARRAY_TASK_COUNT}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-${SLURM_CPUS_PER_TASK:-1}}
exec python -m landscape.sample "$@" --shard "$SLURM_ARRAY_TASK_ID/$shards"
