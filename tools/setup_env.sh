#!/usr/bin/env bash
# Make the environment that mmchanpos is developed and tested in.
#
#   tools/setup_env.sh             set up what is missing, say what is done
#   tools/setup_env.sh --python    the same, and print the interpreter to use
#
# The heavy part (torch, mmcv built from source, the hosts) lies in a cache of
# the user, keyed by its versions; each clone adds a small .venv of its own on
# top. An interrupted run goes on where it stopped. Environment variables:
#   MMCHANPOS_PYTHON   an interpreter that has everything: nothing is set up
#   MMCHANPOS_CACHE    where the heavy part lies (~/.cache/mmchanpos)
#   MMCHANPOS_DEVICE   cpu: mmcv for the CPU alone, even where there is a GPU
#   MMCHANPOS_STACK    forks: the maintained forks of the hosts, in .venv-forks
set -euo pipefail

PYTHON_VERSION=3.11
TORCH=(torch==2.9.1 torchvision==0.24.1)
BUILD=('setuptools<81' wheel ninja psutil packaging)
MMCV=mmcv==2.1.0
HOSTS=(mmengine==0.10.7 mmdet==3.3.0 mmsegmentation==1.2.2 mmpretrain==1.2.0)
CONFIGS=()
MORE=(ftfy regex scipy matplotlib jinja2 rich pycocotools
      msgspec pytest pytest-cov pytest-xdist ruff==0.17.5 mypy 'setuptools<81')

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
own=$root/.venv
STOCK=("${TORCH[@]}" "${BUILD[@]}" "$MMCV")
# Standard output is the interpreter alone, for the scripts that call this.
say() { echo "[set-up] $*" >&2; }
stop() { echo "error: $*" >&2; exit 2; }

case ${MMCHANPOS_STACK:-} in
    '') ;;
    forks)
        # Their build files state the licence in a way that is new in 77.
        BUILD=('setuptools>=77,<81' wheel ninja psutil packaging)
        MMCV=onedl-mmcv==2.3.6
        # Their source packages leave the configs out that others bring.
        CONFIGS=("${HOSTS[@]:1}")
        HOSTS=(onedl-mmengine==0.10.12 onedl-mmdetection==3.5.1
               onedl-mmsegmentation==1.4.2 onedl-mmpretrain==1.3.6)
        own=$root/.venv-forks ;;
    *) stop "MMCHANPOS_STACK=$MMCHANPOS_STACK: forks, or nothing, was wanted." ;;
esac

if [ -n "${MMCHANPOS_PYTHON:-}" ]; then
    command -v "$MMCHANPOS_PYTHON" >/dev/null ||
        stop "MMCHANPOS_PYTHON=$MMCHANPOS_PYTHON is no program."
    if [ "${1:-}" = --python ]; then echo "$MMCHANPOS_PYTHON"; fi
    exit 0
fi

base=$(command -v "python$PYTHON_VERSION" || command -v python3 || true)
[ -n "$base" ] && "$base" -c 'import sys, venv, ensurepip
sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1])' "$PYTHON_VERSION" ||
    stop "Python $PYTHON_VERSION with venv was not found. Install it, or set" \
         "MMCHANPOS_PYTHON to an interpreter that has the stack."
platform=$("$base" -c 'import platform; print(platform.machine())')
# mmcv's operators are compiled for the GPU that is there, if there is one.
device=cpu
if [ "${MMCHANPOS_DEVICE:-}" = cpu ]; then
    export CUDA_VISIBLE_DEVICES=-1
elif command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then
    device=cuda-sm$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader |
        sort -u | tr -d '. ' | paste -sd-)
fi

cache=${MMCHANPOS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mmchanpos}
checksum() { printf %s "$*" | cksum | cut -d' ' -f1; }
# The hosts are no part of the first key: one more of them must not cost torch
# and mmcv again.
key=$(checksum "$PYTHON_VERSION ${TORCH[*]} ${BUILD[*]} $MMCV" \
    "$platform $device")
stock=$cache/env-$(checksum "$PYTHON_VERSION ${STOCK[*]}" "$platform $device")
HOSTS+=("${MORE[@]}")
hosts=hosts-$(checksum "${HOSTS[*]}")
heavy=$cache/env-$key
wheels=$cache/wheels/${MMCV/==/}-${TORCH[0]/==/}-py$PYTHON_VERSION-$platform-$device
mkdir -p "$cache"

