"""Unusable images, labels and predictions end a test in one message."""

import shutil
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from mmengine.registry import DATASETS, METRICS, init_default_scope
from mmengine.structures import BaseDataElement
from PIL import Image
from torch.nn.functional import cross_entropy

from mmchanpos.engine import guarded
from mmchanpos.engine.attack import use_data_root
from mmchanpos.engine.config import load_config
from mmchanpos.engine.gate import message_of
from mmchanpos.engine.guarded import (
    check_outputs,
    check_scores,
    leave_out_broken,
)
from mmchanpos.engine.launch import test as run_test
from mmchanpos.errors import InputError
from mmchanpos.files import read_json, write_json
from mmchanpos.testing.segmentor import write_tiny


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp('tiny'), images=3)


@pytest.fixture
def streets(tiny, tmp_path):
    """A copy of the scenes, to be damaged."""
    root = tmp_path / 'streets'
    shutil.copytree(tiny[0].parent / 'streets', root)
    return root


def config(tiny, root, **options):
    work_dir = str(root.parent / 'work')
    cfg = load_config(str(tiny[0]), options, work_dir)
    use_data_root(cfg, str(root))
    return cfg


def picture(root, kind):
    places = {
        'image': 'leftImg8bit/val/*/*leftImg8bit.png',
        'label map': 'gtFine/val/*/*labelTrainIds.png',
    }
    return sorted(root.glob(places[kind]))[1]


def cut(file):
    file.write_bytes(file.read_bytes()[:60])


def folder(file):
    file.unlink()
    file.mkdir()


def loop(file):
    file.unlink()
    file.symlink_to(file.name)


DAMAGES = {
    'cut off': cut,
    'it is empty': lambda file: file.write_bytes(b''),
    'no picture': lambda file: file.write_text('a text'),
    'git lfs pull': lambda file: file.write_text('version https://git-lfs.g'),
    'does not exist': Path.unlink,
    'is a folder': folder,
    'not exist': loop,
}


@pytest.mark.parametrize('kind', ['image', 'label map'])
@pytest.mark.parametrize('said', DAMAGES)
def test_the_file_that_cannot_be_read_is_named(tiny, streets, kind, said):
    if kind == 'image' and DAMAGES[said] in (Path.unlink, folder, loop):
        pytest.skip('the set lists the images that are there')
    file = picture(streets, kind)
    DAMAGES[said](file)
    with pytest.raises(InputError, match=f'{kind} .*{file.name}.*{said}'):
        run_test(config(tiny, streets), str(tiny[1]))


def test_a_loader_process_names_it_too(tiny, streets, call_tool):
    file = picture(streets, 'image')
    cut(file)
    workers = {'test_dataloader.num_workers': 1}
    with pytest.raises(InputError, match=file.name):
        run_test(config(tiny, streets, **workers), str(tiny[1]))


def relabel(file, change):
    labels = np.asarray(Image.open(file)).copy()
    Image.fromarray(change(labels)).save(file)


def one_wrong(labels):
    labels[3, 4] = 77
    return labels


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (lambda labels: labels[:, :-2], 'another size was wanted'),
        (lambda labels: labels[:1, :1], 'cannot be used'),
        (one_wrong, r'holds the ids \[77\] in 1 pixels'),
    ],
)
def test_label_maps_that_do_not_fit_are_named(tiny, streets, change, said):
    file = picture(streets, 'label map')
    relabel(file, change)
    with pytest.raises(InputError, match=f'{file.name}.*{said}'):
        run_test(config(tiny, streets), str(tiny[1]))


def test_scenes_without_any_label_give_no_score(tiny, streets):
    for file in streets.glob('gtFine/val/*/*labelTrainIds.png'):
        relabel(file, lambda labels: np.full_like(labels, 255))
    with pytest.raises(InputError, match='nothing to measure'):
        run_test(config(tiny, streets), str(tiny[1]))


def test_broken_images_are_left_out_up_to_a_share(
    tiny, streets, monkeypatch, capsys
):
    file = picture(streets, 'image')
    cut(file)
    with pytest.raises(InputError, match='1 of 3 images are broken, more th'):
        leave_out_broken(config(tiny, streets))
    monkeypatch.setattr(guarded, 'MOST_BROKEN', 0.5)
    cfg = config(tiny, streets)
    leave_out_broken(cfg)
    assert cfg.test_dataloader.dataset.indices == [0, 2]
    assert '1 of 3 images are broken and left out' in capsys.readouterr().out
    without = run_test(cfg, str(tiny[1]))
    file.unlink()
    name = file.name.replace('_leftImg8bit.png', '')
    for label in streets.glob(f'gtFine/val/*/{name}*'):
        label.unlink()
    assert len(list(streets.glob('leftImg8bit/val/*/*.png'))) == 2
    assert run_test(config(tiny, streets), str(tiny[1])) == without


