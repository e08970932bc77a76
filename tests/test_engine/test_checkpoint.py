import hashlib

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmchanpos.engine.checkpoint import (
    check_checkpoint,
    checkpoint_sha256,
    load_checkpoint,
    misfits,
    read_checkpoint,
    state_dict_of,
)
from mmchanpos.engine.provenance import decided_by
from mmchanpos.errors import InputError
from mmchanpos.latent import unwrap


class Wrapper(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module


def net(width=3):
    return nn.Sequential(nn.Conv2d(1, width, 1), nn.BatchNorm2d(width))


@pytest.mark.parametrize('legacy', [False, True])
@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_weights_load_through_wrappers_and_prefixes(tmp_path, prefix, legacy):
    source, target = net(), Wrapper(Wrapper(net()))
    weights = {prefix + k: v for k, v in source.state_dict().items()}
    path = tmp_path / 'net.pth'
    torch.save(
        {'state_dict': weights, 'meta': {'epoch': 3}},
        path,
        _use_new_zipfile_serialization=not legacy,
    )
    assert load_checkpoint(target, path)['meta']['epoch'] == 3
    assert unwrap(target)[0].weight.equal(source[0].weight)


def test_a_bare_state_dict_loads_too(tmp_path):
    source, target = net(), net()
    torch.save(source.state_dict(), tmp_path / 'net.pth')
    load_checkpoint(target, tmp_path / 'net.pth')
    assert target[0].weight.equal(source[0].weight)


def test_another_architecture_is_refused_and_loads_nothing(tmp_path):
    path = tmp_path / 'other.pth'
    torch.save(net(4).state_dict(), path)
    target = net(3)
    before = {k: v.clone() for k, v in target.state_dict().items()}
    with pytest.raises(InputError, match=r'\(4, 1, 1, 1\) in the checkpoint'):
        load_checkpoint(target, path)
    assert all(before[k].equal(v) for k, v in target.state_dict().items())


def test_what_the_model_has_no_use_for_is_no_misfit():
    weights = net().state_dict()
    assert misfits(net(), {**weights, 'teacher.weight': torch.ones(1)}) == []
    del weights['1.num_batches_tracked']
    assert misfits(net(), weights) == []
    del weights['1.weight']
    assert misfits(net(), weights) == ['1.weight: missing']


@pytest.mark.parametrize('part', [0.0, 0.3, 0.99])
def test_a_truncated_file_is_named(tmp_path, part):
    path = tmp_path / 'cut.pth'
    torch.save({'state_dict': {'w': torch.ones(1000)}}, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(InputError, match='cut.pth cannot be read'):
        check_checkpoint(str(path))


def test_a_weight_with_a_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save({'w': torch.ones(1000), 'v': torch.zeros(9)}, path)
    content = bytearray(path.read_bytes())
    read_checkpoint(path)
    content[content.index(torch.ones(9).numpy().tobytes()) + 21] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match='a.pth cannot .*not as it was saved'):
        read_checkpoint(path)


def test_a_missing_file_leads_to_its_neighbours(tmp_path):
    torch.save({'w': torch.ones(1)}, tmp_path / 'epoch_12.pth')
    with pytest.raises(InputError, match='mean "epoch_12.pth"'):
        check_checkpoint(str(tmp_path / 'epoch_2.pth'))
    check_checkpoint('https://somewhere/net.pth')


@pytest.mark.parametrize('content', [[1, 2], {'epoch': 3}, {'state_dict': 1}])
def test_a_file_without_weights_is_refused(tmp_path, content):
    path = tmp_path / 'notes.pth'
    torch.save(content, path)
    with pytest.raises(InputError, match='holds no weights'):
        read_checkpoint(path)


def test_the_fingerprint_is_that_of_the_file(tmp_path):
    path = tmp_path / 'a.pth'
    path.write_bytes(b'x' * 3_000_000)
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert checkpoint_sha256(path) == expected


def test_weights_below_the_home_folder_count_by_content(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    found = []
    for width in (3, 4):
        torch.save(net(width).state_dict(), tmp_path / 'net.pth')
        read_checkpoint('~/net.pth')
        found.append(decided_by(Config(), '~/net.pth', None)['the weights'])
    assert found[0] != found[1]


def test_weights_are_told_from_other_things_and_from_a_wrapper():
    assert state_dict_of({'module.w': torch.ones(1), 'n': 1}).keys() == {'w'}


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        (b'', 'it is empty'),
        (b'version https://git-lfs.github.com/spec/v1\n', 'git lfs pull'),
        (b'\n<!DOCTYPE html><html>', 'it is a web page'),
        (b'PK\x03\x04' + b'x' * 99, 'cannot be read'),
    ],
)
def test_what_lies_there_instead_of_a_checkpoint_is_said(
    tmp_path, content, said
):
    (tmp_path / 'a.pth').write_bytes(content)
    with pytest.raises(
        InputError, match=f'a.pth cannot be read.*{said}|{said}'
    ):
        read_checkpoint(str(tmp_path / 'a.pth'))
    with pytest.raises(InputError, match='is a folder'):
        read_checkpoint(str(tmp_path))


@pytest.mark.parametrize('name', ['0.weight', '1.running_var'])
@pytest.mark.parametrize('value', ['nan', 'inf'])
def test_weights_of_a_training_that_diverged_are_named(tmp_path, name, value):
    weights = net().state_dict()
    weights[name].flatten()[-1] = float(value)
    torch.save(weights, tmp_path / 'net.pth')
    with pytest.raises(InputError, match=f'infinity in 1 of 6.*{name}'):
        load_checkpoint(net(), tmp_path / 'net.pth')


def test_a_mask_may_be_infinite(tmp_path):
    model = net()
    model.register_buffer('mask', torch.full((2,), float('-inf')))
    torch.save(model.state_dict(), tmp_path / 'net.pth')
    load_checkpoint(model, tmp_path / 'net.pth')
