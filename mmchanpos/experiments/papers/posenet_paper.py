"""Numbers of "How Much Position Information Do CNNs Encode?" (ICLR 2020).

SPC and MAE on PASCAL-S unless said otherwise. The paper's stripes lie in
[-1, 1] and ours in [0, 1], so their MAE is halved here.
"""

from typing import NamedTuple, Optional

Pair = tuple[float, float]


class Shape(NamedTuple):
    """Which read-out of a net: everything about it but the seed."""

    map: str
    stages: tuple[int, ...] = ()
    kernel: int = 3
    layers: int = 1
    padding: int = 0


#: Map and source to the pairs of PosENet alone, VGG16 and ResNet-152.
_TABLE_1 = {
    ('H', 'natural'): [(0.012, 0.251), (0.742, 0.149), (0.933, 0.084)],
    ('H', 'black'): [(0.0, 0.251), (0.751, 0.164), (0.987, 0.080)],
    ('H', 'white'): [(0.0, 0.251), (0.873, 0.157), (0.994, 0.078)],
    ('H', 'gaussian'): [(0.001, 0.251), (0.591, 0.173), (0.973, 0.077)],
    ('V', 'natural'): [(0.131, 0.248), (0.816, 0.129), (0.951, 0.083)],
    ('V', 'black'): [(0.0, 0.251), (0.846, 0.146), (0.978, 0.069)],
    ('V', 'white'): [(0.0, 0.251), (0.927, 0.138), (0.979, 0.072)],
    ('V', 'gaussian'): [(0.053, 0.250), (0.771, 0.150), (0.968, 0.074)],
    ('G', 'natural'): [(-0.001, 0.233), (0.814, 0.109), (0.936, 0.070)],
    ('G', 'black'): [(0.0, 0.186), (0.842, 0.123), (0.953, 0.068)],
    ('G', 'white'): [(0.0, 0.186), (0.898, 0.116), (0.964, 0.064)],
    ('G', 'gaussian'): [(-0.034, 0.214), (0.762, 0.129), (0.971, 0.055)],
    ('HS', 'natural'): [(-0.001, 0.712), (0.405, 0.556), (0.534, 0.528)],
    ('HS', 'black'): [(-0.055, 0.704), (0.532, 0.583), (0.566, 0.518)],
    ('HS', 'white'): [(0.0, 0.704), (0.576, 0.574), (0.562, 0.515)],
    ('HS', 'gaussian'): [(0.023, 0.710), (0.375, 0.573), (0.471, 0.530)],
    ('VS', 'natural'): [(0.006, 0.723), (0.374, 0.567), (0.520, 0.537)],
    ('VS', 'black'): [(0.081, 0.709), (0.538, 0.575), (0.574, 0.523)],
    ('VS', 'white'): [(0.081, 0.709), (0.437, 0.578), (0.593, 0.514)],
    ('VS', 'gaussian'): [(0.018, 0.714), (0.526, 0.566), (0.523, 0.545)],
}

#: Map, layers and kernel to PosENet alone and VGG16 (Table 2).
_TABLE_2 = {
    ('H', 2, 3): [(0.056, 0.250), (0.797, 0.128)],
    ('H', 3, 3): [(0.055, 0.250), (0.830, 0.117)],
    ('H', 1, 1): [(0.013, 0.251), (0.542, 0.196)],
    ('H', 1, 7): [(0.060, 0.250), (0.828, 0.120)],
    ('G', 2, 3): [(0.067, 0.187), (0.828, 0.105)],
    ('G', 3, 3): [(0.126, 0.186), (0.835, 0.104)],
    ('G', 1, 1): [(0.017, 0.188), (0.724, 0.127)],
    ('G', 1, 7): [(0.068, 0.187), (0.816, 0.111)],
    ('HS', 2, 3): [(-0.006, 0.628), (0.483, 0.538)],
    ('HS', 3, 3): [(0.003, 0.628), (0.491, 0.540)],
    ('HS', 1, 1): [(-0.004, 0.628), (0.317, 0.576)],
    ('HS', 1, 7): [(0.002, 0.628), (0.487, 0.532)],
}

#: Map and one of VGG16's f1..f5 by itself (Table 3).
_TABLE_3 = {
    ('H', 1): (0.101, 0.249),
    ('H', 2): (0.344, 0.225),
    ('H', 3): (0.472, 0.203),
    ('H', 4): (0.610, 0.181),
    ('H', 5): (0.657, 0.177),
    ('G', 1): (0.241, 0.182),
    ('G', 2): (0.404, 0.168),
    ('G', 3): (0.588, 0.146),
    ('G', 4): (0.653, 0.138),
    ('G', 5): (0.693, 0.135),
}

#: Map to PosENet alone with padding 1 and 2, and VGG16 without (Table 4).
_TABLE_4 = {
    'H': [(0.274, 0.239), (0.397, 0.223), (0.381, 0.223)],
    'G': [(0.205, 0.184), (0.380, 0.177), (0.359, 0.174)],
    'HS': [(0.148, 0.608), (0.214, 0.595), (0.011, 0.628)],
}

#: Map and source to VGG16 trained for salient objects and for segmentation
#: (Table 6).
_TABLE_6 = {
    ('H', 'natural'): [(0.969, 0.055), (0.982, 0.038)],
    ('G', 'natural'): [(0.948, 0.067), (0.971, 0.055)],
    ('HS', 'natural'): [(0.667, 0.476), (0.810, 0.430)],
    ('H', 'black'): [(0.857, 0.099), (0.990, 0.030)],
}


def _known() -> dict[tuple, Pair]:
    known: dict[tuple, Pair] = {}

    def add(nets: str, pairs: list[Pair], source: str, *what, **shape) -> None:
        for net, pair in zip(nets.split(), pairs):
            known[net, source, Shape(*what, **shape)] = pair

    for (name, source), pairs in _TABLE_1.items():
        add('alone vgg16 resnet152', pairs, source, name)
    for (name, layers, kernel), pairs in _TABLE_2.items():
        read = dict(layers=layers, kernel=kernel)
        add('alone vgg16', pairs, 'natural', name, **read)
    for (name, stage), pair in _TABLE_3.items():
        add('vgg16', [pair], 'natural', name, (stage,))
    for name, (one, two, without) in _TABLE_4.items():
        add('alone', [one], 'natural', name, padding=1)
        add('alone', [two], 'natural', name, padding=2)
        add('vgg16-no-padding', [without], 'natural', name)
    for (name, source), pairs in _TABLE_6.items():
        add('vgg16-sod vgg16-ss', pairs, source, name)
    return known


_KNOWN = _known()


def paper(
    net: str, source: str, shape: Shape, score: str = 'SPC'
) -> Optional[float]:
    """What the paper reports of a net on images of a source, or None.

    Example:
        >>> paper('vgg16', 'natural', Shape('H'))
        0.742
        >>> paper('alone', 'natural', Shape('HS'), 'MAE')
        0.356
    """
    spc, mae = _KNOWN.get((net, source, shape), (None, None))
    if score == 'SPC' or mae is None:
        return spc
    return mae / 2 if shape.map in ('HS', 'VS') else mae
