"""Find and switch off channels of a latent: pure torch, no OpenMMLab."""

from .ablation import Ablation, ablate
from .collector import DeltaCollector, collect
from .controls import matched_ranking, random_ranking
from .deltas import Deltas, gap
from .ranking import ChannelRanking, load_rankings, save_rankings
from .scores import Regions, rank, rankable
from .tap import Tap, find_module, unwrap

__all__ = [
    'Ablation',
    'ChannelRanking',
    'DeltaCollector',
    'Deltas',
    'Regions',
    'Tap',
    'ablate',
    'collect',
    'find_module',
    'gap',
    'load_rankings',
    'matched_ranking',
    'random_ranking',
    'rank',
    'rankable',
    'save_rankings',
    'unwrap',
]
