import torch

from mmchanpos.engine.dead_weights import dead_weights, in_words


def test_shares_do_not_hang_on_the_flag_of_the_processor():
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8)
    )
    weights = net.state_dict()
    torch.set_flush_denormal(False)
    weights['0.weight'][:2] = 1e-40
    weights['0.weight'][2] = 0
    weights['0.weight'][3, 0, 0, 0] = -1e-41
    wanted = {'denormal': (2 * 27 + 1) / (8 * 27), 'dead': 3 / 8}
    found = []
    try:
        for flag in (False, True):
            torch.set_flush_denormal(flag)
            found.append(dead_weights(weights))
    finally:
        torch.set_flush_denormal(True)
    assert found == [wanted, wanted]
    assert in_words(wanted) == (
        '25.5 % of the weights are denormal, 37.5 % of the filters dead'
    )


def test_biases_and_whole_numbers_do_not_count():
    weights = dict(b=torch.zeros(3), n=torch.zeros(2, 2, dtype=torch.long))
    assert dead_weights(weights) == {'denormal': 0, 'dead': 0}