# A step is done once its mark is there, so an interrupted one runs again.
step() { # NAME DESCRIPTION FUNCTION
    [ -e "$heavy/.done-$1" ] && return
    local start=$SECONDS
    say "$2"
    # Not "$3 || ..": that would switch "set -e" off inside the function.
    "$3"
    touch "$heavy/.done-$1"
    say "  done in $((SECONDS - start)) s"
}
pip() { "$heavy/bin/python" -m pip --disable-pip-version-check "$@" >&2; }
# The forks stand on the same torch: where the usual stack is, its files are
# linked, in place of 2 GB from the net, and its hosts are taken out.
make_venv() {
    rm -rf "$heavy"
    if [ "$stock" != "$heavy" ] && [ -e "$stock/.done-mmcv" ] &&
        cp -al "$stock" "$heavy" 2>/dev/null; then
        rm -f "$heavy"/.done-*
        pip uninstall -q -y mmcv mmengine mmdet mmsegmentation mmpretrain
    else
        "$base" -m venv --clear "$heavy"
    fi
}
install_torch() { pip install -q "${TORCH[@]}" "${BUILD[@]}"; }
# mmcv's 77 sources include the same headers of torch; compiled as a few files
# they take a fraction of the time. Its setup.py lists two folders, so sources
# move one folder down and a file that includes them takes their place: all.cpp,
# as files are compiled in order and the longest should not be the last.
join_sources() { # FOLDER OF MMCV
    local pytorch=$1/mmcv/ops/csrc/pytorch
    join "$pytorch" '' || return
    # These define the same names, or macros in place of others' names.
    join "$pytorch/cpu" 'bezier_align|psamask|roi_align.*'
}
join() { # FOLDER NAMES-THAT-STAY
    local file
    mkdir "$1/joined" || return
    for file in "$1"/*.cpp; do
        if ! [[ $(basename "$file" .cpp) =~ ^($2)$ ]]; then
            mv "$file" "$1/joined"
        fi
    done
    for file in "$1"/joined/*.cpp; do
        echo "#include \"joined/$(basename "$file")\""
    done > "$1/all.cpp"
}
build_mmcv() {
    if ! ls "$wheels"/*.whl >/dev/null 2>&1; then
        command -v g++ >/dev/null || stop 'mmcv needs a C++ compiler: g++.'
        [ "$device" = cpu ] || command -v nvcc >/dev/null ||
            [ -x "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" ] ||
            stop 'mmcv needs the compiler of CUDA for this GPU: nvcc, on PATH' \
                 'or in CUDA_HOME. MMCHANPOS_DEVICE=cpu builds it without.'
        mkdir -p "$wheels"
        local tmp how=(--no-build-isolation --no-deps)
        tmp=$(mktemp -d "$wheels/tmp.XXXX")
        # Nothing isolated, as mmcv is compiled against the torch above; the
        # wheel enters the cache only when it is whole.
        export MAX_JOBS=${MAX_JOBS:-$(env -u OMP_NUM_THREADS nproc)}
        pip download -q "$MMCV" --no-binary "${MMCV%%=*}" "${how[@]}" -d "$tmp"
        mkdir "$tmp/plain" "$tmp/joined"
        tar -xf "$tmp"/*mmcv-*.tar.gz --strip-components=1 -C "$tmp/joined"
        cp -r "$tmp/joined/." "$tmp/plain"
        if ! join_sources "$tmp/joined" ||
            ! CFLAGS='-g0 -O2' pip wheel -q "$tmp/joined" "${how[@]}" -w "$tmp"
        then
            say '  the fast build failed; now the usual one (12 to 25 minutes)'
            pip wheel -q "$tmp/plain" "${how[@]}" -w "$tmp"
        fi
        mv "$tmp"/*.whl "$wheels"/
        rm -rf "$tmp"
    fi
    pip install -q --no-deps "$wheels"/*.whl
}
install_hosts() {
    rm -f "$heavy"/.done-hosts-*
    pip install -q "${HOSTS[@]}"
    [ ${#CONFIGS[@]} -eq 0 ] || add_configs
}
add_configs() {
    local tmp host file
    tmp=$(mktemp -d)
    pip download -q --no-deps "${CONFIGS[@]}" -d "$tmp"
    for file in "$tmp"/*.whl; do
        "$heavy/bin/python" -m zipfile -e "$file" "$tmp"
    done
    for host in "$heavy/lib/python$PYTHON_VERSION"/site-packages/mm*; do
        file=$tmp/$(basename "$host")/.mim
        if [ -d "$file" ]; then cp -r "$file" "$host"; fi
    done
    rm -rf "$tmp"
}

set_up() {
    if [ ! -e "$heavy/.done-$hosts" ]; then
        say "heavy part: $heavy (once for each set of versions)"
        step venv 'making a virtual environment' make_venv
        step torch 'installing torch (about 2 minutes)' install_torch
        step mmcv "building ${MMCV/==/ } (about 3 minutes on two cores, once)" \
            build_mmcv
        step "$hosts" 'installing the hosts (about 1 minute)' install_hosts
        say "heavy part ready after $SECONDS s"
    fi
    # Marked with the key, so that new versions lead to a new one.
    if [ "$(cat "$own/.heavy" 2>/dev/null)" != "$heavy" ]; then
        say "own part: $own"
        "$base" -m venv --clear --without-pip "$own"
        local site
        site=$("$own/bin/python" -c \
            'import site; print(site.getsitepackages()[0])')
        # The clone comes first, so no other clone's mmchanpos is ever found.
        printf '%s\n' "$root" > "$site/mmchanpos-clone.pth"
        printf 'import site; site.addsitedir(%s)\n' \
            "'$heavy/lib/python$PYTHON_VERSION/site-packages'" \
            > "$site/mmchanpos-heavy.pth"
        echo "$heavy" > "$own/.heavy"
    fi
}

# Two clones that set the same up at one time: the second waits for the first.
if command -v flock >/dev/null; then
    exec 9> "$cache/lock-$key"
    flock -n 9 || { say 'waiting for another set-up to end'; flock 9; }
fi
set_up
if [ "${1:-}" = --python ]; then
    echo "$own/bin/python"
else
    say "ready: $own/bin/python"
fi
