import numpy as np
import pytest
import torch

from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import test as run_test
from mmchanpos.errors import InputError
from mmchanpos.latent import ChannelRanking, Deltas, load_rankings
from mmchanpos.latent.erasers import ERASERS, load_erasers
from mmchanpos.latent.moments import Moments
from mmchanpos.latent.readout import residual_r2
from mmchanpos.testing.segmentor import write_tiny
from tests.conftest import tool_in_two


def rank(tiny, out, batch=2, checkpoint=None, **arguments):
    config, trained = tiny
    options = {'test_dataloader.batch_size': batch}
    cfg = load_config(str(config), options, str(out / 'work'))
    cfg.test_cfg = dict(type='mmchanpos.RankingLoop', out=str(out))
    cfg.test_cfg.update(arguments)
    return run_test(cfg, str(checkpoint or trained))


def test_there_are_no_predictions_to_write(tiny, tmp_path):
    cfg = load_config(str(tiny[0]), None, str(tmp_path / 'work'))
    cfg.test_cfg = dict(type='mmchanpos.RankingLoop', out=str(tmp_path))
    with pytest.raises(InputError, match='RankingLoop gives no predictions'):
        run_test(cfg, str(tiny[1]), out=str(tmp_path / 'a.pkl'))
    assert not (tmp_path / 'ranking.json').exists()


def overall(folder):
    return ChannelRanking.load(folder / 'ranking.json', 'overall')


@pytest.fixture(scope='module')
def ranked(tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp('rank')
    rank(
        tiny,
        out,
        taps=['backbone', 'backbone.layer2', 'decode_head.bottleneck'],
        kernel_flip=True,
        shift=(0, 8),
        grid=2,
    )
    return out


def test_eq_2_equals_a_literal_pass(tiny, ranked):
    from mmengine.registry import init_default_scope
    from mmengine.runner import Runner
    from mmseg.registry import DATASETS, MODELS

    cfg = load_config(str(tiny[0]))
    init_default_scope('mmseg')
    model = MODELS.build(cfg.model).eval()
    state = torch.load(tiny[1], weights_only=True)['state_dict']
    model.load_state_dict(state)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    collate = Runner.build_dataloader(cfg.test_dataloader).collate_fn
    d, size = [], 0.0
    with torch.no_grad():
        for i in range(len(dataset)):
            data = model.data_preprocessor(collate([dataset[i]]), False)
            image = data['inputs']
            z, flipped = (
                model.backbone(x)[-1].mean((2, 3))
                for x in (image, image.flip(3))
            )
            d.append(abs(z - flipped)[0])
            size = max(size, float(z.abs().max()))
    scores = overall(ranked / 'backbone').scores
    # Differences of means that were rounded: 1e-6 of the largest of these.
    wanted = torch.stack(d).mean(0)
    np.testing.assert_allclose(scores, wanted, rtol=1e-5, atol=1e-6 * size)


def test_every_tap_gets_all_rankings_with_provenance(tiny, ranked):
    from mmchanpos.engine.checkpoint import checkpoint_sha256

    for tap in ('backbone', 'backbone.layer2', 'decode_head.bottleneck'):
        rankings = {
            r.kind: r for r in load_rankings(ranked / tap / 'ranking.json')
        }
        assert set(rankings) == {
            'overall',
            'scale_free',
            'magnitude',
            'kernel_flip',
            'kernel_flip_pair',
            'shift',
            'location',
            'residual',
            'border',
            'information',
            *(f'anova{axis}' for axis in ('', '_x', '_y')),
            *(f'ramp{axis}' for axis in ('', '_x', '_y', '_radius')),
            'relocation',
        }
        for ranking in rankings.values():
            assert ranking.tap == tap
            assert ranking.images == 7
            assert ranking.config == 'tiny.py'
            assert 'Cityscapes' in ranking.dataset
            sha = checkpoint_sha256(str(tiny[1]))
            assert ranking.checkpoint_sha256 == sha
            assert len(ranking.notes['low']) == ranking.channels
    deltas = Deltas.load(ranked / 'backbone/deltas.npz')
    assert len(deltas) == 7
    assert all(name.endswith('.png') for name in deltas.names)


@pytest.mark.parametrize('batch', [1, 4])
def test_scores_do_not_depend_on_the_batch_size(tiny, ranked, batch, tmp_path):
    metrics = rank(tiny, tmp_path, batch)
    one, other = overall(ranked / 'backbone'), overall(tmp_path)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)
    assert -1 <= metrics['rank/backbone/overall/stability'] <= 1


def test_left_and_right_images_from_lists(tiny, tmp_path):
    rank(tiny, tmp_path)
    names = Deltas.load(tmp_path / 'deltas.npz').names
    left = tmp_path / 'left.txt'
    left.write_text('\n'.join(n.rsplit('/', 1)[1] for n in names[:2]))
    rank(tiny, tmp_path, left=str(left), right=list(names[4:]))
    rankings = {r.kind: r for r in load_rankings(tmp_path / 'ranking.json')}
    deltas = Deltas.load(tmp_path / 'deltas.npz')
    d = deltas.difference()
    np.testing.assert_allclose(rankings['left'].scores, d[:2].mean(0))
    assert rankings['right'].images == 3
    np.testing.assert_allclose(
        rankings['contrast'].scores, d[:2].mean(0) - d[4:].mean(0)
    )


