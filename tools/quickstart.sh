#!/usr/bin/env bash
# Set up, then tell the story on built-in data and write it into one page.
#   tools/quickstart.sh                     everything
#   tools/quickstart.sh --only table1 fig4  these parts
# Interrupted and started again, it goes on where it stopped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
parts=(table1 table2 fig4 fig6 tableS1 posenet)
if [ "${1:-}" = --only ]; then
    shift
    parts=("$@")
elif [ $# -gt 0 ]; then
    echo 'error: usage: tools/quickstart.sh [--only PART ...]' >&2
    exit 2
fi
python=$(tools/setup_env.sh --python)
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" tools/reproduce.py "${parts[@]}" --story \
    --work-dir work_dirs/quickstart --page work_dirs/quickstart/report.html
