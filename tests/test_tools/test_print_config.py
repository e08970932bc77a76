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
