"""What ``tests/torture.py`` gives to the tools beside the attack."""

import itertools
import json
import shutil
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np

from tests.torture_cases import INSTEAD, use, written

#: Texts where a number or a name was wanted.
_TEXTS = ('-1', 'nan', '', '٣', '9' * 30, 'x' * 300)


def cases(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Arguments of each tool, and files of another kind for converters."""
    config, ckpt = root / 'tiny.py', root / 'train/epoch_2.pth'
    mat = root / 'seg/streets/annotations/anno_val.mat'
    file, foreign = root / 'file', root / 'seg/tiny.pth'
    file.write_text('')
    results = root / 'results.json'
    row = dict(image_id=1, category_id=1, bbox=[1, 2, 3, 4], score=0.5)
    results.write_text(json.dumps([row]))
    few = '--mode', 'zero', '--max-shift', 2, '--num-shifts', 2
    begin: dict[str, list[Any]] = {
        'audit.py': ['torchvision:resnet18'],
        'benchmark.py': ['sweep'],
        'misc/browse_dataset.py': [config],
        'misc/make_synthetic.py': [],
        'misc/miss_rate.py': [mat, results],
        'reproduce.py': ['table1', '--dry-run'],
        'dataset_converters/citypersons.py': [mat, 'out.json'],
    }
    options = {
        'audit.py': '--size --images --content --seed --compare',
        'benchmark.py': '--repeats',
        'misc/browse_dataset.py': '--split --number --start --columns --width',
        'misc/make_synthetic.py': '--size --num-train --num-val --cars --seed '
        '--workers',
        'misc/miss_rate.py': '--setups --sides --variant',
        'reproduce.py': '--gpus --jobs --seeds --checkpoint --data-root',
        'dataset_converters/citypersons.py': '--image-size --rows',
    }
    for tool, names in options.items():
        for name, text in itertools.product(names.split(), _TEXTS):
            run = use(tool, *begin[tool], name, text)
            yield f'{tool} {name} {text}'[:60], run, True
    for words in (
        ('audit.py', 'torchvision:none'),
        ('audit.py', 'none.none:none'),
        ('audit.py', 'os:getcwd'),
        ('audit.py', config, file),
        ('audit.py', '--compare', config),
        ('benchmark.py', 'none'),
        ('reproduce.py', 'none'),
        ('reproduce.py', config),
        ('reproduce.py', 'table1', '--work-dir', file),
        ('misc/print_config.py', 'none.py'),
        ('misc/print_config.py', config, '--key', 'none'),
        ('misc/browse_dataset.py', config, '--start', 10**6),
        ('misc/browse_dataset.py', config, '--out', root),
        ('misc/make_synthetic.py', '--out', file),
        ('misc/make_synthetic.py', '--cars', '3-1'),
        ('misc/miss_rate.py', mat, mat),
        ('misc/miss_rate.py', file, file),
        ('test.py', config, ckpt, '--out', 'm.txt'),
        ('test.py', config, ckpt, '--out', file / 'm.json'),
        ('test.py', config, 'http://127.0.0.1:9/a.pth'),
        ('test.py', config, root),
        ('test.py', 'mmseg::none/none.py', ckpt),
        ('train.py', config, '--work-dir', file),
        ('train.py', config, '--resume', root / 'none.pth'),
        ('train.py', config, '--resume', root / 'seg/tiny.pth'),
        ('train.py', config, '--cfg-options', f'load_from={foreign}'),
        ('train.py', config, '--cfg-options', 'load_from=none.pth'),
        ('train.py', config, '--cfg-options', 'train_cfg.max_epochs=-1'),
        ('test.py', config, root / 'seg/tiny.pth'),
        ('probe.py', config, ckpt, '--layers', 'backbone', 'backbone'),
        ('probe.py', config, ckpt, '--layers', 'none'),
        ('probe.py', config, ckpt, '--baselines', 'none'),
        ('probe.py', config, ckpt, '--data', 'none.py'),
        ('shift_eval.py', config, ckpt, '--preset', 'none'),
        ('shift_eval.py', config, ckpt, '--beside', 'none'),
        ('shift_eval.py', config, ckpt, *few, '--beside', 'a=none'),
        ('rank_channels.py', config, ckpt, '--shift', 99999, 0),
        ('dataset_converters/camvid.py', 'none', 'out'),
        ('dataset_converters/camvid.py', root, 'out'),
        ('dataset_converters/camvid.py', file, 'out'),
        ('dataset_converters/citypersons.py', mat, root),
        ('dataset_converters/citypersons.py', mat, 'a.json', '--lists', file),
    ):  # fmt: skip
        said = ' '.join(map(str, words)).replace(str(root), '')
        yield said[:60], _quick(words), True
    converters: dict[str, str] = {
        'dataset_converters/citypersons.py': 'a.mat',
        'model_converters/pedestron2mmdet.py': 'a.pth',
        'model_converters/permutenet2mmseg.py': 'a.pth',
    }
    for tool, name in converters.items():
        contents = {**INSTEAD, 'of another': ckpt.read_bytes()}
        for kind, content in contents.items():
            yield f'{tool} {kind}', written(name, content, _to(tool)), True
    yield 'yaml with a tag', _yaml(ckpt), True
    yield from _weights(root)


def _quick(words: Any) -> Callable[[], None]:
    return use(*words)


def _to(tool: str) -> Callable[[Path], None]:
    return lambda path: use(tool, path, 'out' + path.suffix)()


def _yaml(ckpt: Path) -> Callable[[], None]:
    text = 'a: !!python/object/apply:os.mkdir [ran]\n'

    def test(path: Path) -> None:
        from tests.torture_runs import silent

        try:
            use('test.py', path, ckpt, '--work-dir', 'log')()
        finally:
            if Path('ran').exists():
                raise silent('a config ran its code')

    return written('a.yaml', text.encode(), test)


def _weights(root: Path) -> Iterator[tuple]:
    """Numbers that mean nothing, in weights and in data."""
    bad = dict(nan=float('nan'), inf=float('inf'))
    places = 'head.fc.weight', 'backbone.conv1.weight', 'running_var'
    tools = 'test.py', 'attack.py', 'rank_channels.py', 'shift_eval.py'
    for tool, place, kind in itertools.product(tools, places, bad):
        run = _changed(root, tool, place=place, value=bad[kind])
        yield f'{tool} {kind} in {place}', run, True
    for tool in tools:
        for name, change in _DATA.items():
            # A ranking reads no labels, as long as there is one per image.
            fine = tool == 'rank_channels.py' and 'label' in name
            run = _changed(root, tool, change=change)
            yield f'{tool} {name}', run, not fine
    for name, change in _DATA.items():
        if name != 'one channel':
            run = _changed(root, 'train.py', change=change)
            yield f'train.py {name}', run, True


_DATA: dict[str, Callable] = {
    'labels 100 to 109': lambda x, y: (x, 100 + np.arange(len(y)) % 10),
    'one label too high': lambda x, y: (x, np.where(np.arange(len(y)), y, 2)),
    'negative labels': lambda x, y: (x, y - 5),
    'no labels': lambda x, y: (x, y[:0]),
    'labels as text': lambda x, y: (x, y.astype(str)),
    'labels as NaN': lambda x, y: (x, y * np.nan),
    'nothing at all': lambda x, y: (x[:0], y[:0]),
    'images as NaN': lambda x, y: (x * np.float32('nan'), y),
    'images as text': lambda x, y: (x.astype(str), y),
    'images of no pixel': lambda x, y: (x[:, :0], y),
    'flat images': lambda x, y: (x.reshape(len(x), -1), y),
    'objects': lambda x, y: (x.astype(object), y),
}


def _changed(
    root: Path,
    tool: str,
    place: str = '',
    value: float = 0,
    change: Any = None,
) -> Callable[[], None]:
    def run() -> None:
        import torch

        shutil.copy(root / 'train/epoch_2.pth', 'a.pth')
        if place:
            content = torch.load('a.pth', weights_only=True)
            for name, weight in content['state_dict'].items():
                if place in name:
                    weight.view(-1)[0] = value
            torch.save(content, 'a.pth')
        text = (root / 'tiny.py').read_text()
        if change is not None:
            with np.load(root / 'tiny.npz') as file:
                x, y = change(file['images'], file['labels'])
            np.savez('tiny.npz', images=x, labels=y)
            here = str(Path('tiny.npz').absolute())
            text = text.replace(str(root / 'tiny.npz'), here)
        Path('tiny.py').write_text(text)
        weights = [] if tool == 'train.py' else ['a.pth']
        few = ['--mode', 'zero', '--max-shift', 2, '--num-shifts', 2]
        few = few if tool == 'shift_eval.py' else []
        use(tool, 'tiny.py', *weights, '--work-dir', 'log', *few)()

    return run
