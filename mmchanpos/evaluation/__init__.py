"""Metrics."""

from .citypersons_miss_rate import CityPersonsMissRate
from .position_map_metric import PositionMapMetric

__all__ = ['CityPersonsMissRate', 'PositionMapMetric']
