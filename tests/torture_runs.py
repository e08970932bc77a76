"""What ``tests/torture.py`` tries on results that are there already."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np

from mmchanpos.errors import InputError
from tests.conftest import ROOT, TINY, free_port
from tests.conftest import run as command
from tests.torture import SILENT, forked
from tests.torture_cases import use

_ATTACK = 'attack.py', 'tiny.py', 'a.pth', '--work-dir', 'log', '--matched', 0
_FEW = '--tops', 4, '--random', 1


def silent(what: str) -> RuntimeError:
    """An error that the table counts as silently wrong."""
    return RuntimeError(SILENT + what)


def cases(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Run once, change what decides the result, and run again."""
    options = '--cfg-options'
    changes: dict[str, Any] = {
        'other mean': [options, 'data_preprocessor.mean=[0,0,0]'],
        'other images': lambda: _data(images=9),
        'other labels': lambda: _data(labels=1),
        'other seed': ['--seed', 5],
        'other value': ['--value', 'mean'],
        'other batches': [options, 'test_dataloader.batch_size=2'],
        'other latent': ['--tap', 'backbone.layer1'],
        'fresh': ['--fresh'],
        'other weights': lambda: shutil.copy(root / 'train/epoch_1.pth', _PTH),
    }
    tools = dict(attack=_rows, rank=_scores, shift=_consistency)
    for tool, result in tools.items():
        for name, change in changes.items():
            if tool == 'attack' or name not in ('other value', 'other latent'):
                run = _rerun(root, _WORDS[tool], result, change)
                yield f'{tool}: {name}', run, name == 'other weights'
        take = changes['other weights'], '--overwrite'
        run = _rerun(root, _WORDS[tool], result, *take)
        yield f'{tool}: taken over', run, False
    for words in (
        ['--tops', 999],
        ['--windows', '5-99'],
        ['--kinds', 'left'],
        ['--regions', 'left'],
        ['--value', 'none'],
        ['--tap', 'bakbone'],
        ['--sides', 'none.json'],
        ['--shift', 99999, 0],
        [options, 'test_evaluator.type=X'],
    ):
        for other in (False, True):
            said = ' '.join(map(str, words)) + ', other weights' * other
            yield said, _untouched(root, words, other), True
    yield 'two shifts', _two_shifts(root), False
    yield 'one draw', _one_draw(root), False
    yield 'twice at once', _at_once(root, False), False
    yield 'two at once', _at_once(root, True), True
    for name in ('cut', 'empty', 'text', 'gone'):
        yield f'unfinished {name}', _unfinished(root, name), False
    for size in (0, 3000, 30000):
        for tool in ('attack', 'rank', 'shift', 'train', 'test', 'draw'):
            yield f'{tool}: {size} bytes', _full(root, tool, size), False


_PTH = 'a.pth'
_WORDS: dict[str, Any] = dict(
    attack=[*_ATTACK, *_FEW, '--out'],
    rank=['rank_channels.py', *_ATTACK[1:5], '--draws', 5, '--out'],
    shift=['shift_eval.py', *_ATTACK[1:5], '--mode', 'zero', '--max-shift']
    + [2, '--num-shifts', 2, '--out'],
    train=['train.py', 'tiny.py', '--work-dir'],
    test=['test.py', *_ATTACK[1:5], '--out'],
    draw=['misc/make_synthetic.py', '--num-train', 1, '--num-val', 1]
    + ['--workers', 1, '--out'],
)


def _begin(root: Path) -> None:
    """Config, data and weights of the case's own."""
    text = TINY.format(work_dir='train', npz=str(Path('tiny.npz').absolute()))
    Path('tiny.py').write_text(text)
    shutil.copy(root / 'tiny.npz', 'tiny.npz')
    shutil.copy(root / 'train/epoch_2.pth', _PTH)


def _data(images: int = 0, labels: int = 0) -> None:
    with np.load('tiny.npz') as file:
        x, y = file['images'], file['labels']
    rng = np.random.default_rng(images)
    x = rng.permutation(x) if images else x
    np.savez('tiny.npz', images=x, labels=1 - y if labels else y)