def people(root, **options):
    work_dir = str(root.parent / 'work')
    given = 'mmchanpos::pedestrians/csp_r50_citypersons.py'
    cfg = load_config(given, options, work_dir)
    cfg.test_dataloader.dataset.image_size = None
    cfg.test_dataloader.dataset.data_prefix = dict(img='leftImg8bit/val/')
    use_data_root(cfg, str(root))
    cfg.test_evaluator.setups = [
        dict(name='any', height=(0, 1000), visibility=(0, 1))
    ]
    init_default_scope('mmdet')
    return cfg


@pytest.mark.parametrize('damage', [cut, Path.unlink])
def test_people_of_images_that_are_left_out_do_not_count(
    streets, monkeypatch, damage
):
    monkeypatch.setattr(guarded, 'MOST_BROKEN', 0.5)
    first = sorted(streets.glob('leftImg8bit/val/*/*leftImg8bit.png'))[0]
    whole = DATASETS.build(people(streets).test_dataloader.dataset)
    damage(first)
    cfg = people(streets)
    leave_out_broken(cfg)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    assert [i['img_id'] for i in map(dataset.get_data_info, range(2))] == [
        i['img_id'] for i in map(whole.get_data_info, range(3))
        if Path(i['img_path']).name != first.name
    ]  # fmt: skip
    metric = METRICS.build(cfg.test_evaluator)
    for i in range(2):
        info = dataset.get_data_info(i)
        boxes = torch.tensor([row['bbox'] for row in info['instances']])
        found = dict(
            bboxes=boxes.reshape(-1, 4),
            scores=torch.ones(len(boxes)),
            labels=torch.zeros(len(boxes)),
        )
        shape = (info['height'], info['width'])
        sample = dict(info, ori_shape=shape, pred_instances=found)
        metric.process(None, [sample])
    rates = metric.evaluate(2)
    assert rates['citypersons/MR_any'] == pytest.approx(0, abs=1e-6)


def test_annotations_that_a_metric_reads_are_left_out_too(
    streets, monkeypatch
):
    monkeypatch.setattr(guarded, 'MOST_BROKEN', 0.5)
    cfg = load_config(
        'mmchanpos::attack/faster-rcnn_r18-small-fpn_synthetic.py',
        None,
        str(streets.parent / 'work'),
    )
    use_data_root(cfg, str(streets))
    cut(picture(streets, 'image'))
    before = read_json(cfg.test_evaluator.ann_file)
    leave_out_broken(cfg)
    assert cfg.test_dataloader.dataset.indices == [0, 2]
    after = read_json(cfg.test_evaluator.ann_file)
    ids = [row['id'] for row in before['images']]
    assert [row['id'] for row in after['images']] == [ids[0], ids[2]]
    assert after['annotations'] == [
        row for row in before['annotations'] if row['image_id'] != ids[1]
    ]
    assert after['categories'] == before['categories']
    del cfg.test_dataloader.dataset['indices']
    cfg.test_evaluator = dict(type='CityScapesMetric', seg_prefix='gtFine')
    with pytest.raises(InputError, match='reads the labels of all images'):
        leave_out_broken(cfg)


def test_predictions_and_labels_of_classifiers_are_looked_at():
    good = BaseDataElement(
        pred_score=torch.tensor([0.2, 0.8]), gt_label=torch.tensor([1])
    )
    check_outputs([good])
    bad = good.clone()
    bad.set_metainfo(dict(sample_idx=7))
    bad.gt_label = torch.tensor([100])
    with pytest.raises(InputError, match='image 7 has the label 100'):
        check_outputs([good, bad])
    for value in ('nan', 'inf'):
        bad = good.clone()
        bad.pred_score = torch.tensor([0.5, float(value)])
        with pytest.raises(InputError, match='scores of image.*NaN or inf'):
            check_outputs([bad])


def test_a_label_beyond_the_classes_ends_a_training_in_a_message():
    with pytest.raises(IndexError) as ended:
        cross_entropy(torch.zeros(1, 2), torch.tensor([7]))
    assert 'the label 7, which is beyond the classes' in message_of(
        ended.value
    )
    assert message_of(IndexError('list index out of range')) is None


def test_of_two_names_of_a_file_the_given_one_is_told(tmp_path):
    (tmp_path / 'out').mkdir()
    with pytest.raises(OSError) as ended:
        write_json(tmp_path / 'out', {})
    assert str(tmp_path / 'out') in message_of(ended.value)
    assert 'cannot be reached: gone' in message_of(URLError('gone'))


def test_scores_of_nothing_are_refused():
    check_scores({'mIoU': 0.0, 'left/mIoU': float('nan')})
    check_scores({})
    check_scores({'log-likelihood': -3.5})
    check_scores({'loss': float('inf')})
    check_scores({'precision_classwise': [90.0, 80.0]})
    check_scores({'confusion_matrix/result': torch.ones(2, 2)})
    single = torch.tensor(float('nan'))
    for nothing in (float('nan'), None, -1.0, -100.0, single):
        with pytest.raises(InputError, match='nothing to measure'):
            check_scores({'a': nothing, 'b': float('nan')})
