#!/usr/bin/env bash
# Attack on a slurm cluster.
#   GPUS=8 tools/slurm_attack.sh PARTITION JOB_NAME CONFIG CHECKPOINT [of attack.py]
# Also read: GPUS_PER_NODE, CPUS_PER_TASK, SRUN_ARGS.
source "$(dirname "${BASH_SOURCE[0]}")/misc/launch.sh"
need 4 'tools/slurm_attack.sh PARTITION JOB_NAME CONFIG CHECKPOINT' "$@"
slurm "$1" "$2" attack.py "${@:3}"