def _rows(out: Path) -> Any:
    return json.loads((out / 'sweep/sweep.json').read_text())['rows']


def _scores(out: Path) -> Any:
    return json.loads((out / 'ranking.json').read_text())['rankings']


def _consistency(out: Path) -> Any:
    return json.loads((out / 'zero2.json').read_text())['consistency']


def _rerun(
    root: Path,
    words: list[Any],
    result: Callable[[Path], Any],
    change: Any,
    *more: Any,
) -> Callable[[], None]:
    def run() -> None:
        _begin(root)
        use(*words, 'out')()
        added = change if isinstance(change, list) else change() and [] or []
        use(*words, 'out', *added, *more)()
        use(*words, 'new', *added)()
        if result(Path('out')) != result(Path('new')):
            raise silent('other numbers than in a new folder')

    return run


def _content(folder: str) -> dict[str, bytes]:
    files = [p for p in Path(folder).rglob('*') if p.is_file()]
    return {str(p): p.read_bytes() for p in files if p.name != 'owner.json'}


def _untouched(root: Path, words: list[Any], other: bool) -> Any:
    def run() -> None:
        _begin(root)
        use(*_WORDS['attack'], 'out')()
        before = _content('out')
        if other:
            shutil.copy(root / 'train/epoch_1.pth', _PTH)
        take = ['--overwrite'] * other
        try:
            use(*_WORDS['attack'], 'out', *take, *words)()
        finally:
            if _content('out') != before:
                raise silent('earlier results were touched')

    return run


def _two_shifts(root: Path) -> Callable[[], None]:
    def run() -> None:
        _begin(root)
        words = ['shift_eval.py', *_ATTACK[1:5], '--mode', 'zero']
        words += ['--num-shifts', 2, '--out', 'out', '--max-shift']
        use(*words, 1)()
        before = Path('out/zero1.json').read_bytes()
        use(*words, 1.5)()
        if Path('out/zero1.json').read_bytes() != before:
            raise silent('the result of another shift was overwritten')

    return run


def _one_draw(root: Path) -> Callable[[], None]:
    def run() -> None:
        _begin(root)
        use(*_ATTACK, '--tops', 4, '--random', 1, '--out', 'out')()
        for file in Path('out').rglob('results.md'):
            if re.search(r'\bnan\b', file.read_text()):
                raise silent('nan in a report')

    return run


def _at_once(root: Path, other: bool) -> Callable[[], None]:
    def run() -> None:
        _begin(root)
        words = list(_WORDS['attack'])
        first = forked(use(*words, 'out'), Path('first.log'))
        if other:
            shutil.copy(root / 'train/epoch_1.pth', 'b.pth')
            words[2] = 'b.pth'
        problem = None
        try:
            use(*words, 'out')()
        except InputError as e:
            problem = e
        code = os.WEXITSTATUS(os.waitpid(first, 0)[1])
        print(Path('first.log').read_text())
        if other:
            if (code, problem is None) not in ((0, False), (2, True)):
                raise silent('both wrote to one folder')
            raise problem or InputError('the first was refused')
        words[2] = _PTH
        use(*words, 'new')()
        if code or problem or _rows(Path('out')) != _rows(Path('new')):
            raise silent('other numbers than of one')

    return run


