"""Section 4.2: a classifier is attacked as a segmentor is."""

import pytest

from mmchanpos.experiments import Context, Setting
from mmchanpos.experiments.papers import recognition
from mmchanpos.files import write_json


@pytest.mark.parametrize('scale', [{}, dict(quick=True), dict(story=True)])
def test_every_trained_classifier_is_attacked(scale):
    setting = Setting(**scale)
    steps = {s.name: s for s in recognition.steps(setting)}
    for seed in setting.trainings('classifier'):
        attack = steps[f'attack-seed{seed}']
        assert f'{{train-seed{seed}:checkpoint}}' in attack.arguments
        assert attack.needs == [f'train-seed{seed}']
    assert '--matched' in steps['attack-seed0'].arguments


def test_top1_stands_beside_chance_and_strength(tmp_path):
    setting = Setting(quick=True, work_dir=tmp_path)
    folders = {s.name: tmp_path / s.name for s in recognition.steps(setting)}

    def row(kind, top, score, **more):
        scores = {'overall': score}
        return dict(kind=kind, start=0, stop=top, scores=scores, **more)

    for seed in range(3):
        rows = [row('none', 0, 90.0)]
        for top in (3, 6):
            rows += [row(k, top, 60.0 - seed) for k in recognition.KINDS]
            for draw in range(3):
                rows.append(row('random', top, 88.0 - draw, seed=draw))
                rows += [
                    row('matched', top, 80.0 - draw, seed=draw, matches=kind)
                    for kind in recognition.KINDS
                ]
        content = dict(format=1, metric='Top-1', channels=64, rows=rows)
        folder = folders[f'attack-seed{seed}'] / 'sweep'
        write_json(folder / 'sweep.json', content)
    section = recognition.read(Context(setting, tmp_path, folders))
    assert 'These are 3 trainings' in ' '.join(section.sentences)
    first = section.tables[0].rows[0]
    assert any('in 3 of 3' in str(cell) for cell in first)
