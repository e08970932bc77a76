#!/usr/bin/env python
"""Show what is installed, what fits, and how to mend what does not."""

import argparse
import sys


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    try:
        from mmchanpos.engine.environment import print_environment
    except ImportError as e:
        # Not even what mmchanpos itself stands on is there.
        print(f'error: {e}\nmend: bash tools/setup_env.sh', file=sys.stderr)
        sys.exit(2)
    sys.exit(0 if print_environment() else 1)


if __name__ == '__main__':
    main()
