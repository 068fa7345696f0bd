#!/usr/bin/env bash
# Sample a surface on one or more nodes of a SLURM cluster, one process per GPU:
#
#     sbatch --nodes=4 --gpus-per-node=8 scripts/sample_slurm.sh \
#         --weights resnet56.t7 --data cifar10:/data/cifar10 --x=-1:1:51 --y=-1:1:51 -o resnet56.h5
#
# All arguments are passed to landscape.sample. Submit the same line again after a time limit or a
# failure: it resumes from the part files next to the output, which must be on a shared file system.
# Without GPUs, RANKS_PER_NODE sets the number of processes per node, which share its cores.
#SBATCH --job-name=landscape
#SBATCH --ntasks-per-node=1
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@60
#SBATCH --requeue
set -euo pipefail

ranks=${RANKS_PER_NODE:-${SLURM_GPUS_ON_NODE:-1}}
hosts=$(scontrol show hostnames "$SLURM_JOB_NODELIST")
first=${hosts%%$'\n'*}
port=$((20000 + SLURM_JOB_ID % 20000))
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$(((${SLURM_CPUS_ON_NODE:-1} + ranks - 1) / ranks))}

# Otherwise a node that joins late or rejoins waits forever for the others (torchrun 2.13).
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1

# Nodes may fail and rejoin while the job runs: from one to all of them take part.
exec srun --kill-on-bad-exit=0 python -m torch.distributed.run \
    --nnodes="1:$SLURM_JOB_NUM_NODES" --nproc-per-node="$ranks" --max-restarts=10 \
    --rdzv-backend=c10d --rdzv-endpoint="$first:$port" --rdzv-id="$SLURM_JOB_ID" \
    -m landscape.sample "$@"
