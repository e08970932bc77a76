#!/usr/bin/env bash
# Test on a slurm cluster.
#   GPUS=8 tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [of test.py]
# Also read: GPUS_PER_NODE, CPUS_PER_TASK, SRUN_ARGS.
source "$(dirname "${BASH_SOURCE[0]}")/misc/launch.sh"
need 4 'tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT' "$@"
slurm "$1" "$2" test.py "${@:3}"