def test_another_question_costs_no_other_pass(tiny, tmp_path, monkeypatch):
    rank(tiny, tmp_path, kinds=['overall'])
    before = overall(tmp_path).as_dict()

    def fail(*_):
        raise AssertionError('a second pass')

    from mmchanpos.engine.loops import RankingLoop

    with monkeypatch.context() as patch:
        patch.setattr(RankingLoop, 'run_iter', fail)
        rank(tiny, tmp_path, kinds=['overall', 'scale_free'])
        assert overall(tmp_path).as_dict() == before
        with pytest.raises(AssertionError, match='second pass'):
            rank(tiny, tmp_path, taps=['backbone.layer3'])
    (tmp_path / 'deltas.npz').write_bytes(b'PK cut off')
    rank(tiny, tmp_path)
    assert overall(tmp_path).as_dict() == before


def test_a_dry_run_writes_nothing_however_few_images(tiny, tmp_path):
    cfg = load_config(str(tiny[0]), {'test_dataloader.batch_size': 99})
    out = tmp_path / 'rank'
    cfg.test_cfg = dict(type='mmchanpos.RankingLoop', out=str(out))
    run_test(cfg, str(tiny[1]), dry_run=True)
    assert not out.exists()


def test_two_processes_rank_as_one_does(tiny, ranked, tmp_path):
    config, checkpoint = tiny
    result = tool_in_two(
        'test.py',
        *(config, checkpoint, '--work-dir', tmp_path, '--cfg-options'),
        'test_cfg.type=mmchanpos.RankingLoop',
        f'test_cfg.out={tmp_path}',
    )
    result.check_returncode()
    one, two = (
        Deltas.load(folder / 'deltas.npz')
        for folder in (ranked / 'backbone', tmp_path)
    )
    assert two.index.tolist() == list(range(7))
    # Sums of single precision in another order, over images that met in other
    # batches: some units in the last place of the largest of them.
    found = one.difference()
    bound = 1e-4 * abs(found).max()
    np.testing.assert_allclose(found, two.difference(), rtol=0, atol=bound)
    # The sampler gave the first image to both; it counts once.
    for name, sums in one.maps[0].arrays.items():
        np.testing.assert_allclose(
            sums, two.maps[0].arrays[name], rtol=1e-5, atol=1e-5
        )


def test_content_without_a_scene_and_erasers(tiny, ranked, tmp_path):
    rank(tiny, tmp_path, content='mixture', erasers=True)
    found = Deltas.load(tmp_path / 'deltas.npz')
    own = Deltas.load(ranked / 'backbone' / 'deltas.npz')
    assert abs(found.difference() - own.difference()).max() > 1e-4
    erasers = {e.kind: e for e in load_erasers(tmp_path / 'erasers.npz')}
    assert set(erasers) == set(ERASERS)
    whole = Moments.merge(found.moments)
    assert whole.arrays['count'] == 7 * found.maps[0].mean[0].size
    assert residual_r2(whole, eraser=erasers['leace']).max() < 1e-6


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(taps=['bakbone']), 'Did you mean "backbone"'),
        (dict(left='nowhere.txt'), 'does not exist'),
        (dict(left=['nobody']), 'were not in the data set'),
        (dict(kinds=['shift']), 'another pass'),
        (dict(content='pinc'), 'Did you mean "pink"'),
        (dict(kinds=['overal']), 'Did you mean "overall"'),
        (dict(taps=[dict(path='backbone', output=7)]), 'no output 7'),
    ],
)
def test_bad_input_is_named(tiny, tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        rank(tiny, tmp_path, **arguments)
    # Whose folder it is may be known, but there is no result.
    assert {p.name for p in tmp_path.glob('*.json')} <= {'owner.json'}


def test_a_net_that_gives_nan_is_named_with_the_image(tiny, tmp_path):
    content = torch.load(tiny[1], weights_only=True)
    # Each weight is finite, as a checkpoint's must be; what they give is not.
    content['state_dict']['backbone.layer3.1.bn2.weight'][0] = 3e38
    content['state_dict']['backbone.layer3.1.bn2.running_var'][0] = 0
    broken = tmp_path / 'broken.pth'
    torch.save(content, broken)
    with pytest.raises(InputError, match=r'the latent of ".*png" holds NaN'):
        rank(tiny, tmp_path, checkpoint=broken)


def test_an_empty_data_set_is_an_error(tmp_path):
    config, checkpoint = write_tiny(tmp_path, images=1)
    for file in (tmp_path / 'streets/leftImg8bit/val').rglob('*.png'):
        file.unlink()
    with pytest.raises(InputError, match='data set is empty'):
        rank((config, checkpoint), tmp_path)
