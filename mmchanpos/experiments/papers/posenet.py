"""PosENet, Tables 1 to 4: encoders know where they are, from zero padding.

Paper: "How Much Position Information Do Convolutional Neural Networks
Encode?" (ICLR 2020). A quick run probes a small ResNet that it trains on
built-in images, with one encoder per seed; the full one probes VGG16 and
ResNet-152 with all read-outs of all seeds in one pass.
"""

from pathlib import Path
from typing import Any, Iterator, Sequence

from mmchanpos.errors import InputError
from mmchanpos.experiments import Call, Context, Setting, Step, Train
from mmchanpos.files import read_npz, write_npz
from mmchanpos.report import Section

from .posenet_report import (
    MAPS,
    SHAPES,
    content_loss,
    predictions,
    sentences,
    shapes,
    studies,
)
from .posenet_scores import TITLES, Scores

NEEDS = (
    'DUT-S and PASCAL-S images, which must be fetched by hand, and weights '
    'of VGG16 and ResNet-152 (fetched from their publishers, or given).'
)
#: Weights may be given for one of the two; the other's are fetched.
PARTIAL = True
#: Encoders whose weights are published.
TRAINED = ('vgg16', 'resnet152')
#: Net, config, and how many groups of read-outs the config has.
FULL = [
    ('alone', 'alone', 1),
    ('alone', 'alone_layers-kernels', 2),
    ('alone', 'alone_padding', 1),
    ('vgg16', 'vgg16', 1),
    ('vgg16', 'vgg16_layers-kernels', 2),
    ('vgg16', 'vgg16_stages', 1),
    ('vgg16-no-padding', 'vgg16_no-padding', 1),
    ('vgg16-random', 'vgg16_random', 1),
    ('resnet152', 'resnet152', 1),
]
#: Net, config, how many groups of read-outs it has, and whose weights.
QUICK = [
    ('alone', 'alone_study', 4, ''),
    ('resnet18', 'posenet_resnet18-small_study', 4, 'encoder'),
    ('resnet18-circular', 'posenet_resnet18-small', 1, 'encoder'),
    ('resnet18-random', 'posenet_resnet18-small', 1, ''),
]
STORY = [('alone', 'alone', 1, ''), *QUICK[1:]]
#: Nets whose predictions are drawn (Fig. 4).
SHOWN = ('vgg16', 'resnet152', 'resnet18', 'resnet18-circular')
ENCODER = 'configs/posenet/posenet-encoder_resnet18-small_synthetic.py'


def steps(setting: Setting) -> Iterator[Step]:
    """Train encoders if quick, all read-outs, and draw what was read."""
    if setting.quick:
        yield from train_encoders(_seeds(setting), 'encoder')
    else:
        yield from weights(TRAINED)
    trained = list(readouts(setting))
    yield from (step for _, step in trained)
    for name, step, names in _pictures(trained):
        arguments = dict(
            step=step.name,
            config=step.config,
            options=step.options,
            names=names,
        )
        yield Call(
            f'pictures-{name}',
            function=draw,
            arguments=arguments,
            seconds=15,
            needs=[step.name, *step.needs],
        )


def read(context: Context) -> Section:
    """Tables beside the paper's, Fig. 4, Fig. 5 and the content loss."""
    setting = context.setting
    trained = list(readouts(setting))
    scores = Scores(
        [(net, s.seed, context.results[s.name]) for net, s in trained]
    )
    tables, figures = studies(scores, setting.quick)
    drawn = []
    for name, _, _ in _pictures(trained):
        arrays = read_npz(context.folders[f'pictures-{name}'] / 'maps.npz')
        if name == 'shapes':
            drawn.append(shapes(arrays))
        else:
            drawn.append(predictions(arrays, name, TITLES[name]))
            drawn.append(content_loss(arrays, name, TITLES[name]))
    said, remarks = sentences(scores, setting.quick)
    return Section(
        'What does a frozen encoder know about position?',
        said,
        figures=[drawn[0], *figures, *drawn[1:]],
        tables=[scores.main_table('SPC')],
        details=[*tables, scores.main_table('MAE')],
        remarks=remarks,
    )


def weights(nets: Sequence[str]) -> Iterator[Call]:
    """Given or published weights of encoders."""
    for net in nets:
        yield Call(
            f'{net}-weights',
            function=published,
            arguments=dict(net=net),
            role=net,
            seconds=1,
        )


def published(context: Context, net: str) -> dict[str, str]:
    """Where the publisher of an encoder keeps its weights."""
    from mmchanpos.engine.config import load_config

    if net in TRAINED:
        cfg = load_config(f'configs/posenet/{net}_duts.py')
        return dict(checkpoint=cfg.model.encoder.checkpoint)
    if context.setting.builtin:  # encoders are untrained there
        return dict(checkpoint='none')
    raise InputError(
        'nobody publishes weights of this encoder: give them, or name with '
        '--checkpoint only the encoders that you have.'
    )


