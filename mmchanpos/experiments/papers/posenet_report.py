"""Figures, further tables and sentences about PosENet."""

from typing import Mapping

import numpy as np

from mmchanpos.report import Figure, Table, panels

from .posenet_scores import TITLES, Scores, Shape

MAPS = ['H', 'V', 'G', 'HS', 'VS']
#: Run to the read-outs of Fig. 5, without their seed. Deep ones of a small
#: encoder read its third stage.
SHAPES = {
    'vgg16_layers-kernels': [
        f'{m}_all_k{k}_l{n}_p0'
        for m in ('H', 'G', 'HS')
        for k, n in ((3, 1), (3, 2), (3, 3), (1, 1), (7, 1))
    ],
    'posenet_resnet18-small_study': [
        f'{m}_{stage}_k{k}_l{n}_p0'
        for m in ('H', 'G', 'HS')
        for stage, k, n in (
            ('all', 3, 1),
            ('f3', 3, 2),
            ('f3', 3, 3),
            ('all', 1, 1),
            ('all', 7, 1),
        )
    ],
}


def studies(scores: Scores, quick: bool) -> tuple[list[Table], list[Figure]]:
    """Tables 2 to 4 and Fig. 5: layers, kernels, stages, padding."""
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


def predictions(
    drawn: Mapping[str, np.ndarray], net: str, title: str
) -> Figure:
    """Fig. 4: input, truth and predictions of one encoder."""
    nothing = np.full(drawn['truths'][0].shape, np.nan)
    rows = [[nothing, *drawn['truths']]]
    labels = ['truth']
    sources = drawn['sources']
    for i in sorted(np.unique(sources, return_index=True)[1]):
        image = drawn['inputs'][i].transpose(1, 2, 0)
        rows.append([image, *drawn['predictions'][i]])
        labels.append(sources[i])
    return panels(
        f'predictions-{net}',
        rows,
        ['input', *MAPS],
        labels,
        f'{title}: what was read out of one image of each kind (Fig. 4).',
        limits=(0, 1),
    )


def shapes(drawn: Mapping[str, np.ndarray]) -> Figure:
    """Fig. 5: predictions by layers and kernels of the read-out."""
    parts = [name.split('_') for name in drawn['names'].tolist()]
    sizes = [(part[2][1:], part[3][1:]) for part in parts]
    heads = [f'{k}x{k}, {n} layer{"s" * (n != "1")}' for k, n in sizes]
    columns = list(dict.fromkeys(heads))
    labels = list(dict.fromkeys(p[0] for p in parts))
    maps = {
        (part[0], head): prediction
        for part, head, prediction in zip(
            parts, heads, drawn['predictions'][0]
        )
    }
    nothing = np.full(drawn['truths'][0].shape, np.nan)
    rows = [
        [
            drawn['truths'][MAPS.index(label)],
            *(maps.get((label, column), nothing) for column in columns),
        ]
        for label in labels
    ]
    return panels(
        'shapes',
        rows,
        ['truth', *columns],
        labels,
        'What read-outs of several kernels and layers see in one image '
        '(Fig. 5).',
        limits=(0, 1),
    )


def content_loss(
    drawn: Mapping[str, np.ndarray], net: str, title: str
) -> Figure:
    """Where content hides position: mean error of H, V and G (Eq. 4)."""
    natural = drawn['sources'] == drawn['sources'][0]
    rows = [
        [image.transpose(1, 2, 0) for image in drawn['inputs'][natural]],
        list(drawn['content_loss'][natural]),
    ]
    return panels(
        f'content-loss-{net}',
        rows,
        labels=['input', 'content loss'],
        caption=f'{title}: mean absolute error of H, V and G at each pixel '
        '(Eq. 4).',
    )


def sentences(scores: Scores, quick: bool) -> tuple[list[str], list[str]]:
    """What was found, in plain words and with its numbers."""
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
    for one, other in zip(nets, nets[1:]):
        told = [(name, scores.ahead(one, other, name)) for name in 'HVG']
        known = '; '.join(f'{n} {ahead}' for n, ahead in told if ahead)
        if known:
            said.append(
                f'SPC of {TITLES[one]} before {TITLES[other]}: {known}.'
            )
    remarks = ['The MAE of stripes is on [0, 1], half of that of the paper.']
    if quick:
        remarks.append(
            'Circular padding gives nothing away by itself, as the constant '
            'images show. In other images it joins borders that do not fit, '
            'and the seam can be seen.'
        )
        remarks.append(
            "Beside the small ResNet stand the paper's numbers of ResNet-152 "
            'or, for single stages and other read-outs, of VGG16 on PASCAL-S; '
            'beside circular padding those of VGG16 without padding. They say '
            'what to expect, not what to reach.'
        )
    return said, remarks
