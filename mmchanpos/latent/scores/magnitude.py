"""How strong a channel is: no score of position, but its first rival."""

import numpy as np

from mmchanpos.latent.deltas import Deltas
from mmchanpos.latent.kinds import kind

from .score import Regions, Score


@kind('magnitude', 'strongest channels', '#000000', line=':', control=True)
def magnitude(deltas: Deltas, regions: Regions) -> Score:
    """Mean magnitude, which Eq. 2 has to be told from."""
    return Score(np.abs(deltas.variant('plain')))
