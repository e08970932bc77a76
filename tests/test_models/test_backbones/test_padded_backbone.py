"""A backbone with another padding is itself, and stays so."""

import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.models.backbones import padded_backbone
from tests.crafted import border_contrast

PLAIN = dict(
    type='mmchanpos.PlainNet', widths=[4, 4], strides=[1, 1], dilations=[1, 1]
)


class Latent(torch.nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body.eval()

    def forward(self, image):
        return self.body(image)[0]


@pytest.mark.parametrize(
    ('padding', 'side', 'tells'),
    [('zero', 33, True), ('circular', 33, False), ('none', 29, False)],
)
def test_the_border_shows_with_zeros_alone(padding, side, tells):
    torch.manual_seed(0)
    latent = Latent(padded_backbone(PLAIN, padding))
    assert latent(torch.zeros(1, 3, 33, 33)).shape[-2:] == (side, side)
    assert (border_contrast(latent, size=33) > 1e-4) == tells
    names = set(latent.body.state_dict())
    assert names == set(padded_backbone(PLAIN).state_dict())


def test_an_unknown_padding_is_refused():
    with pytest.raises(InputError, match='padding mode "mirror"'):
        padded_backbone(PLAIN, 'mirror')
