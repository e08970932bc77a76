"""Figures carry their numbers, look alike, and are the same bytes again."""

import csv

import matplotlib
import numpy as np
import pytest
from matplotlib.text import Text

from mmchanpos.errors import InputError
from mmchanpos.latent.kinds import KINDS
from mmchanpos.report import Figure, bars, curves, panels
from mmchanpos.report.look import canvas, colours, line_style, look


def lines():
    return {'overall': ([0, 5], [74, 70]), 'random': ([0, 5], [74, 73.5])}


def test_every_point_is_in_the_data_beside_the_figure(tmp_path):
    some = lines()
    some['random'] += ([74, 73], [74, 74])
    figure = curves('a', some, 'N', 'mIoU', level=('paper', 71.9))
    assert len(figure.image.axes[0].collections) == 1
    figure.save(tmp_path / 'a')
    assert {p.suffix for p in tmp_path.iterdir()} == {
        '.png',
        '.svg',
        '.csv',
        '.json',
        '.md',
    }
    with open(tmp_path / 'a.csv') as f:
        rows = list(csv.DictReader(f))
    assert rows[3] == {'line': 'random', 'N': '5.0', 'mIoU': '73.5'}


@pytest.mark.parametrize('kind', ['png', 'svg'])
def test_the_same_numbers_give_the_same_bytes(kind):
    first = curves('a', lines(), 'N', 'mIoU').bytes(kind)
    assert first == curves('a', lines(), 'N', 'mIoU').bytes(kind)
    assert len(first) > 1000


def test_bars_stand_where_their_data_say():
    groups = {'3x3': {'ours': (99.0, 1.0)}, '5x5': {'ours': 98, 'plain': 40}}
    figure = bars('b', groups, '%', marks={'3x3': {'ours': 100}})
    heights = [p.get_height() for p in figure.image.axes[0].patches]
    assert sorted(heights) == [40, 98, 99]
    assert figure.data.rows[0] == ['3x3', 'ours', 99.0, 1.0, 100]
    with pytest.raises(InputError, match='no bars'):
        bars('b', {'3x3': {}}, '%')


def test_a_box_is_outlined_at_pixel_edges():
    image = np.zeros((10, 20, 3), np.uint8)
    figure = panels('p', [[image, image[..., 0]]], box=(0, 0, 0.5, 1))
    for axes in figure.image.axes:
        (line,) = axes.lines
        assert (line.get_xdata().min(), line.get_xdata().max()) == (-0.5, 9.5)
        assert (line.get_ydata().min(), line.get_ydata().max()) == (-0.5, 9.5)


def test_rows_of_unequal_length_leave_room(tmp_path):
    image = np.zeros((4, 4))
    rows = [[image], [image, image]]
    figure = panels('p', rows, ['truth', 'ours'], ['H', 'V'], limits=(0, 1))
    assert len(figure.image.axes) == 4
    figure.save(tmp_path / 'p')
    assert not (tmp_path / 'p.csv').exists()


def test_everything_in_a_figure_has_a_colour_of_its_own():
    names = [*KINDS, 'center', 'nothing', *'abcdefg']
    found = colours(names)
    assert len(set(found.values())) == len(names)
    assert colours(['left', 'a'])['left'] == found['left']
    assert line_style('random') != line_style('overall') == line_style('a')


def test_lines_are_named_where_they_end_without_overlap():
    many = {name: ([0, 5], [74, 60 + i / 9]) for i, name in enumerate('abcd')}
    figure = curves('a', many, 'N', 'mIoU')
    (axes,) = figure.image.axes
    assert axes.get_legend() is None
    figure.image.canvas.draw()
    # Of the letters alone, without the thin line to the end.
    boxes = [Text.get_window_extent(text) for text in axes.texts]
    boxes.sort(key=lambda box: box.y0)
    assert [text.get_text() for text in axes.texts] == list('abcd')
    for one, other in zip(boxes, boxes[1:]):
        assert one.y1 <= other.y0 + 1
    assert all(box.x0 > axes.get_window_extent().x0 for box in boxes)


def test_points_of_lines_lie_where_they_are_drawn():
    figure = curves('a', lines(), 'N', 'mIoU')
    points = figure.points()
    assert [text for _, _, text in points] == [
        *('overall, 0: 74', 'overall, 5: 70'),
        *('random, 0: 74', 'random, 5: 73.5'),
    ]
    (x, high, _), (right, low, _) = points[:2]
    # Fractions of the width from the left, and of the height from above.
    assert 0 < x < right < 1
    assert 0 < high < low < 1
    pixels = figure.image.canvas.get_width_height()
    axes = figure.image.axes[0]
    where = axes.transData.transform((5, 70))
    assert right * pixels[0] == pytest.approx(where[0], abs=1)
    assert (1 - low) * pixels[1] == pytest.approx(where[1], abs=1)


def test_a_gap_in_a_line_has_no_point():
    gap = {'a': ([0, 1, 2], [74, float('nan'), 70])}
    points = curves('a', gap, 'N', 'mIoU').points()
    assert [text for _, _, text in points] == ['a, 0: 74', 'a, 2: 70']


def test_a_line_whose_end_is_missing_is_named_all_the_same():
    nan = float('nan')
    some = {'a': ([0, 1], [74, nan]), 'none': ([0, 1], [nan, nan])}
    (axes,) = curves('a', some, 'N', 'mIoU').image.axes
    assert [(t.get_text(), t.xy) for t in axes.texts] == [('a', (0, 74))]


def test_a_level_without_a_number_is_not_named(tmp_path):
    level = ('nothing off', float('nan'))
    curves('a', {'a': ([0, 1], [1, 2])}, 'N', 'y', level=level).save(
        tmp_path / 'a'
    )
    assert 'nothing off' not in (tmp_path / 'a.svg').read_text()


def test_a_name_with_dollar_signs_is_no_formula(tmp_path):
    curves('a', {'a$_$': ([0, 1], [1, 2])}, 'N', 'mIoU').save(tmp_path / 'a')
    assert 'a$_$' in (tmp_path / 'a.svg').read_text()


def test_the_look_is_left_behind():
    before = dict(matplotlib.rcParams)
    with look():
        image, axes = canvas(2, 3)
        assert matplotlib.rcParams['axes.grid']
    assert axes.shape == (2, 3)
    assert dict(matplotlib.rcParams) == before
    assert Figure('x', image).data_uri().startswith('data:image/png;base64,')
