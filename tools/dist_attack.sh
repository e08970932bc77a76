#!/usr/bin/env bash
# Attack with several processes: one for each GPU, or on the CPU without any.
#   tools/dist_attack.sh CONFIG CHECKPOINT GPUS [arguments of attack.py]
# Several nodes: NNODES, NODE_RANK, MASTER_ADDR, PORT, the same on each.
source "$(dirname "${BASH_SOURCE[0]}")/misc/launch.sh"
need 3 'tools/dist_attack.sh CONFIG CHECKPOINT GPUS [of attack.py]' "$@"
launch "$3" attack.py "$1" "$2" "${@:4}"
