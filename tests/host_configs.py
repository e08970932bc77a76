"""Rank and attack one config of every algorithm folder of the three hosts.

A script, not a test: about an hour on one core::

    python tests/host_configs.py --json host_configs.json
    python tests/host_configs.py --hosts mmseg --only mmseg/dpt mmseg/segnext

Each config is built with random weights and small images, in a fork of this
process with a limit of time and memory. It passes where its channels can be
ranked, where a replay without half of them predicts what a separate run does,
and where nothing is left of that in the end. What the host cannot build or
predict here by itself is no fault of ours and named. ``--json`` is added to,
so a run that was ended goes on.
"""

import argparse
import json
import os
import resource
import signal
import sys
import time
import traceback
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterator

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('HF_HUB_OFFLINE', '1')

HOSTS = ('mmpretrain', 'mmseg', 'mmdet')
#: How a config may end; ``fails`` is a fault of ours.
OUTCOMES = ('passes', 'fails', 'not attackable', 'not built', 'not predicted')
#: Small nets first, of the configs of a folder.
SMALL = ('tiny', '_t_', '-t_', 'nano', 'small', '-s_', '_s_', 'r18', '18_',
         'b0', 'r50', '50_', 'base')  # fmt: skip
#: Height and width that are tried in turn, as some nets take no small images.
SIZES = {
    'mmpretrain': [(64, 64), (224, 224), (256, 256), (384, 384), (32, 32)],
    'mmseg': [(64, 96), (128, 128), (256, 256), (512, 512)],
    'mmdet': [(96, 128), (256, 128), (256, 256), (512, 512)],
}
IMAGES = 3
#: With these no box and no mask of an untrained head is left out.
_KEPT = dict(
    score_thr=0.0, distance_threshold=1e9, object_mask_thr=0.0, iou_thr=0.0
)
#: Taps that the README names, besides what heads read.
TAPS = {
    'mmpretrain::vision_transformer/vit-base-p16_32xb128-mae_in1k.py': (
        'backbone.layers.10'
    ),
    'mmpretrain::swin_transformer/swin-tiny_16xb64_in1k.py': (
        'backbone.stages.2.blocks.5'
    ),
    'mmpretrain::convnext/convnext-tiny_32xb128_in1k.py': 'backbone.stages.3',
}


def configs(host: str) -> dict[str, str]:
    """One config of every folder of a host.

    Args:
        host (str): One of :data:`HOSTS`.

    Returns:
        dict: ``host/folder`` to ``host::folder/file.py``.
    """
    from mmchanpos.engine.config import package_configs

    root = package_configs(host)
    found = {}
    for folder in sorted(p for p in root.iterdir() if p.is_dir()):
        files = [
            file.relative_to(root).as_posix()
            for file in folder.rglob('*.py')
            if '_base_' not in file.parts and _is_model(file)
        ]
        if files and folder.name != '_base_':
            first = min(files, key=lambda name: (_weight(name), name))
            found[f'{host}/{folder.name}'] = f'{host}::{first}'
    return found


def _is_model(file: Path) -> bool:
    """Whether a file may be a complete config, not a part of one."""
    text = file.read_text()
    return 'model' in text or '_base_' in text


def _weight(name: str) -> int:
    _, *deeper, file = name.split('/')
    places = [i for i, part in enumerate(SMALL) if part in file]
    # Headless backbones are for extracting features alone, and what lies
    # deeper shows another algorithm.
    late = 100 * ('headless' in file) + 20 * bool(deeper)
    return min(places, default=len(SMALL)) + late


