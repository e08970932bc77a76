"""PosENet, Tables 1 to 4: encoders know where they are, from zero padding.

Paper: "How Much Position Information Do Convolutional Neural Networks
Encode?" (ICLR 2020). A quick run probes a small ResNet that it trains on
built-in images, with one encoder per seed; the full one probes VGG16 and
ResNet-152 with all read-outs of all seeds in one pass.
"""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from mmchanpos.experiments.run.runs import Train, config_path
from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Call, Context, Step
from mmchanpos.files import read_npz, write_npz
from mmchanpos.report import Section

from .posenet_report import content_loss, predictions, sentences, studies
from .posenet_scores import Scores

MAPS = ['H', 'V', 'G', 'HS', 'VS']
FEW = ['H', 'G', 'HS']
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
#: Net to the read-outs of a quick run. Its deep ones read one stage, since
#: inner layers are as wide as their input.
QUICK = {
    'alone': [
        dict(map=MAPS),
        dict(map=FEW, padding=[1, 2]),
        dict(map=FEW, kernel=[1, 7]),
        dict(map=FEW, layers=[2, 3]),
    ],
    'resnet18': [
        dict(map=MAPS),
        dict(map=FEW, stages=[1, 2, 3, 4, 5]),
        dict(map=FEW, kernel=[1, 7]),
        dict(map=FEW, stages=3, layers=[2, 3]),
    ],
    'resnet18-circular': [dict(map=MAPS)],
    'resnet18-random': [dict(map=MAPS)],
}
#: The first table, and the stages of the encoder.
STORY = {
    net: groups[: 1 + (net == 'resnet18')] for net, groups in QUICK.items()
}
#: Whose predictions are drawn: the last of these that was trained.
SHOWN = ('resnet18', 'resnet152')
ENCODER = 'configs/posenet/posenet-encoder_resnet18-small_synthetic.py'


def steps(setting: Setting) -> Iterator[Step]:
    """Train encoders if quick, all read-outs, and draw what was read."""
    if setting.quick:
        for seed in setting.seeds:
            yield Train(f'encoder-seed{seed}', ENCODER, seed=seed, seconds=40)
    trained = list(_readouts(setting))
    yield from (step for _, step in trained)
    shown = next(s for net, s in reversed(trained) if net in SHOWN)
    yield Call(
        'pictures',
        draw,
        dict(
            step=shown.name, config=shown.config, options=dict(shown.options)
        ),
        seconds=15,
        needs=[shown.name],
    )


def read(context: Context) -> Section:
    """Tables beside the paper's, Fig. 4, Fig. 5 and the content loss."""
    setting = context.setting
    scores = Scores(
        [
            (net, step.seed, context.results[step.name])
            for net, step in _readouts(setting)
        ]
    )
    drawn = read_npz(context.folders['pictures'] / 'pictures.npz')
    tables, figures = studies(scores, setting.quick)
    return Section(
        'What does a frozen encoder know about position?',
        sentences(scores, setting.quick),
        figures=[predictions(drawn), *figures, content_loss(drawn)],
        tables=[scores.main_table('SPC'), scores.main_table('MAE'), *tables],
    )


def draw(
    context: Context, step: str, config: str, options: Dict[str, Any]
) -> Dict[str, Any]:
    """Keep what was read out of a few test images, for the figures.

    Args:
        context (Context): Given by the framework.
        step (str): The training step whose read-outs are used.
        config (str): Its config.
        options (dict): Its options.

    Returns:
        dict: The names of the sources; the arrays go to ``pictures.npz``.
    """
    import numpy as np
    import torch
    from mmengine.dataset import pseudo_collate
    from mmengine.registry import DATASETS, init_default_scope

    from mmchanpos.engine.checkpoint import load_checkpoint
    from mmchanpos.engine.config import load_config
    from mmchanpos.evaluation.position_map_scores import content_loss_map
    from mmchanpos.registry import MODELS

    cfg = load_config(config_path(config), dict(options))
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model).eval()
    load_checkpoint(model, str(context.checkpoint(step)))
    sets = DATASETS.build(cfg.test_dataloader.dataset).datasets
    samples = [s[0] for s in sets] + [sets[0][1], sets[0][2]]
    with torch.no_grad():
        found = model.test_step(pseudo_collate(samples))
    seed = model.specs[0].seed
    names = {m: f'{m}_all_k3_l1_p0_s{seed}' for m in MAPS}
    maps = {
        m: torch.stack([f.position_maps[name] for f in found])
        for m, name in names.items()
    }
    three = {m: maps[m] for m in 'HVG'}
    write_npz(
        context.folder / 'pictures.npz',
        inputs=np.stack([s['inputs'].numpy() for s in samples]),
        sources=np.array([s['data_samples'].source for s in samples]),
        truths=torch.stack([model.truths[m] for m in MAPS]).numpy(),
        predictions=torch.stack(list(maps.values()), 1).numpy(),
        content_loss=content_loss_map(three, model.truths).numpy(),
    )
    return dict(sources=[s['data_samples'].source for s in samples])


def _readouts(setting: Setting) -> Iterator[Tuple[str, Train]]:
    """Every training of read-outs, with the net that it reads."""
    if not setting.quick:
        for net, config, groups in FULL:
            options = _full_options(setting, config, groups)
            yield (
                net,
                Train(
                    config,
                    f'configs/posenet/{config}_duts.py',
                    options,
                    seed=setting.seeds[0],
                    seconds=7200,
                ),
            )
        return
    for seed in setting.seeds:
        few = setting.pick(story=STORY, quick=QUICK, full={})
        for net, groups in few.items():
            config = 'alone' if net == 'alone' else 'posenet_resnet18-small'
            yield (
                net,
                Train(
                    f'{net}-seed{seed}',
                    f'configs/posenet/{config}_synthetic.py',
                    _quick_options(net, groups, seed),
                    seed=seed,
                    seconds=20,
                ),
            )


def _full_options(
    setting: Setting, config: str, groups: int
) -> Dict[str, Any]:
    seeds = list(setting.seeds)
    options: Dict[str, Any] = {'model.readouts.seed': seeds}
    if groups > 1:
        options = {f'model.readouts.{i}.seed': seeds for i in range(groups)}
    if setting.data_root is not None:
        root = Path(setting.data_root)
        train, test = 'duts/DUTS-TR/DUTS-TR-Image', 'pascal-s/images'
        options['train_dataloader.dataset.data_root'] = str(root / train)
        options['test_dataloader.dataset.datasets.0.data_root'] = str(
            root / test
        )
    return options


def _quick_options(
    net: str, groups: List[Dict[str, Any]], seed: int
) -> Dict[str, Any]:
    options: Dict[str, Any] = {
        'model.readouts': [dict(group, seed=seed) for group in groups],
        'train_cfg.max_epochs': 6,
        'param_scheduler.milestones': [4],
    }
    if net != 'alone':
        name = f'{{encoder-seed{seed}}}/epoch_6.pth'
        options['model.encoder.checkpoint'] = name
    if net == 'resnet18-random':
        options['model.encoder.checkpoint'] = None
    if net == 'resnet18-circular':
        options['model.encoder.padding'] = 'circular'
    return options
