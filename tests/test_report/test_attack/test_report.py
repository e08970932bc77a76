"""The page of an attack."""

import json
import re

import numpy as np

from mmchanpos.latent import ChannelRanking
from mmchanpos.latent.atlas import Atlas
from mmchanpos.report.attack import write_attack_report


def test_the_page_has_every_part_and_asks_nobody(sweep, tmp_path):
    rng = np.random.default_rng(0)
    sweep.rankings = [
        ChannelRanking(kind, rng.permutation(40))
        for kind in ('overall', 'left', 'magnitude')
    ]
    sweep.examples = dict(
        image=rng.integers(0, 255, (2, 16, 32, 3)).astype(np.uint8),
        truth=rng.integers(0, 4, (2, 16, 32)),
        prediction=rng.integers(0, 3, (2, 2, 16, 32)),
        top=np.array([0, 10]),
        off=np.array(['none', 'left']),
        palette=np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]]),
        kind=np.array('left'),
        region=np.array('left'),
    )
    sweep.atlas = Atlas(
        np.array([3, 8]),
        rng.random((2, 4, 8)),
        rng.integers(0, 255, (2, 2, 16, 32, 3)).astype(np.uint8),
        rng.random((2, 2, 2)),
        {'overall': [8, 3], 'left': [3]},
    )
    file = sweep.save(tmp_path)
    out = tmp_path / 'out'
    sections = write_attack_report(file, out, command='python attack.py')
    assert list(sections) == [
        *('verdict', 'sides', 'windows', 'examples', 'atlas', 'agreement')
    ]
    html = (out / 'report.html').read_text()
    assert html.count('<section') == 6
    assert html.count('src="data:image/png;base64,') == 7
    assert not re.search(r'(src|href)="(?!data:|#)', html)
    assert 'deeplabv3.py' in html
    assert 'python attack.py' in html
    for stem in (
        *('verdict/verdict', 'verdict/curves', 'sides/sides'),
        *('windows/windows', 'examples/examples'),
    ):
        for kind in ('png', 'svg'):
            assert (out / f'{stem}.{kind}').stat().st_size > 1000
    curves = json.loads((out / 'verdict' / 'curves.json').read_text())
    assert curves['columns'][:3] == ['region', 'ranking', 'top']