def try_config(
    name: str, say: Callable[[str], None], tap: Any = None
) -> dict[str, Any]:
    """Build, rank, ablate, restore and replay one config.

    Args:
        name (str): ``host::folder/file.py``.
        say (Callable): Is told each step before it begins.
        tap (str, optional): Where. Defaults to what the head reads.

    Returns:
        dict: ``tap``, ``channels``, and ``size`` of the images.
    """
    import torch
    from mmengine.registry import DefaultScope

    from mmchanpos.engine.config import load_config
    from mmchanpos.engine.hosts import tap_of, usual_tap
    from mmchanpos.engine.nested import untrained
    from mmchanpos.errors import InputError
    from mmchanpos.registry import MODELS

    torch.manual_seed(0)
    say('not built')
    host = name.split('::')[0]
    cfg = load_config(name)
    if cfg.get('model') is None:
        raise LookupError('it has no model')
    untrained(cfg.model)
    if 'prototype' in cfg.model:
        cfg.model.prototype = 'none'
    if cfg.get('data_preprocessor') is not None:
        cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
    if 'text_encoder' in cfg.model and host == 'mmseg':
        # Each class is read in one sentence, not in each of 14.
        cfg.model.text_encoder.templates = ['a photo of a {}']
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model).eval()
        _draw_left_out(model)
        say('fails')
        tap = tap_of(tap or usual_tap(model), model)
        say('not predicted')
        try:
            batches = _first_that_fits(model, host)
        except Exception:
            # Boxes of layers that were drawn any way can be inside out.
            model.init_weights()
            batches = _first_that_fits(model, host)
        say('fails')
        # No box is likely of untrained heads, and their layers let little
        # through: with more and more help, until something hangs on it.
        hangs = False
        for help_it in (lambda *_: None, _keep_boxes, _settle):
            help_it(model, batches)
            try:
                channels, hangs = _attacked(model, tap, batches)
            except InputError as e:
                if 'NaN' not in str(e):
                    raise
            if hangs:
                break
        if not hangs:
            with torch.no_grad():
                found = _predictor(model, batches[0])()
            if not any(
                len(getattr(f, 'pred_instances', 'some')) for f in found
            ):
                say('not predicted')
                raise AssertionError('an untrained head finds nothing')
            raise AssertionError('no prediction hangs on the latent')
    left = [m for m in model.modules() if m._forward_hooks]
    assert not [m for m in left if 'mmchanpos' in str(m._forward_hooks)]
    shape = batches[0]['inputs'][0].shape[1:]
    return dict(
        tap=str(tap), channels=channels, size='x'.join(map(str, shape))
    )


