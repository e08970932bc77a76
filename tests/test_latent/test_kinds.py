import importlib.util
import itertools
import sys

import numpy as np
import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent import (
    ChannelRanking,
    Regions,
    Tap,
    collect,
    rank,
    rankable,
)
from mmchanpos.latent import kinds as table
from mmchanpos.latent.deltas import Deltas
from mmchanpos.latent.erasers import ERASERS
from mmchanpos.latent.kinds import (
    KINDS,
    Kind,
    find_kind,
    names,
    register,
    scored,
    side_of,
    title_of,
)

THEIRS = """
from mmchanpos.latent import Score, kind

@kind('upside_down', title='channels of above and below',
      needs=('turned',), changes=dict(turned=lambda image: image.flip(-2)))
def upside_down(deltas, regions):
    return Score(abs(deltas.difference('plain', 'turned')))
"""


@pytest.fixture(autouse=True)
def own_table(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(table, 'KINDS', KINDS)
    before = dict(KINDS)
    yield
    KINDS.clear()
    KINDS.update(before)


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def test_every_kind_says_all_about_itself_and_no_two_look_alike():
    for name, kind in KINDS.items():
        assert kind.name == name
        words = ('channels', 'directions')  # the latter of erasers
        assert kind.title.endswith(words) or kind.drawn
        made = kind.drawn or kind.title.endswith('directions')
        assert (kind.score is None) == made
    colours = [kind.colour.lower() for kind in KINDS.values()]
    assert len(set(colours)) == len(colours)

    def light(colour):
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        return rgb / 255

    # Nearly the same is the same to a reader.
    for a, b in itertools.combinations(colours, 2):
        assert np.abs(light(a) - light(b)).sum() > 0.25, (a, b)


def test_the_table_answers_what_others_used_to_know():
    assert names(usual=True) == [
        'overall',
        'left',
        'right',
        'contrast',
        'contrast_right',
    ]
    assert names(drawn=True) == ['random', 'matched']
    controls = {'magnitude', 'random', 'matched'}
    assert set(names(control=True)) == controls | set(ERASERS)
    assert names(side='right') == ['right', 'contrast_right']
    assert set(scored()) == set(KINDS) - {'random', 'matched', *ERASERS}
    assert (side_of('contrast'), side_of('gone')) == ('left', None)
    assert title_of('kernel_flip') == 'Kernel-Flip* channels'


def test_a_kind_is_possible_where_its_variants_and_sides_are_known():
    def possible(*variants, **sides):
        vectors = dict.fromkeys(variants, np.ones((2, 3)))
        deltas = Deltas(Tap('1'), (3,), vectors, np.arange(2), ['a', 'b'])
        return rankable(deltas, Regions(**sides))

    assert 'left' in possible('plain', 'flip', left=['a'])
    assert 'left' not in possible('plain', 'flip', right=['b'])
    assert 'left' not in possible('plain', left=['a'])
    assert not {'random', 'matched'} & {*possible('plain', 'flip')}


def test_a_users_file_adds_a_kind_and_the_pass_records_for_it(tmp_path):
    file = tmp_path / 'their_scores.py'
    file.write_text(THEIRS)
    load(file)
    load(file)  # again, as when a notebook cell is run twice
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU()).eval()
    rows = torch.arange(8.0).view(1, 1, 8, 1).expand(4, 3, 8, 8)
    (deltas,) = collect(net, [rows + torch.rand(4, 1, 1, 1)], ['1'])
    assert 'upside_down' in rankable(deltas)
    found = rank(deltas, 'upside_down', draws=0)
    # These images look the same from left and right, but not upside down.
    assert found.scores.max() > 1e-2 > 1e-5 > rank(deltas, 'overall').scores[0]
    path = tmp_path / 'ranking.json'
    found.save(path)
    assert ChannelRanking.load(path).kind == 'upside_down'
    assert title_of('upside_down') == 'channels of above and below'
    taken = [k.colour for n, k in KINDS.items() if n != 'upside_down']
    assert KINDS['upside_down'].colour not in taken


def test_a_pass_for_certain_kinds_records_no_changes_of_others():
    register(Kind('dark', changes={'dark': torch.zeros_like}))
    net = nn.Sequential(nn.Conv2d(3, 5, 3)).eval()
    images = [torch.rand(2, 3, 5, 5)]
    (every,) = collect(net, images, ['0'])
    (some,) = collect(net, images, ['0'], kinds=['overall'])
    assert set(every.vectors) - set(some.vectors) == {'dark'}


def test_names_and_colours_are_given_once():
    with pytest.raises(InputError, match='"overall" already'):
        register(Kind('overall'))
    with pytest.raises(InputError, match='that of another kind'):
        register(Kind('mine', colour=KINDS['left'].colour.upper()))
    first, second = register(Kind('mine')), register(Kind('yours'))
    assert first.colour != second.colour
    assert first.title == 'mine channels'


def test_an_unknown_kind_gets_the_nearest_and_a_hint():
    with pytest.raises(InputError, match='"overall".*import that file first'):
        find_kind('overal')
