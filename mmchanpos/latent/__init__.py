"""Find and switch off channels of a latent: pure torch, no OpenMMLab."""

from .ablation import Ablation, ablate
from .controls import matched_ranking, random_ranking
from .ranking import ChannelRanking, load_rankings, save_rankings
from .tap import Tap, find_module, unwrap

__all__ = [
    'Ablation',
    'ChannelRanking',
    'Tap',
    'ablate',
    'find_module',
    'load_rankings',
    'matched_ranking',
    'random_ranking',
    'save_rankings',
    'unwrap',
]
