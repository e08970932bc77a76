# How dist_*.sh and slurm_*.sh start processes; sourced by them.
set -euo pipefail
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# An activated environment wins; else the one that set-up made, if any.
python=${MMCHANPOS_PYTHON:-python}
if [ -z "${MMCHANPOS_PYTHON:-}${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" ] &&
    [ -x "$tools/../.venv/bin/python" ]; then
    python=$tools/../.venv/bin/python
fi
export PYTHONPATH="$(dirname "$tools")${PYTHONPATH:+:$PYTHONPATH}"

need() { # COUNT USAGE ARGUMENTS...
    if [ $(($# - 2)) -lt "$1" ]; then
        echo "error: usage: $2" >&2
        exit 2
    fi
}

launch() { # GPUS TOOL ARGUMENTS...
    # Many threads in many processes fight for the same cores.
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
    exec "$python" -m mmchanpos.engine.distributed "$1" \
        --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
        --master_addr="${MASTER_ADDR:-127.0.0.1}" \
        --master_port="${PORT:-29500}" --nproc_per_node="$1" \
        "$tools/$2" "${@:3}" --launcher pytorch
}

slurm() { # PARTITION JOB_NAME TOOL ARGUMENTS...
    if ! command -v srun >/dev/null; then
        echo 'error: srun was not found: this is no slurm cluster. Use' \
            'tools/dist_train.sh or tools/dist_test.sh.' >&2
        exit 2
    fi
    local gpus=${GPUS:-8}
    local per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
    # SRUN_ARGS is a list of words.
    # shellcheck disable=SC2086
    exec srun -p "$1" --job-name="$2" --gres="gpu:$per_node" \
        --ntasks="$gpus" --ntasks-per-node="$per_node" \
        --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
        ${SRUN_ARGS:-} \
        "$python" -u "$tools/$3" "${@:4}" --launcher slurm
}
