#!/usr/bin/env bash
# Set up, then tell the story on built-in data and write it into one page.
#   tools/quickstart.sh                     everything
#   tools/quickstart.sh --only table1 fig4  these parts
#   tools/quickstart.sh --only fig4 --seeds 3 4 5   other trainings
# Interrupted and started again, it goes on where it stopped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
parts=() seeds=()
while [ $# -gt 1 ] && [[ $1 == --only || $1 == --seeds ]]; do
    option=$1
    shift
    while [ $# -gt 0 ] && [[ $1 != --* ]]; do
        if [ "$option" = --only ]; then parts+=("$1"); else seeds+=("$1"); fi
        shift
    done
done
if [ $# -gt 0 ]; then
    usage='tools/quickstart.sh [--only PART ...] [--seeds SEED ...]'
    echo "error: usage: $usage" >&2
    exit 2
fi
[ ${#parts[@]} -gt 0 ] || parts=(table1 table2 fig4 fig6 tableS1 posenet)
[ ${#seeds[@]} -eq 0 ] || seeds=(--seeds "${seeds[@]}")
python=$(tools/setup_env.sh --python)
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" tools/reproduce.py "${parts[@]}" "${seeds[@]}" --story \
    --work-dir work_dirs/quickstart --page work_dirs/quickstart/report.html
