"""Try what a user, a disk or an enemy may give, and count how it ends.

A script, not a test; .github/CONTRIBUTING.md says how long its parts take::

    python tests/torture.py --json torture.json --kills 10
    python tests/torture.py --groups rankings images --cases 50

Every case runs in a fork of this process, which has imported everything, with
a time limit. ``told`` is one message and status 2; ``harmless`` is a run that
ended well where that is allowed. The rest are faults.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
import types
from pathlib import Path
from typing import Callable, NamedTuple

os.environ.setdefault('OMP_NUM_THREADS', '1')

OUTCOMES = ('told', 'harmless', 'traceback', 'silent', 'crash', 'hang')
FAULTS = OUTCOMES[2:]
#: How an error begins that tells of a result that is silently wrong.
SILENT = 'silently wrong: '


class Case(NamedTuple):
    """One thing to try.

    Attributes:
        group (str): Row of the table.
        name (str): What is tried.
        run (Callable): Does it, in an empty folder of its own.
        refused (bool): Whether it has to be refused; else it may end well.
    """

    group: str
    name: str
    run: Callable[[], None]
    refused: bool = False


def forked(run: Callable[[], None], log: Path) -> int:
    """Start a function in a fork that says what it says to a file.

    Args:
        run (Callable): Ends as a tool does.
        log (Path): Takes what it prints.

    Returns:
        int: The process.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        from mmchanpos.engine.cli import run_tool
        from mmchanpos.engine.processes import die_with_parent

        die_with_parent(parent)
        run_tool(run)
        code = 0
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def outcome(case: Case, folder: Path, limit: int) -> str:
    """Run a case and say how it ended.

    Args:
        case (Case): What to try.
        folder (Path): An empty folder; it is removed.
        limit (int): Seconds.

    Returns:
        str: One of :data:`OUTCOMES`.
    """
    log = folder.with_suffix('.log')

    def run() -> None:
        os.chdir(folder)
        signal.alarm(limit)
        case.run()

    folder.mkdir(parents=True)
    _, status = os.waitpid(forked(run, log), 0)
    said = log.read_text(errors='replace')
    shutil.rmtree(folder, ignore_errors=True)
    if os.WIFSIGNALED(status):
        return 'hang' if os.WTERMSIG(status) == signal.SIGALRM else 'crash'
    code = os.WEXITSTATUS(status)
    if SILENT in said:
        return 'silent'
    if 'Traceback (most recent call last)' in said:
        return 'traceback'
    if code == 2 and 'error: ' in said:
        return 'told'
    if code:
        return 'traceback'
    return 'silent' if case.refused else 'harmless'


def main() -> None:
    """Parse the command line, run the cases, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--groups', nargs='+', help='default: all')
    parser.add_argument('--cases', type=int, help='at most, of each group')
    parser.add_argument('--match', default='', help='part of the names')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--limit', type=int, default=120, help='seconds')
    parser.add_argument('--kills', type=int, default=0, help='of each tool')
    parser.add_argument('--json', help='also write how each case ended')
    args = parser.parse_args()
    # This folder is no package, and another of its name may be installed.
    tests = types.ModuleType('tests')
    tests.__path__ = [str(Path(__file__).parent)]
    sys.modules.update(
        {'tests': tests, 'tests.torture': sys.modules[__name__]}
    )
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests import torture_cases, torture_kills

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix='torture-') as name:
        root = Path(name)
        torture_cases.warm(root)
        print(f'warm after {time.monotonic() - began:.0f} s', flush=True)
        counts: dict[str, dict[str, int]] = {}
        ends: list[str] = []
        faults: list[str] = []
        for group, cases in torture_cases.groups(root, args.seed).items():
            if args.groups and group not in args.groups:
                continue
            row = counts[group] = dict.fromkeys(OUTCOMES, 0)
            cases = [case for case in cases if args.match in case.name]
            for i, case in enumerate(cases[: args.cases]):
                end = outcome(case, root / f'{group}-{i}', args.limit)
                row[end] += 1
                log = root / f'{group}-{i}.log'
                said = log.read_text(errors='replace')
                said = said[said.rfind('error: ') + 1 :].strip()[-300:]
                ends.append(f'{group}: {case.name}: {end}: {said}')
                if end in FAULTS:
                    faults.append(ends[-1])
                    print(faults[-1], flush=True)
                log.unlink()
            print(line(group, row), flush=True)
        kills = torture_kills.table(root, args.kills, args.seed)
    total = {o: sum(row[o] for row in counts.values()) for o in OUTCOMES}
    rows = {**counts, 'sum': total}
    print('\n'.join([head(), *(line(g, row) for g, row in rows.items())]))
    print('\n'.join(kills))
    print(f'{time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}')
    if args.json:
        content = dict(counts=rows, faults=faults, kills=kills, ends=ends)
        Path(args.json).write_text(json.dumps(content, indent=1))
    sys.exit(bool(faults))


def head() -> str:
    """Head of the table."""
    names = ' | '.join(OUTCOMES)
    return f'| group | tried | {names} |\n|---|---|{"---|" * len(OUTCOMES)}'


def line(group: str, row: dict[str, int]) -> str:
    """One row of the table."""
    cells = ' | '.join(str(row[o]) for o in OUTCOMES)
    return f'| {group} | {sum(row.values())} | {cells} |'


if __name__ == '__main__':
    main()
