#!/usr/bin/env python
"""Convert a Pedestron checkpoint to our configs of the same detector.

It reads CSP, Cascade R-CNN HRNet and Faster R-CNN HRNet, students and
teachers (.pth.stu), and checks every tensor against the model of the config.
Scores change a little: mmdet 3 has no "+1" in widths, another RoIAlign, and
anchors half a pixel away.
"""

import torch
from mmengine.registry import init_default_scope

from mmchanpos.engine.checkpoint import misfits, read_checkpoint, state_dict_of
from mmchanpos.engine.cli import run_tool, tool_parser
from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.files import atomic_path
from mmchanpos.models.converters.pedestron import convert_pedestron

CONFIGS = {
    'csp': 'configs/pedestrians/csp_r50_citypersons.py',
    'cascade': 'configs/pedestrians/cascade-rcnn_hrnetv2p-w32_citypersons.py',
    'faster': 'configs/pedestrians/faster-rcnn_hrnetv2p-w32_citypersons.py',
}
EXAMPLES = """examples:
  python tools/model_converters/pedestron2mmdet.py epoch_14.pth.stu csp.pth
"""


def build(config: str) -> torch.nn.Module:
    from mmdet.registry import MODELS

    cfg = load_config(config)
    init_default_scope(cfg.default_scope)
    return MODELS.build(cfg.model)


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    parser.add_argument('checkpoint', help='file of Pedestron')
    parser.add_argument('out', help='file to write')
    parser.add_argument(
        '--config', help='default: ours of the detector that the file is of'
    )
    args = parser.parse_args()
    old = state_dict_of(read_checkpoint(args.checkpoint))
    detector, weights, dropped = convert_pedestron(old)
    config = args.config or CONFIGS[detector]
    model = build(config)
    wrong = misfits(model, weights)
    wanted = model.state_dict()
    wrong += [f'{k}: not in the model' for k in weights if k not in wanted]
    if wrong:
        raise InputError(
            f'{args.checkpoint} does not fit {config}, '
            f'{len(wrong)} tensors are wrong:\n  ' + '\n  '.join(wrong)
        )
    content = {
        'state_dict': weights,
        'meta': {'dataset_meta': {'classes': ('pedestrian',)}},
    }
    with atomic_path(args.out) as tmp:
        torch.save(content, tmp)
    print(f'{args.out}: {len(weights)} tensors of {config}')
    if dropped:
        print(f'left out: {", ".join(dropped)}')


if __name__ == '__main__':
    run_tool(main)
