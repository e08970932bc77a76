import json
import time

import numpy as np
import pytest
import torch

from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import test as run_test
from mmchanpos.engine.tta import apply_tta
from mmchanpos.errors import InputError
from mmchanpos.evaluation.region_iou import RegionIoUMetric
from mmchanpos.latent import ChannelRanking, random_ranking, save_rankings
from mmchanpos.latent.replay import LatentReplay
from mmchanpos.latent.sweep import Sweep
from tests.conftest import start_tool, tool, tool_in_two

CHANNELS = 32
REGIONS = dict(
    type='mmchanpos.RegionIoUMetric',
    regions=['overall', 'left', 'right'],
    digits=None,
)
SLIDE = {
    'model.test_cfg': dict(mode='slide', crop_size=(48, 48), stride=(32, 32))
}
HEADS = {
    'psp': dict(type='PSPHead', pool_scales=(1, 2), norm_cfg=dict(type='BN')),
    'fcn': dict(type='FCNHead', num_convs=2, norm_cfg=dict(type='BN')),
    'plain-fcn': dict(type='FCNHead', num_convs=1, concat_input=False),
    'uper': dict(
        type='UPerHead',
        in_channels=[8, 16, 32],
        in_index=[0, 1, 2],
        pool_scales=(1, 2),
        norm_cfg=dict(type='BN'),
    ),
}


@pytest.fixture(scope='module')
def rankings(tmp_path_factory):
    path = tmp_path_factory.mktemp('rank') / 'backbone.json'
    return write_rankings(path, CHANNELS, 'backbone')


def write_rankings(path, channels, tap, output=None):
    rng = np.random.default_rng(0)
    made = [
        ChannelRanking.from_scores(
            kind,
            rng.random(channels),
            tap=tap,
            output=output,
            means=rng.random(channels),
        )
        for kind in ('overall', 'left', 'magnitude')
    ]
    save_rankings(path, made)
    return str(path)


def configured(tiny, out, options=None):
    cfg = load_config(str(tiny[0]), options, str(out / 'work'))
    cfg.test_evaluator = dict(REGIONS)
    return cfg


def sweep(tiny, out, rankings, options=None, checkpoint=None, **arguments):
    cfg = configured(tiny, out, options)
    cfg.test_cfg = dict(
        type='mmchanpos.SweepLoop',
        rankings=rankings,
        out=str(out),
        **dict(dict(tops=[1, 8, 20], random=1, matched=0), **arguments),
    )
    metrics = run_test(cfg, str(checkpoint or tiny[1]))
    return metrics, json.loads((out / 'sweep.json').read_text())


def separate(tiny, out, row, rankings, options=None, checkpoint=None):
    cfg = configured(tiny, out, options)
    hook = dict(type='mmchanpos.ChannelZeroingHook', ranking=rankings)
    hook.update(kind=row['kind'], start=row['start'], stop=row['stop'])
    hook.update(value=row.get('value', 'zero'), seed=row.get('seed', 0))
    cfg.custom_hooks = [hook] if row['stop'] else []
    return run_test(cfg, str(checkpoint or tiny[1]))


def same_as_separate(tiny, out, content, rankings, every=1, **kwargs):
    for row in content['rows'][::every]:
        if row.get('matches') == 'left':
            continue  # the hook matches the overall ranking
        metrics = separate(tiny, out, row, rankings, **kwargs)
        for region, score in row['scores'].items():
            key = 'mIoU' if region == 'overall' else f'{region}/mIoU'
            assert score == pytest.approx(metrics[key], abs=1e-4), row


@pytest.fixture(scope='module')
def swept(tiny, rankings, tmp_path_factory):
    out = tmp_path_factory.mktemp('sweep')
    return out, *sweep(
        tiny,
        out,
        rankings,
        kinds=['overall', 'left'],
        windows=[(4, 8)],
        matched=1,
    )


def test_every_ablation_equals_a_separate_test(tiny, rankings, swept):
    out, metrics, content = swept
    assert len(content['rows']) == 1 + 4 + 4 + 4 + 3 + 3
    same_as_separate(tiny, out, content, rankings, every=2)
    assert metrics['mIoU'] == content['rows'][0]['scores']['overall']
    scores = {row['scores']['overall'] for row in content['rows']}
    assert len(scores) > 8


