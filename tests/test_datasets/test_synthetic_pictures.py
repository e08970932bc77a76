"""Few drawn images in the layouts of public sets."""

import pytest

from mmchanpos.datasets.synthetic import pictures


@pytest.mark.parametrize('name', ['imagenet', 'voc', 'camvid'])
def test_what_a_kill_left_is_drawn_anew(name, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, 'SIZE', (64, 100))
    write = getattr(pictures, f'write_{name}')
    write(tmp_path, dict(train=1))
    before = {p: p.stat().st_size for p in tmp_path.rglob('*')}
    write(tmp_path, dict(train=1))
    assert before == {p: p.stat().st_size for p in tmp_path.rglob('*')}
