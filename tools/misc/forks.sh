#!/usr/bin/env bash
# Run the tests on the maintained forks of OpenMMLab's packages (onedl-*), in
# an environment of their own. More words go to pytest:
#   tools/misc/forks.sh                    the whole suite
#   tools/misc/forks.sh tests/test_latent
# The first run builds their mmcv once. It ends with the versions.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export MMCHANPOS_STACK=forks
status=0
tools/run_tests.sh "$@" || status=$?
python=$(tools/setup_env.sh --python)
PYTHONPATH=$PWD "$python" -c 'from mmchanpos.engine.hosts import versions
print(", ".join(f"{name} {number}" for name, number in versions().items()))'
exit $status
