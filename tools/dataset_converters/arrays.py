#!/usr/bin/env python
"""Put the small images of a classification config into one .npz.

Configs that end in _npz.py, and all that use ArrayDataset, read such a file:
images in memory, batches without decoding. What the config's data sets fetch
(CIFAR-10, CIFAR-100, MNIST) is fetched.
"""

from mmengine.registry import init_default_scope

from mmchanpos.datasets.stacked import stack
from mmchanpos.engine.cli import add_config_arguments, run_tool, tool_parser
from mmchanpos.engine.config import config_of
from mmchanpos.engine.nested import bare_dataset
from mmchanpos.errors import InputError
from mmchanpos.files import write_npz
from mmchanpos.registry import DATASETS

EXAMPLES = """examples:
  python tools/dataset_converters/arrays.py \\
      configs/augshift/resnet18_cifar10.py data/cifar10.npz
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    add_config_arguments(parser)
    parser.add_argument('out', help='file to write, an .npz')
    args = parser.parse_args()
    if not args.out.endswith('.npz'):
        raise InputError(f'{args.out}: the name of an .npz was wanted.')
    cfg = config_of(args)
    init_default_scope(cfg.get('default_scope', 'mmengine'))
    arrays = {}
    for split in ('train', 'test'):
        dataset = DATASETS.build(bare_dataset(cfg, split))
        images, labels = stack(dataset)
        arrays.update({f'x_{split}': images, f'y_{split}': labels})
        print(f'{args.out}: {len(images)} images of {split}')
    classes = dataset.metainfo.get('classes')
    if classes:
        arrays['classes'] = list(classes)
    write_npz(args.out, **arrays)


if __name__ == '__main__':
    run_tool(main)