def _unfinished(root: Path, damage: str) -> Callable[[], None]:
    def run() -> None:
        _begin(root)
        words = 'test.py', *_ATTACK[1:5], '--cfg-options'
        loop = [
            'test_dataloader.batch_size=1',
            'test_cfg.type=mmchanpos.SweepLoop',
            f'test_cfg.rankings={root}/attacked/rank/ranking.json',
            'test_cfg.save_every=0',
        ]
        killed = forked(
            use(*words, *loop, 'test_cfg.out=out'), Path('first.log')
        )
        limit = time.monotonic() + 60
        while not (files := list(Path('out').glob('unfinished-*/*'))):
            if time.monotonic() > limit:
                raise RuntimeError(Path('first.log').read_text())
        os.kill(killed, signal.SIGKILL)
        os.waitpid(killed, 0)
        for file in Path('out').glob('unfinished-*/*'):
            content = file.read_bytes()
            if damage == 'gone':
                file.unlink()
            elif damage == 'text':
                file.write_text('not what you want')
            else:
                keep = len(content) // 2 if damage == 'cut' else 0
                file.write_bytes(content[:keep])
        for out in ('out', 'new'):
            use(*words, *loop, f'test_cfg.out={out}')()
        found, wanted = (
            json.loads(Path(out, 'sweep.json').read_text())['rows']
            for out in ('out', 'new')
        )
        if not files or found != wanted:
            raise silent('other numbers than in a new folder')

    return run


def _full(root: Path, tool: str, size: int) -> Callable[[], None]:
    """No file may be longer, as on a full disk; then again without."""

    def run() -> None:
        _begin(root)
        out = 'out.pkl' if tool == 'test' else 'out'
        use(*_WORDS[tool], out)()
        before = _content('.') if tool == 'test' else {}
        whole = resource.getrlimit(resource.RLIMIT_FSIZE)
        new = out if tool == 'test' else 'new'
        # What is said goes to the log through a process without a limit.
        said = subprocess.Popen(['cat'], stdin=subprocess.PIPE)
        kept = os.dup(1), os.dup(2)
        os.dup2(said.stdin.fileno(), 1)
        os.dup2(said.stdin.fileno(), 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, whole[1]))
        try:
            use(*_WORDS[tool], new)()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, whole)
            sys.stdout.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
            said.communicate()
            if before.get(out) and Path(out).read_bytes() != before[out]:
                raise silent('an earlier file was destroyed')

    return run


def ranks(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Two processes, of which one ends, stops, or both get bad input."""
    yield 'bad checkpoint', _two(root, None), True
    yield 'one killed', _two(root, signal.SIGKILL), True
    yield 'one stopped', _two(root, signal.SIGSTOP), True
    yield 'bad checkpoint, torchrun', _launched(root), True


def _two(root: Path, with_one: Any) -> Callable[[], None]:
    def run() -> None:
        _begin(root)
        if with_one is None:
            Path(_PTH).write_bytes(Path(_PTH).read_bytes()[:500])
        port = free_port()
        words = ['test.py', *_ATTACK[1:5], '--launcher', 'pytorch']

        def rank(number: int) -> int:
            def work() -> None:
                os.environ.update(
                    RANK=str(number), LOCAL_RANK=str(number), WORLD_SIZE='2',
                    MASTER_ADDR='127.0.0.1', MASTER_PORT=port,
                    MMCHANPOS_PATIENCE='5',
                )  # fmt: skip
                if number and with_one is not None:
                    # Metrics are what the other waits for.
                    from mmengine.evaluator import BaseMetric

                    BaseMetric.evaluate = lambda *_: os.kill(
                        os.getpid(), with_one
                    )
                use(*words)()

            return forked(work, Path(f'{number}.log'))

        processes = [rank(number) for number in range(2)]
        code = os.WEXITSTATUS(os.waitpid(processes[0], 0)[1])
        if with_one is not None:
            os.kill(processes[1], signal.SIGKILL)
        os.waitpid(processes[1], 0)
        said = Path('0.log').read_text()
        print(said)
        if code == 2:
            raise InputError('as the first process says')

    return run


def _launched(root: Path) -> Callable[[], None]:
    def run() -> None:
        _begin(root)
        Path(_PTH).write_bytes(Path(_PTH).read_bytes()[:500])
        done = command(
            ROOT / 'tools/dist_test.sh', 'tiny.py', _PTH, 2,
            cwd=Path.cwd(), PORT=free_port(),
        )  # fmt: skip
        said = done.stdout + done.stderr
        print(said)
        if done.returncode and said.count('error: ') == 1:
            raise InputError('as its processes say')

    return run
