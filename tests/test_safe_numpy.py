"""What a checkpoint may hold of numpy, and what it may not."""

import io

import numpy as np
import pytest
import torch

from mmchanpos import registry  # noqa: F401  (allow-lists the stand-ins)
from mmchanpos.testing.tool_process import run_script
from tests import crafted
from tests.conftest import environment

LOOK = """
import sys
from mmchanpos.engine.checkpoint import read_checkpoint
from mmchanpos.errors import InputError
try:
    array = read_checkpoint(sys.argv[1])['message_hub']['x']
except InputError as e:
    print('refused' if 'is refused' in str(e) else e)
else:
    array['a'].tolist()
"""


def through(value):
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize(
    'code',
    ['?', 'i1', 'u2', '>i4', 'i8', 'f2', '>f4', 'f8', 'c16', 'U3', 'S2'],
)
def test_arrays_of_numbers_and_texts_come_back(code):
    array = np.arange(6).reshape(2, 3).astype(code)
    for given in (array, array.T, array[:, ::2], array[0, 0]):
        back = through({'x': given})['x']
        assert np.array_equal(back, given)
        # numpy itself turns bytes of another machine around.
        assert back.dtype == given.dtype.newbyteorder('=')
    scalar = array[1, 2]
    assert type(through({'x': scalar})['x']) is type(scalar)


def test_what_was_read_is_saved_as_plain_numpy():
    back = through({'x': np.arange(3.0)})['x']
    back += 1
    again = through({'x': back})['x']
    assert again.tolist() == [1, 2, 3]
    file = io.BytesIO()
    torch.save(back, file)
    assert b'mmchanpos' not in file.getvalue()


@pytest.mark.parametrize('kind', crafted.KINDS)
def test_a_crafted_dtype_is_refused_by_a_process_that_lives_on(tmp_path, kind):
    script, path = tmp_path / 'look.py', tmp_path / 'crafted.pth'
    script.write_text(LOOK)
    crafted.write(kind, path)
    done = run_script([script, path], tmp_path, environment(), timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, 'refused'), done


class Reduced:
    def __init__(self, *parts):
        self.parts = parts

    def __reduce__(self):
        return self.parts


def array_of(dtype, shape, content, of=np.ndarray):
    function = np.zeros(1).__reduce__()[0]
    return Reduced(function, (of, (0,), b'b'), (1, shape, dtype, 0, content))


@pytest.mark.parametrize(
    'value',
    [
        np.array([None]),
        np.zeros(1, [('a', 'f8')]),
        np.datetime64('2020-01-01'),
        Reduced(np.dtype, ('O8', False, True)),
        Reduced(np.dtype, ('f8', False, True), (3, '<', ('f8', (2,)), None)),
        Reduced(np.ndarray, ((10**12,),)),
        array_of(np.dtype('f8'), (2,), b'A' * 8),
        array_of(np.dtype('f8'), (-1,), b''),
        array_of(np.dtype('f8'), (1 << 62, 4), b''),
        array_of('f8', (1,), b'A' * 8),
        array_of(np.dtype('f8'), (1,), [1.0]),
        array_of(np.dtype('f8'), (1,), b'A' * 8, of=np.dtype),
        Reduced(type(np.float64(1)).__reduce__(np.float64(1))[0], ('f8', b'')),
    ],
    # As text they would show addresses, which differ between processes.
    ids=lambda value: type(value).__name__,
)
def test_anything_else_of_numpy_is_refused(value):
    with pytest.raises(
        Exception, match='nsupported|allow|given|unpack|enough'
    ):
        through({'x': value})