def draw(
    context: Context,
    step: str,
    config: str,
    options: dict[str, Any],
    names: list[str],
) -> dict[str, Any]:
    """Keep what was read out of a few test images, for the figures."""
    import numpy as np
    import torch
    from mmengine.dataset import pseudo_collate
    from mmengine.registry import DATASETS

    from mmchanpos.engine.config import load_config
    from mmchanpos.engine.probe import build_encoder
    from mmchanpos.evaluation.position_map_scores import content_loss_map
    from mmchanpos.models.readouts.position_maps import position_map

    drawn = context.setting.builtin
    cfg = load_config(config, dict(options), builtin=drawn)
    model = build_encoder(cfg, context.checkpoint(step))
    size = model.image_size
    sets = DATASETS.build(cfg.test_dataloader.dataset).datasets
    natural = sets[0]
    samples = [s[0] for s in sets]
    samples += [natural[i] for i in range(1, min(3, len(natural)))]
    found = model.test_step(pseudo_collate(samples))
    maps = {
        name: torch.stack([f.position_maps[name] for f in found])
        for name in names
    }
    three = {name[0]: m for name, m in maps.items() if name[:2] in _THREE}
    if len(three) == 3:
        lost = content_loss_map(three, model.truths).numpy()
    else:
        lost = np.zeros(0)
    write_npz(
        context.folder / 'maps.npz',
        inputs=np.stack([s['inputs'].numpy() for s in samples]),
        sources=np.array([s['data_samples'].source for s in samples]),
        names=np.array(names),
        # All five, also where the read-outs of Fig. 5 are of three.
        truths=np.stack([position_map(m, size).numpy() for m in MAPS]),
        predictions=torch.stack(list(maps.values()), 1).numpy(),
        content_loss=lost,
    )
    return dict(sources=[s['data_samples'].source for s in samples])


_THREE = ('H_', 'V_', 'G_')


def readouts(setting: Setting) -> Iterator[tuple[str, Train]]:
    """Every training of read-outs, with the net that it reads."""
    if setting.quick:
        runs = setting.pick(story=STORY, quick=QUICK, full=[])
        for seed in _seeds(setting):
            for net, *how in runs:
                yield net, quick_readouts(net, seed, *how)
        return
    # All read-outs of all seeds learn in one pass over the images, but for
    # those of several layers, of which one seed has 176 million weights.
    seeds = readout_seeds(setting)
    passes = [
        (net, config, groups, part)
        for net, config, groups in FULL
        for part in ([[s] for s in seeds] if config in WIDE else [seeds])
    ]
    for net, config, groups, part in passes:
        options = _seeded(groups, part)
        encoder = net.replace('-no-padding', '')
        needs = [f'{encoder}-weights'] if encoder in TRAINED else []
        if needs:
            options['model.encoder.checkpoint'] = f'{{{needs[0]}:checkpoint}}'
        step = Train(
            config + f'-seed{part[0]}' * (config in WIDE),
            config=f'configs/posenet/{config}_duts.py',
            options={**options, **folders(setting)},
            seed=seeds[0],
            needs=needs,
            seconds=7200,
        )
        yield net, step


def readout_seeds(setting: Setting) -> list[int]:
    """Seeds of the read-outs of one given encoder."""
    usual = setting.pick(quick=[], full=[0, 1, 2], builtin=[0])
    return list(setting.seeds) or usual


#: Read-outs that are too large to be trained with those of other seeds.
WIDE = ('vgg16_layers-kernels',)


def train_encoders(seeds: Sequence[int], role: str = '') -> Iterator[Train]:
    """Train the small encoder."""
    for seed in seeds:
        yield Train(
            f'encoder-seed{seed}',
            config=ENCODER,
            role=role,
            seed=seed,
            test=False,
            seconds=40,
        )


def quick_readouts(
    net: str, seed: int, config: str, groups: int = 1, trained: str = ''
) -> Train:
    """Train read-outs of a small encoder."""
    needs = [f'{trained}-seed{seed}'] * bool(trained)
    options = _seeded(groups, seed)
    options['train_cfg.max_epochs'] = 6
    options['param_scheduler.milestones'] = [4]
    if net != 'alone':
        file = f'{{{needs[0]}:checkpoint}}' if needs else None
        options['model.encoder.checkpoint'] = file
    if net == 'resnet18-circular':
        options['model.encoder.padding'] = 'circular'
    return Train(
        f'{net}-seed{seed}',
        config=f'configs/posenet/{config}_synthetic.py',
        options=options,
        seed=seed,
        needs=needs,
        seconds=25,
    )


def _seeded(groups: int, seed: Any) -> dict[str, Any]:
    places = [f'.{i}' for i in range(groups)] if groups > 1 else ['']
    return {f'model.readouts{place}.seed': seed for place in places}


def _seeds(setting: Setting) -> Sequence[int]:
    return setting.trainings('encoder')


def folders(setting: Setting) -> dict[str, str]:
    """Options that say where the images of the paper lie."""
    if setting.data_root is None:
        return {}
    root = Path(setting.data_root)
    test = 'test_dataloader.dataset.datasets.0.data_root'
    return {
        'train_dataloader.dataset.data_root': str(
            root / 'duts/DUTS-TR/DUTS-TR-Image'
        ),
        test: str(root / 'pascal-s/images'),
    }


def _pictures(
    trained: Sequence[tuple[str, Train]],
) -> Iterator[tuple[str, Train, list[str]]]:
    """Name, run and read-outs of what is drawn, of the first seed."""
    found: dict[str, tuple[Train, list[str]]] = {}
    for net, step in trained:
        run = Path(step.config).stem.rpartition('_')[0]
        if net in SHOWN and 'layers' not in run:
            plain = [f'{m}_all_k3_l1_p0' for m in MAPS]
            found.setdefault(net, (step, plain))
        if run in SHAPES:
            found.setdefault('shapes', (step, SHAPES[run]))
    for name, (step, names) in found.items():
        yield name, step, [f'{n}_s{step.seed}' for n in names]
