from collections import OrderedDict, namedtuple

import pytest
import torch

from mmchanpos.latent.replay.kept import Kept, copied

Pair = namedtuple('Pair', 'a b')


def values():
    x = torch.ones(3)
    return x, [
        x,
        [torch.zeros(1), x],
        (x, 'text', None, 3),
        Pair(torch.zeros(1), x),
        OrderedDict(a=torch.zeros(1), b=(x,)),
    ]


@pytest.mark.parametrize('which', range(5))
def test_writing_into_any_part_is_noticed(which):
    x, found = values()
    kept = Kept(found[which])
    assert kept.intact
    assert kept.value is found[which]
    x.add(1)  # a new tensor
    assert kept.intact
    x.view(-1)[0] = 5  # through a view
    assert not kept.intact


@pytest.mark.parametrize('which', range(5))
def test_a_copy_has_the_same_form_and_its_own_tensors(which):
    x, found = values()
    copy = copied(found[which])
    assert type(copy) is type(found[which])
    assert str(copy) == str(found[which])
    kept = Kept(copy)
    x.add_(1)
    assert kept.intact
    assert str(copy) != str(found[which])