@pytest.fixture
def one_thread():
    """Add in the same order, however many images are in a batch.

    In a head that never learned two classes may be equal to the last digit,
    and a pixel of a few small images is more than 1e-4.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize('name', list(HEADS))
def test_other_heads_too(one_thread, tiny, rankings, name, tmp_path):
    head = dict(
        in_channels=32, in_index=2, channels=8, num_classes=19,
        align_corners=False, loss_decode=dict(type='CrossEntropyLoss'),
    )  # fmt: skip
    head.update(HEADS[name])
    options = {'model.decode_head': dict(head, _delete_=True)}
    cfg = configured(tiny, tmp_path, options)
    from mmengine.registry import init_default_scope
    from mmseg.registry import MODELS

    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    torch.nn.init.normal_(model.decode_head.conv_seg.weight)
    # Where all features are off, rounding would choose between equal classes.
    torch.nn.init.normal_(model.decode_head.conv_seg.bias)
    checkpoint = tmp_path / 'head.pth'
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    if name == 'uper':
        rankings = write_rankings(tmp_path / 'r.json', 56, 'backbone')
    kwargs = dict(options=options, checkpoint=checkpoint)
    _, content = sweep(
        tiny, tmp_path, rankings, random=0, tops=[4, 20], **kwargs
    )
    same_as_separate(tiny, tmp_path, content, rankings, **kwargs)


def test_sliding_windows_and_another_value(tiny, rankings, tmp_path):
    _, content = sweep(
        tiny, tmp_path, rankings, SLIDE, tops=[8, 20], value='mean'
    )
    same_as_separate(tiny, tmp_path, content, rankings, options=SLIDE)


def test_augmented_images_are_swept_as_they_are_tested(
    tiny, rankings, tmp_path
):
    def augmented():
        cfg = configured(tiny, tmp_path)
        load, *_, annotations, pack = cfg.test_dataloader.dataset.pipeline
        flips = [dict(type='RandomFlip', prob=p) for p in (0.0, 1.0)]
        views = [flips, [annotations], [pack]]
        views = dict(type='TestTimeAug', transforms=views)
        cfg.tta_model = dict(type='SegTTAModel')
        cfg.tta_pipeline = [load, views]
        apply_tta(cfg)
        return cfg

    cfg = augmented()
    plan = dict(kinds=['overall'], tops=[8], random=1, matched=0)
    loop = dict(type='mmchanpos.SweepLoop', out=str(tmp_path), **plan)
    cfg.test_cfg = dict(loop, rankings=rankings)
    run_test(cfg, str(tiny[1]))
    _, row, _ = json.loads((tmp_path / 'sweep.json').read_text())['rows']
    cfg = augmented()
    hook = dict(type='mmchanpos.ChannelZeroingHook', ranking=rankings)
    cfg.custom_hooks = [dict(hook, kind='overall', top=8)]
    wanted = run_test(cfg, str(tiny[1]))
    assert row['scores']['overall'] == pytest.approx(wanted['mIoU'], abs=1e-4)


def test_what_it_writes_is_what_the_report_reads(swept):
    out, _, content = swept
    read = Sweep.load(out / 'sweep.json')
    assert read.kinds == ['overall', 'left']
    assert read.tops('overall') == [1, 8, 20]
    assert read.windows('left') == [(4, 8)]
    assert read.channels == CHANNELS
    areas = read.per_image
    assert areas.shape == (len(content['rows']), 7, 3, 3, 19)
    total = areas[:, :, 0].sum(1).astype(float)
    union = total[:, 1] + total[:, 2] - total[:, 0]
    with np.errstate(invalid='ignore'):
        miou = 100 * np.nanmean(total[:, 0] / union, axis=1)
    scores = [row['scores']['overall'] for row in content['rows']]
    np.testing.assert_allclose(miou, scores, atol=1e-6)
    # Nothing, the largest N of the first ranking, and as many random ones.
    assert read.examples['off'].tolist() == ['none', 'overall', 'random']
    assert read.examples['top'].tolist() == [0, 20, 20]
    assert read.examples['prediction'].shape == (3, 3, 48, 80)
    assert len(content['images']) == 7
    assert content['provenance']['config'] == 'tiny.py'
    assert not list(out.glob('unfinished*'))


def test_two_processes_sweep_as_one_does(tiny, rankings, swept, tmp_path):
    config, checkpoint = tiny
    regions = "['overall','left','right']"
    result = tool_in_two(
        'test.py', config, checkpoint, '--work-dir', tmp_path, '--cfg-options',
        'test_evaluator.type=mmchanpos.RegionIoUMetric',
        f'test_evaluator.regions={regions}', 'test_evaluator.digits=None',
        'test_cfg.type=mmchanpos.SweepLoop', f'test_cfg.out={tmp_path}',
        f'test_cfg.rankings={rankings}', 'test_cfg.kinds=[overall,left]',
        'test_cfg.tops=[1,8,20]', 'test_cfg.windows="[(4,8)]"',
        'test_cfg.random=1', 'test_cfg.matched=1',
    )  # fmt: skip
    result.check_returncode()
    content = json.loads((tmp_path / 'sweep.json').read_text())
    assert content['images'] == swept[2]['images']
    assert len(content['rows']) == len(swept[2]['rows'])
    for row, other in zip(content['rows'], swept[2]['rows']):
        assert row['scores'] == pytest.approx(other['scores'], abs=1e-4)
    one, two = (
        np.load(folder / 'sweep.npz')['areas']
        for folder in (swept[0], tmp_path)
    )
    assert np.array_equal(one[0], two[0])


def test_a_killed_sweep_goes_on_and_ends_with_the_same_numbers(
    tiny, rankings, call_tool, tmp_path
):
    config, checkpoint = tiny

    def command(out):
        return [
            'test.py', config, checkpoint, '--work-dir', out,
            '--cfg-options', f'test_cfg.out={out}',
            'test_cfg.type=mmchanpos.SweepLoop', 'test_cfg.save_every=0',
            f'test_cfg.rankings={rankings}', 'test_cfg.tops=[1,8,20]',
            'test_evaluator.type=mmchanpos.RegionIoUMetric',
            'test_dataloader.batch_size=1',
        ]  # fmt: skip

    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    tool(*command(whole)).check_returncode()
    process = start_tool(*command(killed), said=tmp_path)
    deadline = time.monotonic() + 200
    while len(list(killed.glob('unfinished*/process-0-*'))) < 3:
        assert process.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.join()
    assert not (killed / 'sweep.json').exists()
    again = tool(*command(killed))
    again.check_returncode()
    assert 'going on after' in again.stdout + again.stderr
    first, second = (
        json.loads((folder / 'sweep.json').read_text())
        for folder in (whole, killed)
    )
    assert first == second
    for name in ('sweep.npz', 'examples.npz'):
        one, two = np.load(whole / name), np.load(killed / name)
        assert all(np.array_equal(one[key], two[key]) for key in one.files)
    assert not list(killed.glob('unfinished*'))
    assert 'is there already' in call_tool(*command(killed))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(kinds=['lef']), 'Did you mean "left"'),
        (dict(kinds=['right']), 'for the sweep there is no ranking "right"'),
        (dict(tops=[]), 'needs tops, windows or both'),
        (dict(tops=[99]), 'has 32 channels'),
        (dict(windows=[(30, 40)]), 'has 32 channels'),
        (dict(value='zeros'), 'Did you mean "zero"'),
        (dict(tap='bakbone'), 'Did you mean "backbone"'),
        (dict(tap='backbone.layer2'), 'the latent has 16'),
        (dict(rankings='nowhere.json'), 'does not exist'),
        (dict(rankings=[], tops=None), 'no ranking to sweep'),
    ],
)
def test_bad_input_is_named(tiny, rankings, tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        sweep(tiny, tmp_path, **dict(dict(rankings=rankings), **arguments))
    assert not (tmp_path / 'sweep.json').exists()


def test_a_path_alone_means_the_output_that_was_ranked(tiny, tmp_path):
    # The head reads another one, of 32 channels.
    rankings = write_rankings(tmp_path / 'r.json', 16, 'backbone', output=1)
    _, content = sweep(
        tiny, tmp_path, rankings, tap='backbone', kinds=['overall'], tops=[1]
    )
    assert content['provenance']['tap'] == 'backbone@1'


def test_matched_channels_need_magnitudes(tiny, tmp_path):
    path = tmp_path / 'r.json'
    random_ranking(CHANNELS, tap='backbone').save(path)
    with pytest.raises(InputError, match='need the ranking "magnitude"'):
        sweep(tiny, tmp_path, str(path), matched=1)


def noted_runs(monkeypatch):
    """How many ablations share each run of the head, from now on."""
    together, run = [], LatentReplay.run_together

    def noted(replay, predict, plan, appliers):
        together.append(len(plan))
        return run(replay, predict, plan, appliers)

    monkeypatch.setattr(LatentReplay, 'run_together', noted)
    return together


@pytest.mark.parametrize('more', [{}, SLIDE], ids=['whole', 'slide'])
def test_ablations_together_are_those_apart(
    one_thread, tiny, rankings, more, tmp_path, monkeypatch
):
    options = {'test_dataloader.batch_size': 1, **more}
    together = noted_runs(monkeypatch)
    found = {
        size: sweep(
            tiny,
            tmp_path / str(size),
            rankings,
            options,
            tops=[1, 8, 20, 31],
            random=2,
            together=size,
        )[1]
        for size in (1, 4)
    }
    # Of each of the seven images; a row or two switch off the same.
    assert max(together) == 4
    shared = sum(ablations for ablations in together if ablations > 1)
    assert shared > 7 * (len(found[1]['rows']) - 4)
    for one, other in zip(found[1]['rows'], found[4]['rows']):
        assert one['scores'] == pytest.approx(other['scores'], abs=1e-4)
    scores = {row['scores']['overall'] for row in found[4]['rows']}
    assert len(scores) > 5


@pytest.mark.parametrize('why', ['a batch', 'draws', 'relocate'])
def test_what_cannot_share_a_run_does_not(
    tiny, rankings, why, tmp_path, monkeypatch
):
    together = noted_runs(monkeypatch)
    options = {'test_dataloader.batch_size': 7 if why == 'a batch' else 1}
    if why == 'draws':
        from mmseg.models.decode_heads import ASPPHead

        forward = ASPPHead.forward
        monkeypatch.setattr(
            ASPPHead, 'forward', lambda *a: forward(*a) + 0 * torch.rand(())
        )
    value = 'relocate' if why == 'relocate' else 'zero'
    _, content = sweep(
        tiny, tmp_path, rankings, options, together=4, value=value
    )
    assert set(together) == {1}
    assert len(content['rows']) > 5


@pytest.mark.parametrize('together', [1, 4])
def test_a_gpu_makes_no_maps_that_are_only_counted(
    one_thread, tiny, rankings, together, tmp_path, monkeypatch
):
    options = {'test_dataloader.batch_size': 1}
    _, usual = sweep(tiny, tmp_path / 'usual', rankings, options)
    monkeypatch.setattr('mmchanpos.engine.sweep.ablated.on_gpu', lambda _: 1)
    counts, process = [], RegionIoUMetric.process

    def noted(metric, batch, samples):
        counts.extend('region_areas' in sample for sample in samples)
        process(metric, batch, samples)

    monkeypatch.setattr(RegionIoUMetric, 'process', noted)
    _, found = sweep(
        tiny, tmp_path / 'found', rankings, options, together=together
    )
    for one, other in zip(usual['rows'], found['rows']):
        assert one['scores'] == pytest.approx(other['scores'], abs=1e-4)
    # Three rows are shown: with nothing off, and the largest N of two kinds.
    rows = len(found['rows'])
    assert len(counts) == 7 * rows
    assert sum(counts) == 7 * (rows - 3)
