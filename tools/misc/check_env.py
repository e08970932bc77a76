#!/usr/bin/env python
"""Show what is installed, what fits, and how to mend what does not."""

import argparse
import sys


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--checkpoint',
        metavar='FILE',
        help='also say how many of its weights are denormal or dead',
    )
    args = parser.parse_args()
    try:
        from mmchanpos.engine.environment import print_environment
    except ImportError as e:
        # Not even what mmchanpos itself stands on is there.
        print(f'error: {e}\nmend: bash tools/setup_env.sh', file=sys.stderr)
        sys.exit(2)
    fine = print_environment()
    if args.checkpoint:
        from mmchanpos.engine.cli import run_tool

        run_tool(lambda: print_weights(args.checkpoint))
    sys.exit(0 if fine else 1)


def print_weights(checkpoint: str) -> None:
    from mmchanpos.engine.checkpoint import read_checkpoint, state_dict_of
    from mmchanpos.engine.dead_weights import dead_weights, in_words

    weights = state_dict_of(read_checkpoint(checkpoint))
    print(f'{checkpoint}: {in_words(dead_weights(weights))}')


if __name__ == '__main__':
    main()