def _attacked(model: Any, tap: Any, batches: list[dict]) -> tuple[int, bool]:
    """How many channels there are, and whether anything hangs on them."""
    import torch

    from mmchanpos.engine.batches import forwarder
    from mmchanpos.latent import Ablation, DeltaCollector, ablate, rank
    from mmchanpos.latent.replay import LatentReplay

    collector = DeltaCollector(model, [tap], kinds=('overall',))
    for i, batch in enumerate(batches):
        collector.add(forwarder(model, batch), [i])
    (deltas,) = collector.deltas()
    ranking = rank(deltas, 'overall', draws=0)
    ablation = Ablation(ranking, top=max(1, ranking.live // 2))
    predict = _predictor(model, batches[0])
    with torch.no_grad():
        plain = predict()
        with ablate(model, tap, ablation):
            separate = predict()
        _alike(plain, predict(), 'after the ablation')
        replay = LatentReplay(model, tap)
        _alike(plain, replay.record(predict), 'while it is recorded')
        _alike(separate, replay.run(predict, ablation), 'in a replay')
        _alike(plain, predict(), 'after the replay')
    return ranking.channels, _differ(plain, separate) is not None


def _draw_left_out(model: Any) -> None:
    """Draw what CLIP's text encoder of mmseg leaves to its checkpoint.

    Without one it is whatever the memory holds, and zeros make all NaN.
    """
    import torch

    for name, weights in model.named_parameters():
        if name.startswith('text_encoder.') and name.endswith(
            ('text_projection', 'positional_embedding')
        ):
            torch.nn.init.normal_(weights, std=weights.shape[-1] ** -0.5)


def _keep_boxes(model: Any, batches: list[dict]) -> None:
    """Let a head leave out nothing that it is unsure of."""
    for module in model.modules():
        settings = getattr(module, 'test_cfg', None)
        if isinstance(settings, dict):
            for key, all_kept in _KEPT.items():
                if key in settings:
                    settings[key] = all_kept


def _settle(model: Any, batches: list[dict]) -> None:
    """Let images through, with the hosts' own draws and norms that fit."""
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    model.init_weights()
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    together = {key: sum((b[key] for b in batches), []) for key in batches[0]}
    with torch.no_grad():
        _predictor(model, together)()
    model.eval()


def _first_that_fits(model: Any, host: str) -> list[dict]:
    import torch

    if hasattr(model, 'prototype_vecs') or hasattr(model, 'prototype'):
        _remember(model)
    # Fast R-CNN is given where to look; to others it would be a disturbance.
    looks = getattr(model, 'with_rpn', False)
    proposals = getattr(model, 'with_roi_head', False) and not looks
    sizes = SIZES[host]
    wanted = getattr(getattr(model, 'backbone', None), 'img_size', None)
    if isinstance(wanted, int):
        wanted = (wanted, wanted)
    if wanted:
        # Mixers take no other size than their own; a large one is slow.
        own = tuple(wanted)
        sizes = [own, *sizes] if own <= (256, 256) else [*sizes, own]
    for size in sizes:
        rng = torch.Generator().manual_seed(0)
        shape = (_colours(model), *size)
        batches = [
            _batch(
                host, torch.randint(0, 256, shape, generator=rng), i, proposals
            )
            for i in range(IMAGES)
        ]
        try:
            with torch.no_grad():
                predict = _predictor(model, batches[0])
                _alike(predict(), predict(), 'twice, by itself')
            return batches
        except Exception as e:
            if size == sizes[-1]:
                raise
            print(f'  {size}: {type(e).__name__}: {str(e)[:200]}')
    raise LookupError('no size')


def _colours(model: Any) -> int:
    """Three, but where images are normalised as grey ones."""
    mean = getattr(model.data_preprocessor, 'mean', None)
    return 3 if mean is None else len(mean)


def _predictor(model: Any, batch: dict) -> Callable[[], Any]:
    from mmchanpos.engine.batches import forwarder, predictor

    # A backbone alone gives its features.
    headless = not getattr(model, 'with_head', True)
    return (forwarder if headless else predictor)(model, batch)


def _remember(model: Any) -> None:
    """Give a retriever two images to find."""
    import torch

    with torch.no_grad():
        model.prototype = model.image_encoder(torch.rand(2, 3, 224, 224))
    if isinstance(model.prototype, tuple):
        model.prototype = model.prototype[-1]


def _batch(host: str, image: Any, number: int, proposals: bool) -> dict:
    import torch

    shape = tuple(image.shape[1:])
    about = dict(
        img_path=f'{number}.png',
        img_id=number,
        img_shape=shape,
        ori_shape=shape,
        pad_shape=shape,
        scale_factor=(1.0, 1.0),
        flip=False,
        flip_direction=None,
    )
    if host == 'mmpretrain':
        from mmpretrain.structures import DataSample as Sample
    elif host == 'mmseg':
        from mmseg.structures import SegDataSample as Sample
    else:
        from mmdet.structures import DetDataSample as Sample
    sample = Sample(metainfo=about)
    if proposals:
        from mmengine.structures import InstanceData

        height, width = shape
        boxes = torch.tensor([[0, 0, width / 2, height / 2]])
        sample.proposals = InstanceData(bboxes=boxes, scores=torch.ones(1))
    return dict(inputs=[image.to(torch.uint8)], data_samples=[sample])


def _tensors(value: Any, name: str = '') -> Iterator[tuple[str, Any]]:
    """Every number of a prediction, with a name."""
    import numpy as np
    import torch
    from mmengine.structures import BaseDataElement

    if isinstance(value, BaseDataElement):
        value = {
            k: v for k, v in value.items() if k not in ('proposals', 'gt_sem')
        }
    tensor = getattr(value, 'tensor', value)
    if isinstance(tensor, torch.Tensor):
        yield name, tensor.detach().double()
    elif isinstance(value, (bool, int, float, np.ndarray, np.number)):
        yield name, torch.as_tensor(np.asarray(value)).double()
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _tensors(value[key], f'{name}.{key}')
    elif isinstance(value, (list, tuple)):
        for i, part in enumerate(value):
            yield from _tensors(part, f'{name}.{i}')


def _differ(first: Any, second: Any) -> Any:
    """What differs between two predictions beyond rounding, or None."""
    one, two = dict(_tensors(first)), dict(_tensors(second))
    if not one:
        return 'nothing was predicted'
    if one.keys() != two.keys():
        return f'{sorted(one.keys() ^ two.keys())}'
    for name, a in one.items():
        b = two[name]
        if a.shape != b.shape:
            return f'{name}: {tuple(a.shape)} and {tuple(b.shape)}'
        # Of a thousand classes each has a small score.
        known = a[a.isfinite()].abs()
        scale = float(known.max()) if known.numel() else 1.0
        # Boxes of untrained heads can be endless.
        same = (a == b) | (a.isnan() & b.isnan())
        # Labels of ties may flip by rounding: one in a thousand.
        off = ~(same | ((a - b).abs() <= 1e-3 * scale))
        if off.double().mean() > 1e-3:
            share = float(off.double().mean())
            return f'{name}: {share:.1%} of {tuple(a.shape)}'
    return None


def _alike(first: Any, second: Any, when: str) -> None:
    found = _differ(first, second)
    if found is not None:
        raise AssertionError(f'predictions differ {when}: {found}')


def in_fork(
    name: str, limit: int, gigabytes: float, tap: Any = None
) -> dict[str, Any]:
    """Try a config in a process of its own.

    Args:
        name (str): ``host::folder/file.py``.
        limit (int): Seconds of a processor.
        gigabytes (float): Of memory.
        tap (str, optional): Where. Defaults to what the head reads.

    Returns:
        dict: ``config``, ``outcome`` (one of :data:`OUTCOMES`), ``why``, and
        what :func:`try_config` found.
    """
    sys.stdout.flush()
    reader, writer = os.pipe()
    began = time.monotonic()
    process = os.fork()
    if not process:
        os.close(reader)
        _child(partial(try_config, name, tap=tap), limit, gigabytes, writer)
    os.close(writer)
    with os.fdopen(reader) as stream:
        lines = stream.read().splitlines()
    _, status = os.waitpid(process, 0)
    found = dict(config=name, outcome='not built', why='')
    for line in lines:
        found.update(json.loads(line))
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        late = number in (signal.SIGALRM, signal.SIGXCPU, signal.SIGKILL)
        found['why'] = (
            f'over {limit} s' if late else signal.Signals(number).name
        )
        if late and found['outcome'] == 'fails':
            # What it had come to is slow by itself.
            found['outcome'] = 'not predicted'
    found['seconds'] = round(time.monotonic() - began)
    return found


def _child(run: Callable, limit: int, gigabytes: float, writer: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    most = int(gigabytes * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    signal.alarm(6 * limit)

    def tell(**found: Any) -> None:
        os.write(writer, (json.dumps(found) + '\n').encode())

    try:
        found = run(lambda step: tell(outcome=step))
        tell(outcome='passes', **found)
    except BaseException as e:
        traceback.print_exc()
        why = f'{type(e).__name__}: {e}'.strip().split('\n')
        if 'is not attackable' in str(e):
            tell(outcome='not attackable')
        tell(why=' '.join(line.strip() for line in why)[:300])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def table(found: dict[str, dict[str, Any]]) -> str:
    """The table of all that was tried, and the counts of each host."""
    lines = ['| config | tap | channels | images | passes, or why not |']
    lines += ['|---|---|---|---|---|']
    for key in sorted(found):
        row = found[key]
        said = row['outcome']
        if row['why']:
            said += ': ' + row['why'].replace('|', '/')
        cells = [row.get(k, '') for k in ('tap', 'channels', 'size')]
        lines.append(f'| {row["config"]} | {cells[0]} | {cells[1]} | '
                     f'{cells[2]} | {said} |')  # fmt: skip
    head = ('host', 'tried', *OUTCOMES)
    lines += ['', f'| {" | ".join(head)} |', '|---' * len(head) + '|']
    for host in HOSTS:
        rows = [r for k, r in found.items() if k.split('/')[0] == host]
        counts = [sum(r['outcome'] == o for r in rows) for o in OUTCOMES]
        if rows:
            cells = ' | '.join(map(str, counts))
            lines.append(f'| {host} | {len(rows)} | {cells} |')
    return '\n'.join(lines)


def main() -> None:
    """Parse the command line, try the configs, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--hosts', nargs='+', default=HOSTS, choices=HOSTS)
    parser.add_argument('--only', nargs='+', help='host/folder, tried anew')
    parser.add_argument('--json', help='what is done; goes on from there')
    parser.add_argument('--limit', type=int, default=150, help='seconds')
    parser.add_argument('--until', type=float, help='begin none after seconds')
    parser.add_argument('--memory', type=float, default=7, help='in GiB')
    parser.add_argument(
        '--log', default=os.devnull, help='of all that is said'
    )
    args = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1]))
    file = Path(args.json) if args.json else None
    found = json.loads(file.read_text()) if file and file.exists() else {}
    wanted = {k: v for host in args.hosts for k, v in configs(host).items()}
    if args.only:
        wanted = {k: v for k, v in wanted.items() if k in args.only}
    else:
        wanted = {k: v for k, v in wanted.items() if k not in found}
    _warm(args.hosts)
    out = os.dup(1)
    began = time.monotonic()
    for key, name in wanted.items():
        if args.until and time.monotonic() - began > args.until:
            break
        log = os.open(args.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1), os.dup2(log, 2), os.close(log)
        print(f'== {name}', flush=True)
        found[key] = row = in_fork(name, args.limit, args.memory)
        os.dup2(out, 1)
        print(key, row['outcome'], row.get('tap', ''), row['why'][:150],
              f'{row["seconds"]} s', flush=True)  # fmt: skip
        if file:
            file.write_text(json.dumps(found, indent=1, sort_keys=True))
    print(table(found))
    sys.exit(any(row['outcome'] == 'fails' for row in found.values()))


def _warm(hosts: Any) -> None:
    """Import once what every fork needs; nothing may compute before them."""
    import torch

    from mmchanpos.engine.preflight import import_host

    torch.set_num_threads(1)
    for host in hosts:
        import_host(host)


if __name__ == '__main__':
    main()
