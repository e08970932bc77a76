"""Table 5 of PosENet, read from given results."""

import pytest

from mmchanpos.engine.config import load_config
from mmchanpos.experiments import Context, Setting, load


@pytest.mark.parametrize('quick', [True, False])
def test_table5_has_the_papers_numbers_in_their_cells(quick, tmp_path):
    setting = Setting(quick=quick, seeds=(0, 1), work_dir=tmp_path)
    ours = {'zero': 20.0, 'none': 11.0, 'circular': 18.0}
    results = {
        f'{padding}-seed{seed}': dict(metrics=dict(mIoU=value + seed))
        for padding, value in ours.items()
        for seed in (0, 1)
    }
    section = load('posenet_padding').read(
        Context(setting, tmp_path, {}, results)
    )
    rows = {row[0]: row[1] for row in section.tables[0].rows}
    assert (rows['zero'].value, rows['zero'].paper) == (20.5, 23.1)
    assert (rows['none'].value, rows['none'].paper) == (11.5, 12.3)
    assert rows['circular'].paper is None
    assert 'none in 2 of 2 trainings; mean +9.00' in section.sentences[0]


def test_options_fit_the_configs():
    pytest.importorskip('mmseg')
    for setting in (Setting(quick=True), Setting()):
        for step in load('posenet_padding').steps(setting):
            if hasattr(step, 'config'):
                load_config(step.config, dict(step.options), check=False)
