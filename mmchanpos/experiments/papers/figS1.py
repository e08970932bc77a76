"""Figure S1: how much location each layer of a frozen net gives away."""

from pathlib import Path
from typing import Any, Dict, Iterator, List

from mmchanpos.errors import InputError
from mmchanpos.experiments.run.runs import Train, config_path
from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Call, Context, Step
from mmchanpos.report import Number, Section, Table
from mmchanpos.report.probe_section import probe_section

#: The frozen nets of the full setting; their weights are looked for under
#: ``checkpoints/`` and never fetched.
ENCODERS = {
    'classification': (
        'mmpretrain::resnet/resnet18_8xb32_in1k.py',
        'checkpoints/resnet18_8xb32_in1k.pth',
    ),
    'segmentation': (
        'mmseg::deeplabv3/deeplabv3_r18-d8_4xb2-80k_cityscapes-512x1024.py',
        'checkpoints/deeplabv3_r18-d8_512x1024_80k_cityscapes.pth',
    ),
}
_SMALL = 'configs/probe/encoder_resnet18-small_synthetic.py'


def steps(setting: Setting) -> Iterator[Step]:
    """Train or take the nets, probe them, and probe one literally."""
    data = setting.pick(
        quick='configs/probe/resnet18-small_location-3x3_synthetic.py',
        full='configs/probe/resnet18_location-3x3_cifar10.py',
    )
    epochs = setting.pick(quick=10, full=20)
    # So few steps want a higher rate than the authors'.
    lr = setting.pick(quick=0.01, full=0.001)
    options = _data_options(setting)
    if setting.quick:
        yield Train('encoder', _SMALL, seed=setting.seeds[0], seconds=60)
    for name, (config, checkpoint) in _encoders(setting).items():
        for seed in setting.seeds:
            arguments = dict(
                config=config,
                checkpoint=checkpoint,
                data=data,
                options=options,
                epochs=epochs,
                lr=lr,
                seed=seed,
            )
            yield Call(
                f'{name}-seed{seed}',
                run_probe,
                arguments,
                f'python tools/probe.py {config} {checkpoint} --data {data} '
                f'--epochs {epochs} --lr {lr} --seed {seed}',
                seconds=setting.pick(quick=60, full=3600),
            )
    weights = next(iter(_encoders(setting).values()))[1]
    yield Train(
        'literal',
        data,
        {
            **options,
            'model.backbone.init_cfg.checkpoint': weights,
            'optim_wrapper.optimizer.lr': lr,
            'train_cfg.max_epochs': epochs,
            'train_cfg.val_interval': epochs + 1,
        },
        seed=setting.seeds[0],
        seconds=setting.pick(quick=90, full=10 * 3600),
    )


def read(context: Context) -> Section:
    """Accuracy by layer for every net, and cached against literal."""
    sections = []
    for name in _encoders(context.setting):
        runs = [
            context.results[f'{name}-seed{seed}']
            for seed in context.setting.seeds
        ]
        section = probe_section(merged(runs))
        section.figures[0].name = f'{name}-by-layer'
        section.tables[0].title += f', net trained for {name}'
        sections.append(section)
    first = next(iter(_encoders(context.setting)))
    runs = [context.results[f'{first}-seed{s}'] for s in context.setting.seeds]
    check = Table(
        'Last stage, GAPNet: cached read-out against literal training (%)',
        ['way', 'accuracy', 'images seen'],
    )
    last = runs[0]['layers'][-1]
    cached = [
        row['accuracy'][0]
        for run in runs
        for row in run['rows']
        if (row['net'], row['layer'], row['readout'])
        == ('probed', last, 'gapnet')
    ]
    check.add('cached: one cell per image', Number.over(cached), 'once')
    check.add(
        'literal: tools/train.py, a new cell in every epoch',
        Number(context.results['literal']['metrics']['accuracy/top1']),
        'every epoch',
    )
    return Section(
        'How much location does each layer of a frozen net give away?',
        sections[0].sentences,
        figures=[f for s in sections for f in s.figures],
        tables=[t for s in sections for t in s.tables] + [check],
    )


def run_probe(
    context: Context,
    config: str,
    checkpoint: str,
    data: str,
    options: Dict[str, Any],
    epochs: int,
    lr: float,
    seed: int,
) -> Dict[str, Any]:
    """Do what ``tools/probe.py`` does."""
    from mmchanpos.engine.config import load_config
    from mmchanpos.engine.probe import probe
    from mmchanpos.models.readouts.probe import Recipe

    if not Path(checkpoint).is_file():
        raise InputError(
            f'{checkpoint} is missing: put the published weights of {config} '
            'there (their address is in the metafile beside that config).'
        )
    return probe(
        load_config(config_path(config)),
        checkpoint,
        load_config(config_path(data), options),
        recipe=Recipe(epochs=epochs, lr=lr, seed=seed),
    )


def merged(runs: List[Dict[str, Any]]) -> Dict[str, Any]:
    """One probe whose accuracies are the means of several runs."""
    rows = []
    for same in zip(*(run['rows'] for run in runs)):
        means = [sum(r['accuracy']) / len(r['accuracy']) for r in same]
        rows.append(dict(same[0], accuracy=means))
    return dict(runs[0], rows=rows)


def _encoders(setting: Setting) -> Dict[str, Any]:
    if setting.quick:
        return {'classification': (_SMALL, '{encoder}/epoch_4.pth')}
    return ENCODERS


def _data_options(setting: Setting) -> Dict[str, Any]:
    if setting.quick or not setting.data_root:
        return {}
    return {
        f'{split}_dataloader.dataset.data_root': setting.data_root
        for split in ('train', 'val', 'test')
    }
