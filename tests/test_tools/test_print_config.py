"""``tools/misc/print_config.py``."""

import pytest

from mmchanpos.errors import InputError

TOOL = 'misc/print_config.py'


def test_a_key_stands_for_all_that_begin_like_it(tiny_config, call_tool):
    words = TOOL, tiny_config, '--key', 'model.head.n'
    assert call_tool(*words) == 'model.head.num_classes = 2\n'
    assert call_tool(*words, '--origin').endswith(f' = 2  # {tiny_config}\n')


def test_a_key_that_is_not_there_leads_to_its_neighbours(
    tiny_config, call_tool
):
    with pytest.raises(InputError, match='Did you mean "model.head.type"'):
        call_tool(TOOL, tiny_config, '--key', 'model.head.tpye')


def test_drawn_data_stand_in_the_config_but_in_none_of_its_files(call_tool):
    words = TOOL, 'mmchanpos::gapnet/gapnet_resnet18_location-3x3_npz.py'
    assert "images='data/cifar10.npz'" in call_tool(*words)
    assert 'data/cifar10.npz' not in call_tool(*words, '--builtin')
    with pytest.raises(InputError, match='--builtin'):
        call_tool(*words, '--builtin', '--origin')
