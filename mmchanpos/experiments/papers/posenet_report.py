"""Figures, further tables and sentences about PosENet."""

from typing import Dict, List, Tuple

import numpy as np

from mmchanpos.report import Figure, Table, panels

from .posenet_scores import TITLES, Scores, Shape

MAPS = ['H', 'V', 'G', 'HS', 'VS']


def studies(scores: Scores, quick: bool) -> Tuple[List[Table], List[Figure]]:
    """Tables 2 to 4 and Fig. 5: layers, kernels, stages, padding.

    Args:
        scores (Scores): All of them.
        quick (bool): Whether the deep read-outs of the encoder read its
            third stage alone.

    Returns:
        tuple: Tables, and figures.
    """
    net = 'resnet18' if quick else 'vgg16'
    stages = {'stages': (3,)} if quick else {}
    kernels = {f'{k}x{k}': dict(kernel=k) for k in (1, 3, 7)}
    layers = {f'{n} layers': dict(layers=n) for n in (2, 3)}
    layers = {'1 layer': {}, **layers}
    deep = {k: {**v, **stages} for k, v in layers.items()}
    each = {f'f{i}': dict(stages=(i,)) for i in range(1, 6)}
    each['all'] = {}
    padded = {f'padding {p}': dict(padding=p) for p in (0, 1, 2)}
    where = ' on f3' if quick else ''
    tables = [
        scores.table(
            'Table 2: kernel of the read-out', ['alone', net], kernels
        ),
        scores.table('Table 2: layers, PosENet alone', ['alone'], layers),
        scores.table(f'Table 2: layers, encoder{where}', [net], deep),
        scores.table('Table 3: one stage, or all', [net], each),
        scores.table(
            'Table 4: zeros around the input of the read-out',
            ['alone'],
            padded,
        ),
    ]
    figures = [
        scores.bars('kernels', 'Kernel of the read-out', net, kernels),
        scores.bars('layers', f'Layers of the read-out{where}', net, deep),
        scores.bars('stages', 'Stage of the encoder', net, each),
    ]
    return [t for t in tables if t], [f for f in figures if f]


def predictions(drawn: Dict[str, np.ndarray]) -> Figure:
    """Fig. 4: input, truth and predictions.

    Args:
        drawn (dict): What ``draw`` has kept.

    Returns:
        Figure: One row per source of images.
    """
    nothing = np.full(drawn['truths'][0].shape, np.nan)
    rows = [[nothing, *drawn['truths']]]
    labels = ['truth']
    for image, source, maps in _first_of_each(drawn):
        rows.append([image, *maps])
        labels.append(source)
    return panels(
        'predictions',
        rows,
        ['input', *MAPS],
        labels,
        'What was read out of one image of each kind (Fig. 4).',
        limits=(0, 1),
    )


def content_loss(drawn: Dict[str, np.ndarray]) -> Figure:
    """Where content hides position: mean error of H, V and G (Eq. 4).

    Args:
        drawn (dict): What ``draw`` has kept.

    Returns:
        Figure: Images and their content-loss maps.
    """
    natural = drawn['sources'] == drawn['sources'][0]
    rows = [
        [image.transpose(1, 2, 0) for image in drawn['inputs'][natural]],
        list(drawn['content_loss'][natural]),
    ]
    return panels(
        'content-loss',
        rows,
        labels=['input', 'content loss'],
        caption='Mean absolute error of H, V and G at each pixel (Eq. 4).',
    )


def sentences(scores: Scores, quick: bool) -> List[str]:
    """What was found, in plain words and with its numbers.

    Args:
        scores (Scores): All of them.
        quick (bool): Whether the encoder is the small one.

    Returns:
        list of str: Paragraphs.
    """
    nets = (
        ['resnet18', 'resnet18-circular', 'resnet18-random', 'alone']
        if quick
        else ['resnet152', 'vgg16', 'vgg16-no-padding', 'alone']
    )
    said = [
        'A read-out is trained to draw a position map out of the features of '
        'a frozen encoder, whatever the image shows. SPC is the rank '
        'correlation with the true map: 1 if position is known exactly, 0 if '
        'it is not known at all.'
    ]
    for source in scores.sources[:2]:
        parts = []
        for net in nets:
            numbers = [
                scores.number(net, source, Shape(name)) for name in 'HVG'
            ]
            if all(numbers):
                values = ', '.join(f'{n.value:.2f}' for n in numbers)
                parts.append(f'{TITLES[net]} {values}')
        said.append(
            f'SPC of H, V and G on {source} images: {"; ".join(parts)}.'
        )
    if quick:
        said.append(
            'Circular padding gives nothing away by itself, as the constant '
            'images show. In other images it joins borders that do not fit, '
            'and the seam can be seen.'
        )
        said.append(
            "Beside the small ResNet stand the paper's numbers of ResNet-152 "
            'or, for single stages and other read-outs, of VGG16 on PASCAL-S; '
            'beside circular padding those of VGG16 without padding. They say '
            'what to expect, not what to reach.'
        )
    said.append('The MAE of stripes is on [0, 1], half of what the paper has.')
    return said


def _first_of_each(drawn: Dict[str, np.ndarray]) -> List[Tuple]:
    sources = list(drawn['sources'])
    return [
        (
            drawn['inputs'][i].transpose(1, 2, 0),
            source,
            drawn['predictions'][i],
        )
        for i, source in enumerate(sources)
        if sources.index(source) == i
    ]
