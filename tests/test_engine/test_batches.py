"""What the loops need to know about batches of any host."""

import torch

from mmchanpos.engine.batches import same_sizes


def test_a_batch_of_several_sizes_is_cut_whatever_it_holds():
    images = [torch.zeros(3, 4, side) for side in (4, 5)]
    batch = dict(inputs=images, data_samples=None, labels=torch.arange(2))
    parts = list(same_sizes(batch))
    assert [numbers for _, numbers in parts] == [[0], [1]]
    for i, (part, _) in enumerate(parts):
        assert part['inputs'][0] is images[i]
        assert part['labels'] == [i]
        assert 'data_samples' not in part
