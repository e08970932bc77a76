#!/usr/bin/env bash
# Train with several processes: one for each GPU, or on the CPU without any.
#   tools/dist_train.sh CONFIG GPUS [arguments of train.py]
# Several nodes: NNODES, NODE_RANK, MASTER_ADDR, PORT, the same on each.
source "$(dirname "${BASH_SOURCE[0]}")/misc/launch.sh"
need 2 'tools/dist_train.sh CONFIG GPUS [arguments of train.py]' "$@"
launch "$2" train.py "$1" "${@:3}"
