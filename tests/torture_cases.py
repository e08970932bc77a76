"""What ``tests/torture.py`` tries: the cases of a list, and mutants."""

import copy
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np

from tests.conftest import ROOT, TINY
from tests.torture import Case, forked

#: What stands where something else was wanted.
WRONG = [
    None, True, -1, 0, 1.5, 1e308, 10**30, '', 'x', '٣', [], {}, [[[]]],
    'a' * 5000, {'format': 2}, [None], -(10**9),
]  # fmt: skip
#: How bytes of any file go wrong; the number is a share of its length.
DAMAGES = ('cut', 'flip', 'zeros', 'noise', 'twice', 'gone', 'head')
#: What is found in place of a file.
INSTEAD = {
    'empty': b'',
    'lfs': b'version https://git-lfs.github.com/spec/v1\noid sha256:0\n',
    'html': b'<!DOCTYPE html><html><body>Sign in</body></html>',
    'text': b'not what you want\n' * 9,
    'zip': b'PK\x03\x04' + bytes(99),
    'zeros': bytes(4096),
}


def warm(root: Path) -> None:
    """Import everything and make small data and checkpoints in forks."""
    import torch

    torch.set_num_threads(1)
    from mmchanpos.engine.preflight import import_host

    for host in ('mmpretrain', 'mmseg', 'mmdet'):
        import_host(host)
    for name in ('attack', 'audit', 'launch', 'probe', 'loops', 'guarded'):
        __import__(f'mmchanpos.engine.{name}')
    __import__('mmchanpos.report.attack')
    __import__('mmchanpos.experiments')
    rng = np.random.default_rng(0)
    labels = np.arange(31) % 2
    images = (
        rng.integers(0, 120, (31, 8, 8, 3)) + 100 * labels[:, None, None, None]
    )
    npz = root / 'tiny.npz'
    np.savez(npz, images=images.astype(np.uint8), labels=labels)
    config = root / 'tiny.py'
    config.write_text(TINY.format(work_dir=str(root / 'train'), npz=str(npz)))

    def prepare() -> None:
        from mmchanpos.testing.segmentor import write_tiny

        os.chdir(root)
        write_tiny(root / 'seg', images=3)
        use('train.py', config)()
        use(*attack_words(root, root / 'attacked'))()

    log = root / 'warm.log'
    _, status = os.waitpid(forked(prepare, log), 0)
    if status:
        raise RuntimeError(log.read_text()[-3000:])


def use(tool: str, *words: Any) -> Callable[[], None]:
    """Call a tool of ours as its command line would."""

    def run() -> None:
        sys.argv = [tool, *map(str, words)]
        runpy.run_path(str(ROOT / 'tools' / tool))['main']()

    return run


def attack_words(root: Path, out: Path, *more: Any) -> list[Any]:
    """Words of the quickest attack."""
    words = [root / 'tiny.py', root / 'train/epoch_2.pth', '--out', out]
    words += ['--tops', 4, '--random', 1, '--matched', 0]
    return ['attack.py', *words, '--work-dir', 'log', *more]


def groups(root: Path, seed: int) -> dict[str, list[Case]]:
    """All cases by group, the same for a seed."""
    from tests import (
        torture_files,
        torture_images,
        torture_runs,
        torture_tools,
    )

    rng = np.random.default_rng(seed)
    makers = dict(
        arguments=arguments,
        configs=configs,
        checkpoints=checkpoints,
        rankings=torture_files.rankings,
        people=torture_files.people,
        arrays=torture_files.arrays,
        images=torture_images.cases,
        folders=torture_images.result_folders,
        reruns=torture_runs.cases,
        ranks=torture_runs.ranks,
        tools=torture_tools.cases,
    )
    return {
        group: [Case(group, *rest) for rest in make(root, rng)]
        for group, make in makers.items()
    }


