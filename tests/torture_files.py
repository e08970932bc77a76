"""Files of ours and of CityPersons that ``tests/torture.py`` damages."""

import json
from pathlib import Path
from typing import Iterator

import numpy as np

from tests.torture_cases import INSTEAD, damaged, mutants, written


def rankings(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Rankings and sweeps with one field changed, or damaged bytes."""
    from mmchanpos.latent import load_rankings

    file = root / 'attacked/rank/ranking.json'
    content = json.loads(file.read_text())
    for name, other in mutants(content, rng, 170):
        yield name, written('a.json', other, load_rankings), False
    for name, other in damaged(file.read_bytes(), rng, 70):
        yield name, written('a.json', other, load_rankings), False
    for name, other in INSTEAD.items():
        yield name, written('a.json', other, load_rankings), True


def people(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Annotations of CityPersons, as JSON and as .mat, and result files."""
    from mmchanpos.datasets.citypersons_annotations import read_annotations
    from mmchanpos.evaluation.miss_rate_results import read_results

    folder = root / 'seg/streets/annotations'
    mat = (folder / 'anno_val.mat').read_bytes()
    from mmchanpos.datasets.citypersons_annotations import to_json

    content = to_json(read_annotations(folder / 'anno_val.mat'))
    for name, other in mutants(content, rng, 120):
        yield f'json {name}', written('a.json', other, read_annotations), False
    for name, other in damaged(mat, rng, 105):
        yield f'mat {name}', written('a.mat', other, read_annotations), False
    for name, other in INSTEAD.items():
        yield f'mat {name}', written('a.mat', other, read_annotations), True
    row = dict(image_id=1, category_id=1, bbox=[1, 2, 3, 4], score=0.5)

    def results(path: Path) -> None:
        read_results(path, [1, 2, 3])

    for name, other in mutants([row, row], rng, 60):
        yield f'result {name}', written('a.json', other, results), False


def arrays(root: Path, rng: np.random.Generator) -> Iterator[tuple]:
    """Arrays of images, of deltas, and of sweeps."""
    from mmchanpos.datasets.array_dataset import ArrayDataset
    from mmchanpos.files import read_npz
    from mmchanpos.latent import Deltas

    def dataset(path: Path) -> None:
        len(ArrayDataset(path))

    readers = {
        'tiny.npz': dataset,
        'attacked/rank/deltas.npz': Deltas.load,
        'attacked/sweep/sweep.npz': read_npz,
    }
    for name, reader in readers.items():
        content = (root / name).read_bytes()
        for damage, other in damaged(content, rng, 56):
            run = written('a.npz', other, reader)
            yield f'{name} {damage}', run, damage.startswith('cut')
        for kind, other in INSTEAD.items():
            yield f'{name} {kind}', written('a.npz', other, reader), True
