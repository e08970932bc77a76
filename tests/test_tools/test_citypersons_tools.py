import pytest

from mmchanpos.datasets.citypersons_annotations import read_annotations
from mmchanpos.datasets.synthetic import write_streets
from mmchanpos.errors import InputError
from mmchanpos.evaluation.miss_rate import PersonDetections
from mmchanpos.evaluation.miss_rate_results import to_rows
from mmchanpos.files import read_json, write_json
from tests.conftest import tool


@pytest.fixture(scope='module')
def annotations(tmp_path_factory):
    root = tmp_path_factory.mktemp('streets') / 'streets'
    write_streets(root, {'val': 12}, 144, 288)
    return root / 'annotations'


def test_converter_writes_what_the_evaluator_reads(annotations, tmp_path):
    out = tmp_path / 'val.json'
    words = [annotations / 'anno_val.mat', out, '--image-size', '144x288']
    done = tool('dataset_converters/citypersons.py', *words)
    assert done.returncode == 0, done.stderr
    assert read_json(out) == read_json(annotations / 'val_gt.json')
    assert 'rows of 12 images' in done.stdout


def test_converter_says_what_it_cannot_read(call_tool, tmp_path, capsys):
    (tmp_path / 'a.mat').write_bytes(b'no')
    words = [tmp_path / 'a.mat', tmp_path / 'b.json']
    with pytest.raises(InputError, match='not a readable .mat'):
        call_tool('dataset_converters/citypersons.py', *words)
    words += ['--image-size', '144']
    with pytest.raises(SystemExit):
        call_tool('dataset_converters/citypersons.py', *words)
    assert 'HEIGHTxWIDTH' in capsys.readouterr().err
    assert not (tmp_path / 'b.json').exists()


def test_a_second_mat_is_not_taken_for_what_is_to_be_written(
    annotations, call_tool, tmp_path
):
    other = tmp_path / 'anno_train.mat'
    other.write_bytes(b'kept')
    words = annotations / 'anno_val.mat', other, '--lists', tmp_path
    with pytest.raises(InputError, match='name of a .json was wanted'):
        call_tool('dataset_converters/citypersons.py', *words)
    assert other.read_bytes() == b'kept'


def test_a_file_that_says_the_size_of_its_images_is_not_told_another(
    annotations, call_tool, tmp_path
):
    words = annotations / 'val_gt.json', tmp_path / 'a.json'
    with pytest.raises(InputError, match='says itself how large'):
        call_tool(
            'dataset_converters/citypersons.py', *words, '--image-size', '9x9'
        )


def test_miss_rate_of_a_result_file(annotations, call_tool, tmp_path):
    truth = annotations / 'val_gt.json'
    rows = []
    for image in read_annotations(truth):
        boxes = image.boxes[~image.ignore]
        scores = boxes[:, 3] / 1000
        rows += to_rows(PersonDetections(boxes, scores), image.id)
    write_json(tmp_path / 'found.json', rows)
    out = tmp_path / 'report/mr'
    words = [truth, tmp_path / 'found.json', '--out', out]
    said = call_tool('misc/miss_rate.py', *words, '--setups', 'All')
    assert '0.00' in said
    assert out.with_name('mr_curves.png').stat().st_size > 0
    write_json(tmp_path / 'found.json', [])
    with pytest.raises(InputError, match='no detections'):
        call_tool('misc/miss_rate.py', truth, tmp_path / 'found.json')


def test_data_with_nobody_in_it_has_no_miss_rate(
    annotations, call_tool, tmp_path
):
    content = read_json(annotations / 'val_gt.json')
    for row in content['annotations']:
        row['ignore'] = 1
    write_json(tmp_path / 'gt.json', content)
    rows = [dict(image_id=1, category_id=1, bbox=[1, 2, 3, 4], score=0.5)]
    write_json(tmp_path / 'found.json', rows)
    words = tmp_path / 'gt.json', tmp_path / 'found.json'
    with pytest.raises(InputError, match='gt.json has nobody to be found'):
        call_tool('misc/miss_rate.py', *words)
