#!/usr/bin/env bash
# Set up, then lint and check types, then test. More words go to pytest:
#   tools/run_tests.sh                 everything but what is marked slow
#   tools/run_tests.sh --slow          that too
#   tools/run_tests.sh tests/test_latent -k tap
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=$(tools/setup_env.sh --python)
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
# One more than cores, as some always wait for processes of their own; nproc
# would take the threads that a user asks for as an answer.
processes=${TEST_PROCESSES:-$(($(env -u OMP_NUM_THREADS nproc) + 1))}
# Tests start processes of their own; more threads each would be slower.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

if [ "${1:-}" = --slow ]; then
    shift
else
    set -- -m 'not slow' "$@"
fi
# Each with whole files, as files share fixtures.
if "$python" -c 'import xdist' 2>/dev/null; then
    set -- -n "$processes" --dist loadfile "$@"
fi
# Types of numpy differ between stacks, and one of them is enough.
if [ -z "${MMCHANPOS_STACK:-}" ]; then
    "$python" -m ruff check .
    "$python" -m ruff format --check .
    "$python" -m mypy
fi
"$python" -m pytest "$@"
