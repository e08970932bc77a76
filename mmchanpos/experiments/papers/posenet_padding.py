"""PosENet, Table 5: what a net loses that is trained without padding."""

from typing import Iterator

from mmchanpos.experiments import Context, Setting, Step, Train
from mmchanpos.report import Number, Section, Table
from mmchanpos.statistics import lead

from .attacks import SHARED, SMALL, draw_streets

NEEDS = (
    'PASCAL VOC 2012. The other half of that table, salient objects (MSRA, '
    'ECSSD, DUT-OMRON, PASCAL-S), is not covered.'
)
#: mIoU of the paper, by how layers of VGG16 meet the border.
PAPER = {'zero': 23.1, 'none': 12.3}
#: Circular padding keeps the size of maps, but says nothing of the border.
PADDINGS = ('zero', 'none', 'circular')


def steps(setting: Setting) -> Iterator[Step]:
    """Train a segmentor from scratch with every padding."""
    root, needs = setting.data_root, []
    if setting.quick and not root:
        root, needs = '{data}/streets', ['data']
        yield draw_streets(*SMALL.drawn, seconds=15, shared=SHARED)
    for padding in PADDINGS:
        yield from Train.each(
            setting,
            padding,
            config=setting.pick(
                quick='configs/posenet/segmentor_plain_synthetic.py',
                full='configs/posenet/segmentor_vgg16_voc12.py',
            ),
            options={
                'model.backbone.padding': padding,
                **setting.data_options(root),
            },
            needs=needs,
            seconds=setting.pick(quick=90, full=86400),
        )


def read(context: Context) -> Section:
    """Table 5 with the paper's numbers, and what the border is worth."""
    found = {padding: context.over(padding, 'mIoU') for padding in PADDINGS}
    table = Table(
        'Table 5: segmentation, trained from scratch (mIoU)',
        ['padding', 'mIoU'],
        note='Mean and standard deviation over trainings. Maps without '
        'padding are smaller than those of the labels say; they are '
        'stretched, which costs by itself.',
    )
    for padding, values in found.items():
        table.add(padding, Number.over(values, paper=PAPER.get(padding)))
    told = []
    for other in PADDINGS[1:]:
        told.append(f'{other} {lead(found["zero"], found[other])}')
    return Section(
        'What does a segmentor lose without padding?',
        [
            'Zeros around a map tell a net where its border is. Without them '
            'it is trained to segment all the same. Points of mIoU by which '
            f'zero padding is ahead: {"; ".join(told)}. Only "circular" '
            'takes the border away and nothing else.'
        ],
        tables=[table],
    )
