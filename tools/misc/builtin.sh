#!/usr/bin/env bash
# Run every experiment of the papers in full, on a few drawn images in place of
# its data: that all of it works, and nothing of what it reaches.
#   tools/misc/builtin.sh               all of them
#   tools/misc/builtin.sh fig4 table1   these
# Two steps at a time (JOBS). The first that fails ends it with status 2; what
# is done already (in WORK_DIR, work_dirs/builtin: 15 GB) is not done again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=$(tools/setup_env.sh --python)
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
names=("$@")
if [ $# -eq 0 ]; then
    mapfile -t names < <("$python" tools/reproduce.py --list | cut -d' ' -f1)
fi
status=0
"$python" tools/reproduce.py "${names[@]}" --builtin --jobs "${JOBS:-2}" \
    --work-dir "${WORK_DIR:-work_dirs/builtin}" || status=$?
printf 'in all %d s\n' $SECONDS
exit $status
