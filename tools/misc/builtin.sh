#!/usr/bin/env bash
# Run every experiment of the papers in full, on a few drawn images in place of
# its data: that all of it works, and nothing of what it reaches.
#   tools/misc/builtin.sh               all of them, two at a time
#   tools/misc/builtin.sh fig4 table1   these, one after the other
# A line for each: its seconds, and whether it passed; status 1 if one failed.
# What is done already (in WORK_DIR, work_dirs/builtin) is not done again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=$(tools/setup_env.sh --python)
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
folder=${WORK_DIR:-work_dirs/builtin}
mkdir -p "$folder"

run() {
    local name failed=0
    for name in "$@"; do
        local log=$folder/$name.log began=$SECONDS said=passed
        "$python" tools/reproduce.py "$name" --builtin --work-dir "$folder" \
            > "$log" 2>&1 || { said="FAILED, see $log" failed=1; }
        printf '%-14s %4d s  %s\n' "$name" $((SECONDS - began)) "$said"
    done
    return $failed
}

status=0
if [ $# -gt 0 ]; then
    run "$@" || status=1
else
    # These share trainings and attacks, so they do not run side by side.
    streets=' fig4 fig6 figS3 figS4 posenet_crop beyond '
    others=()
    for name in $("$python" tools/reproduce.py --list | cut -d' ' -f1); do
        [[ $streets == *" $name "* ]] || others+=("$name")
    done
    run $streets &
    run "${others[@]}" || status=1
    wait $! || status=1
fi
printf 'in all %12d s\n' $SECONDS
exit $status
