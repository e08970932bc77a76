#!/usr/bin/env bash
# Run the tests as other processors would: their instructions, and one and two
# threads, as rounding differs between them. More words go to pytest:
#   tools/misc/test_processors.sh       the whole suite, 4 times, 6 on AVX-512
#   tools/misc/test_processors.sh tests/test_latent
# Ends with one line for each run and status 1 if any failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
settings=(
    ''
    'ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41'
)
python=$(tools/setup_env.sh --python)
own=$("$python" -c 'import torch; print(torch.backends.cpu.get_cpu_capability())')
# A processor that has no more than AVX2 is this one already.
if [ "$own" = AVX512 ]; then
    settings+=('ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2')
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
lines=()
status=0
for setting in "${settings[@]}"; do
    for threads in 1 2; do
        echo "== ${setting:-this processor}, $threads thread(s)"
        # Unquoted, as a setting is several words.
        env $setting OMP_NUM_THREADS=$threads tools/run_tests.sh "$@" 2>&1 |
            tee "$log" || status=1
        lines+=("$(tail -n 1 "$log") | $threads | ${setting:-this processor}")
    done
done
printf '%s\n' "${lines[@]}"
exit $status
