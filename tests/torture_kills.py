"""Kill tools at any moment, run them again, and compare with one whole run."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import numpy as np

from tests.conftest import environment, free_port
from tests.torture import forked
from tests.torture_cases import attack_words, use

#: Three steps that draw scenes, two at a time.
DECLARED = """
import sys
from pathlib import Path
from rich.console import Console
from mmchanpos.experiments.run.commands import Tool
from mmchanpos.experiments.run.schedule import run_steps
from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.store import Store

def steps():
    for i in range(3):
        words = ['--out', '{draw%d}' % i, '--size', '48x80', '--seed', i]
        words += ['--num-train', 40, '--num-val', 4, '--workers', 1]
        yield Tool(f'draw{i}', tool='misc/make_synthetic.py', arguments=words)

if __name__ == '__main__':
    folder = Path(sys.argv[1])
    setting = Setting(quick=True, jobs=2, work_dir=folder)
    store = Store(folder, list(steps()), setting)
    run_steps([store], Console(), 2)
"""


def table(root: Path, kills: int, seed: int) -> list[str]:
    """Kill every tool so many times.

    Args:
        root (Path): Where data and checkpoints lie.
        kills (int): How often each.
        seed (int): Of the moments.

    Returns:
        list[str]: A table.
    """
    if not kills:
        return []
    rng = np.random.default_rng(seed)
    lines = ['| killed | times | identical | left after 5 s | files left |']
    lines += ['|---|---|---|---|---|']
    for name, (start, result) in _tools(root).items():
        whole = root / f'whole-{name}'
        began = time.monotonic()
        _end(start(whole))
        seconds = time.monotonic() - began
        wanted, counts = result(whole), [0, 0, 0]
        for i in range(kills):
            out = root / f'{name}-{i}'
            processes = start(out)
            time.sleep(seconds * (0.03 + 0.9 * rng.random()))
            for process in processes:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
            counts[1] += _left(str(out))
            _end(start(out))
            counts[0] += result(out) == wanted
            hidden = [p.name for p in out.rglob('.*-*') if p.is_file()]
            counts[2] += len(hidden) + len(list(out.rglob('unfinished-*')))
            shutil.rmtree(out, ignore_errors=True)
        cells = ' | '.join(map(str, counts))
        lines.append(f'| {name} | {kills} | {cells} |')
        print(lines[-1], flush=True)
    return lines


def _tools(root: Path) -> dict[str, tuple[Callable, Callable]]:
    slow = 'test_dataloader.batch_size=1', 'test_dataloader.num_workers=0'

    def attack(out: Path) -> list[int]:
        return [_fork(out, *attack_words(root, out, '--cfg-options', *slow))]

    def both(out: Path) -> list[int]:
        words = attack_words(root, out, '--launcher', 'pytorch')
        port = free_port()
        return [
            _fork(out, *words, RANK=r, LOCAL_RANK=r, WORLD_SIZE=2, PORT=port)
            for r in range(2)
        ]

    def sweep(out: Path) -> list[int]:
        words = 'test.py', root / 'tiny.py', root / 'train/epoch_2.pth'
        loop = [
            'test_cfg.type=mmchanpos.SweepLoop',
            f'test_cfg.rankings={root}/attacked/rank/ranking.json',
            f'test_cfg.out={out}/sweep',
            'test_cfg.save_every=0',
        ]
        log = '--work-dir', out / 'log'
        return [_fork(out, *words, *log, '--cfg-options', *slow, *loop)]

    def train(out: Path) -> list[int]:
        words = root / 'tiny.py', '--work-dir', out, '--resume'
        epochs = 'train_cfg.max_epochs=6'
        return [_fork(out, 'train.py', *words, '--cfg-options', epochs)]

    def reproduce(out: Path) -> list[int]:
        script = root / 'declared.py'
        script.write_text(DECLARED)
        words = [sys.executable, script, out]
        quiet = subprocess.DEVNULL
        made = subprocess.Popen(
            words, env=environment(), stdout=quiet, stderr=quiet
        )
        return [made.pid]

    return {
        'attack, one job': (attack, _rows),
        'attack, two jobs': (both, _rows),
        'sweep': (sweep, _rows),
        'train': (train, _weights),
        'reproduce, two jobs': (reproduce, _drawn),
    }


def _fork(out: Path, tool: str, *words: Any, **variables: Any) -> int:
    def run() -> None:
        names = {k: str(v) for k, v in variables.items()}
        port = names.pop('PORT', None)
        if port is not None:
            names.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
        os.environ.update(names)
        # By its folder a process that was left is found in /proc.
        os.chdir(out)
        use(tool, *words)()

    out.mkdir(parents=True, exist_ok=True)
    return forked(run, out.with_suffix('.log'))


def _end(processes: list[int]) -> None:
    for process in processes:
        _, status = os.waitpid(process, 0)
        if status:
            raise RuntimeError(f'a whole run ended with {status}')


def _left(mark: str) -> int:
    """Processes that work for a killed run five seconds later."""
    limit = time.monotonic() + 5
    while True:
        found = [p for p in Path('/proc').glob('[0-9]*') if _works(p, mark)]
        if not found or time.monotonic() > limit:
            return len(found)
        time.sleep(0.2)


def _works(process: Path, mark: str) -> bool:
    try:
        words = (process / 'cmdline').read_bytes()
        where = os.readlink(process / 'cwd')
        own = int(process.name) == os.getpid()
    except OSError:
        return False
    return not own and (mark.encode() in words or where.startswith(mark))


def _rows(out: Path) -> Any:
    return json.loads((out / 'sweep/sweep.json').read_text())['rows']


def _weights(out: Path) -> Any:
    from mmchanpos.engine.checkpoint import read_checkpoint

    weights = read_checkpoint(str(out / 'epoch_6.pth'))['state_dict']
    return {name: value.tolist() for name, value in weights.items()}


def _drawn(out: Path) -> Any:
    return {
        str(p.relative_to(out)): p.read_bytes()
        for p in sorted(out.rglob('*.png'))
    }
