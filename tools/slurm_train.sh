#!/usr/bin/env bash
# Train on a slurm cluster.
#   GPUS=8 tools/slurm_train.sh PARTITION JOB_NAME CONFIG [of train.py]
# Also read: GPUS_PER_NODE, CPUS_PER_TASK, SRUN_ARGS.
source "$(dirname "${BASH_SOURCE[0]}")/misc/launch.sh"
need 3 'tools/slurm_train.sh PARTITION JOB_NAME CONFIG [of train.py]' "$@"
slurm "$1" "$2" train.py "${@:3}"
