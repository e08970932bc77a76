"""Pictures and result folders that ``tests/torture.py`` damages."""

import shutil
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np
from PIL import Image

from tests.torture_cases import INSTEAD, attack_words, damaged, use

_PATTERNS = {
    'image': 'leftImg8bit/val/*/*leftImg8bit.png',
    'label': 'gtFine/val/*/*labelTrainIds.png',
}


def cases(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Test a small segmentor on three scenes, one of them changed."""
    for kind, pattern in _PATTERNS.items():
        good = sorted((root / 'seg/streets').glob(pattern))[1].read_bytes()
        for name, other in INSTEAD.items():
            yield f'{kind} {name}', _test(root, pattern, _bytes(other)), True
        for name, other in damaged(good, rng, 28):
            run = _test(root, pattern, _bytes(other))
            yield f'{kind} {name}', run, name.startswith('cut')
        for name, change in _CHANGES.items():
            run = _test(root, pattern, _pixels(change))
            yield f'{kind} {name}', run, kind == 'label'
        for name, change in _INSTEAD.items():
            # The set lists the images that are there, and their label maps.
            run = _test(root, pattern, change)
            yield f'{kind} {name}', run, kind == 'label'
            run = _test(root, pattern, change, True)
            yield f'every {kind} {name}', run, True
    for name, value in {'one id': 77, 'all ids': 200}.items():
        run = _test(root, _PATTERNS['label'], _ids(value))
        yield f'label {name}', run, True
    yield (
        'nothing labelled',
        _test(root, _PATTERNS['label'], _void, True),
        True,
    )


_CHANGES = {
    'one pixel': lambda a: a[:1, :1],
    'narrower': lambda a: a[:, :-3],
    'higher': lambda a: np.concatenate([a, a]),
}


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _loop(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)


_INSTEAD = {'missing': Path.unlink, 'a folder': _folder, 'a loop': _loop}


def _test(
    root: Path,
    pattern: str,
    change: Callable[[Path], None],
    every: bool = False,
) -> Callable[[], None]:
    def run() -> None:
        shutil.copytree(root / 'seg/streets', 'streets')
        files = sorted(Path('streets').glob(pattern))
        for file in files if every else files[1:2]:
            change(file)
        data = 'test_dataloader.dataset.data_root=streets'
        words = root / 'seg/tiny.py', root / 'seg/tiny.pth'
        use('test.py', *words, '--work-dir', 'log', '--cfg-options', data)()

    return run


def _bytes(content: bytes) -> Callable[[Path], None]:
    return lambda file: file.write_bytes(content) and None


def _pixels(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def run(file: Path) -> None:
        Image.fromarray(change(np.asarray(Image.open(file)))).save(file)

    return run


def _ids(value: int) -> Callable[[Path], None]:
    def change(labels: Any) -> Any:
        labels = labels.copy()
        labels[: 1 if value == 77 else None] = value
        return labels

    return _pixels(change)


def _void(file: Path) -> None:
    _pixels(lambda labels: np.full_like(labels, 255))(file)


def result_folders(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Attack again where an earlier attack left something wrong."""
    good = root / 'attacked'
    files = sorted(p for p in good.rglob('*') if p.suffix in ('.json', '.npz'))
    wanted = (good / 'sweep/sweep.json').read_bytes()
    for file in files:
        name = file.relative_to(good)
        if name.parts[0] not in ('rank', 'sweep', 'owner.json'):
            continue
        for damage, other in damaged(file.read_bytes(), rng, 7):
            yield f'{name} {damage}', _again(root, name, other, wanted), False
        yield f'{name} missing', _again(root, name, None, wanted), False
        yield f'{name} empty', _again(root, name, b'', wanted), False


def _again(
    root: Path, name: Path, content: Any, wanted: bytes
) -> Callable[[], None]:
    """The numbers must be those of a run in a new folder."""

    def run() -> None:
        shutil.copytree(root / 'attacked', 'out')
        file = Path('out', name)
        file.unlink() if content is None else file.write_bytes(content)
        use(*attack_words(root, 'out'))()
        import json

        found, good = (
            json.loads(x)['rows']
            for x in (Path('out/sweep/sweep.json').read_bytes(), wanted)
        )
        assert found == good, 'other numbers than in a new folder'

    return run
