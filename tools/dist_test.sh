#!/usr/bin/env bash
# Test with several processes: one for each GPU, or on the CPU without any.
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]
# Several nodes: NNODES, NODE_RANK, MASTER_ADDR, PORT, the same on each.
source "$(dirname "${BASH_SOURCE[0]}")/misc/launch.sh"
need 3 'tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]' "$@"
launch "$3" test.py "$1" "$2" "${@:4}"
