"""PosENet, Fig. 1: what a crop does to a prediction.

The paper crops images of salient objects; here a segmentor is asked, whose
answer in built-in streets must hang on the side.
"""

from typing import Any, Iterator

from mmchanpos.experiments import Call, Context, Setting, Step
from mmchanpos.files import read_npz, write_npz
from mmchanpos.report import Number, Section, Table, panels
from mmchanpos.statistics import over_trainings

from .attacks import net_of, seeds_of, streets, train_steps

NEEDS = (
    'Cityscapes, and weights of the DeepLabv3 or GPUs to train it. The nets '
    'for salient objects that the paper crops images for are not covered.'
)
#: Share of the width that a crop keeps, and how many images are cropped.
KEPT, IMAGES = 0.75, 20
#: Columns that a crop keeps of so many.
SIDES = {
    'left': lambda width: (0, int(KEPT * width)),
    'right': lambda width: (width - int(KEPT * width), width),
}
#: Columns of the figure.
PANELS = ('image', 'whole', 'left crop', 'right crop')


def steps(setting: Setting) -> Iterator[Step]:
    """Train segmentors, and let each of them see images and their crops."""
    yield from train_steps(setting)
    root = streets(setting)
    for seed in seeds_of(setting):
        train = f'train-seed{seed}'
        yield Call(
            f'crops-seed{seed}',
            function=crop,
            arguments=dict(
                config=net_of(setting).config,
                checkpoint=f'{{{train}:checkpoint}}',
                root=root,
            ),
            needs=[*['data'] * ('{data}' in root), train],
            seconds=setting.pick(quick=20, full=600),
        )


def read(context: Context) -> Section:
    """How many pixels change their class when others are cut off."""
    steps_of = [f'crops-seed{seed}' for seed in seeds_of(context.setting)]
    found = [context.results[name] for name in steps_of]
    table = Table(
        'Fig. 1: pixels whose class changes when the image is cropped (%)',
        ['crop', 'all pixels', 'vehicles'],
        note='Mean and standard deviation over trainings. Only pixels that '
        'both predictions see are compared.',
    )
    for side in SIDES:
        cells = [
            Number.over([run[f'{side}_{part}'] for run in found])
            for part in ('all', 'vehicles')
        ]
        table.add(f'the {side} {KEPT:.0%} of the width', *cells)
    more = [
        sum(run[f'{s}_vehicles'] - run[f'{s}_all'] for s in SIDES) / 2
        for run in found
    ]
    drawn = read_npz(context.folders[steps_of[0]] / 'crops.npz')
    figure = panels(
        'crops',
        [list(row) for row in zip(*(drawn[name] for name in PANELS))],
        PANELS,
        caption='What a segmentor says of whole images, and of crops put '
        'back in their place (Fig. 1).',
    )
    return Section(
        'What does a crop do to a prediction?',
        [
            'A crop moves the border, and with it what a net takes for the '
            'left and for the right. The class of a vehicle hangs on its side '
            'in built-in streets: points by which vehicles change more than '
            f'all pixels do: {over_trainings(more)}.'
        ],
        figures=[figure],
        tables=[table],
    )


def crop(
    context: Context, config: str, checkpoint: str, root: str
) -> dict[str, Any]:
    """Predict images and their crops, and compare what both see."""
    import numpy as np
    import torch
    from mmengine.registry import DATASETS

    from mmchanpos.engine.attack import use_data_root, use_images
    from mmchanpos.engine.config import load_config
    from mmchanpos.engine.probe import build_encoder

    drawn = context.setting.builtin
    cfg = load_config(config, builtin=drawn)
    if not drawn:  # of which there are two
        use_data_root(cfg, root)
        use_images(cfg, IMAGES)
    model = build_encoder(cfg, checkpoint)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    names = dataset.metainfo['classes']
    vehicles = torch.tensor([names.index('car'), names.index('truck')])
    palette = np.array(dataset.metainfo['palette'], dtype=np.uint8)
    changed = {f'{s}_{p}': [0, 0] for s in SIDES for p in ('all', 'vehicles')}
    kept: dict[str, list[Any]] = {name: [] for name in PANELS}
    swapped = cfg.model.data_preprocessor.get('bgr_to_rgb', False)
    for sample in (dataset[i] for i in range(len(dataset))):
        image = sample['inputs']
        given = image.flip(0) if swapped else image
        whole = predicted(model, given)
        parts = {}
        for side in SIDES:
            place = slice(*SIDES[side](image.shape[-1]))
            found = predicted(model, given[..., place])
            before = whole[:, place]
            of_vehicles = torch.isin(before, vehicles)
            for part, mask in (
                ('all', torch.ones_like(of_vehicles)),
                ('vehicles', of_vehicles),
            ):
                count = changed[f'{side}_{part}']
                count[0] += int((found != before)[mask].sum())
                count[1] += int(mask.sum())
            parts[f'{side} crop'] = np.full((*whole.shape, 3), 255, np.uint8)
            parts[f'{side} crop'][:, place] = palette[found.numpy()]
        parts['whole'] = palette[whole.numpy()]
        parts['image'] = image.flip(0).permute(1, 2, 0).numpy()
        for name in PANELS:
            kept[name] = [*kept[name], parts[name]][:3]
    write_npz(
        context.folder / 'crops.npz',
        **{name: np.stack(images) for name, images in kept.items()},
    )
    return {k: 100 * n / max(of, 1) for k, (n, of) in changed.items()}


def predicted(model: Any, image: Any) -> Any:
    """Classes of an image, (H, W)."""
    shape = tuple(image.shape[-2:])
    mean, std = model.data_preprocessor.mean, model.data_preprocessor.std
    # It has no padding to do, which its own call would insist on.
    inputs = (image.float() - mean) / std
    meta = dict(img_shape=shape, ori_shape=shape, pad_shape=shape)
    return model.encode_decode(inputs[None], [meta])[0].argmax(0)