def damaged(
    content: bytes, rng: np.random.Generator, count: int
) -> Iterator[tuple]:
    """Names and mutants of a file."""
    for i in range(count):
        kind = DAMAGES[i % len(DAMAGES)]
        data = bytearray(content)
        at = int(rng.integers(len(data)))
        size = int(rng.integers(1, max(2, len(data) // 8)))
        if kind == 'cut':
            data = data[:at]
        elif kind == 'flip':
            for place in rng.integers(len(data), size=1 + i % 5):
                data[place] ^= 1 << int(rng.integers(8))
        elif kind == 'zeros':
            data[at : at + size] = bytes(len(data[at : at + size]))
        elif kind == 'noise':
            data[at : at + size] = rng.bytes(len(data[at : at + size]))
        elif kind == 'twice':
            data[at:at] = data[at : at + size]
        elif kind == 'gone':
            del data[at : at + size]
        else:
            data[: min(size, 64)] = rng.bytes(min(size, 64, len(data)))
        yield f'{kind}-{i}', bytes(data)


def mutants(
    content: Any, rng: np.random.Generator, count: int
) -> Iterator[tuple]:
    """Names and mutants of what JSON holds, one node changed in each."""
    nodes = list(_nodes(content))
    for i in range(count):
        path = nodes[int(rng.integers(len(nodes)))]
        other = copy.deepcopy(content)
        inner = other
        for key in path[:-1]:
            inner = inner[key]
        wrong = WRONG[i % len(WRONG)]
        if i % 7 == 0:
            del inner[path[-1]]
            wrong = 'gone'
        else:
            inner[path[-1]] = wrong
        name = '.'.join(map(str, path))
        yield f'{name} = {str(wrong)[:20]}', json.dumps(other).encode()


def _nodes(value: Any, path: tuple = ()) -> Iterator[tuple]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = list(enumerate(value))[:3]
    for key, part in items:
        yield (*path, key)
        yield from _nodes(part, (*path, key))


def written(
    name: str, content: bytes, then: Callable[[Path], Any]
) -> Callable[[], None]:
    """Write a file in the case's own folder, then do something with it."""

    def run() -> None:
        path = Path(name).absolute()
        path.write_bytes(content)
        then(path)

    return run


def arguments(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Numbers out of range, unknown names, folders that cannot be."""
    config, ckpt = root / 'tiny.py', root / 'train/epoch_2.pth'
    numbers = ('-1', 'nan', 'inf', '1e9', '٣', '', '0x10', '1_0', '9' * 30)
    options = {
        'attack.py': ('--images', '--tops', '--random', '--seed', '--grid'),
        'rank_channels.py': ('--draws', '--seed', '--grid'),
        'shift_eval.py': ('--max-shift', '--num-shifts', '--seed'),
        'probe.py': ('--epochs', '--lr', '--seed'),
    }
    for tool, names in options.items():
        for name in names:
            for text in numbers:
                fine = tool + name == 'probe.py--lr' and text == '1e9'
                yield (
                    f'{tool} {name} {text}',
                    use(tool, config, ckpt, name, text),
                    not fine,
                )
    (root / 'file').write_text('')
    long = 'x' * 300
    for out in (root / 'file', root / 'file/a', long, '/proc/a', '/dev/null'):
        yield f'--out {out}'[:60], use(*attack_words(root, out)), True
    for words in (
        ('--kinds', 'overal'),
        ('--kinds', 'left'),
        ('--tops', '9999'),
        ('--windows', '4-99'),
        ('--windows', 'a-b'),
        ('--tap', 'bakbone'),
        ('--tap', ''),
        ('--value', 'none'),
        ('--sides', 'person'),
        ('--sides', 'none.mat'),
        ('--left', 'none.txt'),
        ('--left', str(ckpt), '--right', str(ckpt)),
        ('--data-root', 'none'),
        ('--cfg-options', 'foo'),
        ('--cfg-options', 'test_dataloader.batch_size=0'),
        ('--cfg-options', 'model.backbone.depth=19'),
        ('--cfg-options', 'test_dataloader.dataset.images=none.npz'),
        ('--launcher', 'pytorch'),
    ):
        run = use(*attack_words(root, 'out', *words))
        yield f'attack.py {" ".join(words)}'[:60], run, True
    for words in (('--out', 'a.xyz'), ('--columns', 0), ('--width', 0)):
        run = use('misc/browse_dataset.py', config, *words)
        yield f'browse_dataset.py {words}', run, True


def configs(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Files that are no configs, and configs that cannot be built."""
    ckpt, whole = root / 'train/epoch_2.pth', (root / 'tiny.py').read_text()
    for name, content in INSTEAD.items():
        for suffix in ('.py', '.json', '.yaml', '.txt'):
            run = written(f'a{suffix}', content, _tested(ckpt))
            yield f'{name}{suffix}', run, name != 'empty'
    changes = {
        "'ResNet_CIFAR'": ("'ResNet_CIFA'", "'IoUMetric'", '3', "'mmseg.X'"),
        'depth=18': ('depth=17', 'dept=18', "depth='x'", 'depth=None'),
        'num_classes=2': ('num_classes=-1', "num_classes='x'", 'classes=2'),
        'batch_size=5': ('batch_size=0', 'batch_size=-1', 'batch=5'),
        "'Accuracy'": ("'Accurac'", 'None', "'CocoMetric'"),
        "'PackInputs'": ("'PackInput'", "'PackSegInputs'", "'Resize'"),
        "default_scope = 'mmpretrain'": (
            "default_scope = 'mmdet'",
            'default_scope = 3',
            "_base_ = './a.py'",
            "_base_ = 'none.py'",
            '1/0',
            'import os; os.none',
            'x = {"a": }',
        ),
        'test_cfg = dict()': ('test_cfg = 3', "test_cfg = dict(type='X')"),
    }
    for old, news in changes.items():
        for new in news:
            text = whole.replace(old, new)
            assert text != whole, old
            run = written('a.py', text.encode(), _tested(ckpt))
            yield f'{old} -> {new}'[:60], run, False


def _tested(ckpt: Path) -> Callable[[Path], None]:
    return lambda path: use('test.py', path, ckpt, '--work-dir', 'log')()


def checkpoints(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Damaged, foreign and hostile checkpoints, for testing and resuming."""
    from mmchanpos.engine.checkpoint import read_checkpoint
    from mmchanpos.engine.resume import check_resumable
    from tests import crafted

    config, good = root / 'tiny.py', root / 'train/epoch_1.pth'
    content = good.read_bytes()
    for name, other in INSTEAD.items():
        for tool in (_tested_with(config), _resumed_with(config)):
            yield (
                f'{name} {tool.__name__}',
                written('a.pth', other, tool),
                True,
            )
    for kind in crafted.KINDS:
        path = root / f'crafted-{kind}.pth'
        crafted.write(kind, path)
        for tool in (_tested_with(config), _resumed_with(config)):
            hostile = path.read_bytes()
            yield f'crafted {kind}', written('a.pth', hostile, tool), True
    for i, (name, other) in enumerate(damaged(content, rng, 220)):
        reader = (read_checkpoint, check_resumable)[i % 2]
        run = written('a.pth', other, lambda p, read=reader: read(str(p)))
        yield name, run, name.startswith('cut')
    for name, other in damaged(content, rng, 42):
        yield f'resume {name}', written('a.pth', other, _auto(config)), False


def _tested_with(config: Path) -> Callable[[Path], None]:
    def test(path: Path) -> None:
        use('test.py', config, path, '--work-dir', 'log')()

    return test


def _resumed_with(config: Path) -> Callable[[Path], None]:
    def resume(path: Path) -> None:
        use('train.py', config, '--resume', path, '--work-dir', 'log')()

    return resume


def _auto(config: Path) -> Callable[[Path], None]:
    def run(path: Path) -> None:
        words = ('train.py', config, '--work-dir', path.parent, '--resume')
        use(*words)()

    return run
