"""Find and switch off channels of a latent: pure torch, no OpenMMLab."""

from .ablation import Ablation, ablate
from .collector import DeltaCollector, collect
from .controls import matched_ranking, random_ranking
from .deltas import Deltas
from .kinds import Kind, find_kind, kind, register
from .ranking import ChannelRanking
from .ranking_file import load_rankings, save_rankings
from .scores import Regions, Score, rank, rankable
from .tap import Tap, find_module, gap, unwrap

__all__ = [
    'Ablation',
    'ChannelRanking',
    'DeltaCollector',
    'Deltas',
    'Kind',
    'Regions',
    'Score',
    'Tap',
    'ablate',
    'collect',
    'find_kind',
    'find_module',
    'gap',
    'kind',
    'load_rankings',
    'matched_ranking',
    'random_ranking',
    'rank',
    'rankable',
    'register',
    'save_rankings',
    'unwrap',
]
