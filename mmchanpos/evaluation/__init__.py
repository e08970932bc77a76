"""Metrics."""

from .citypersons_miss_rate import CityPersonsMissRate
from .position_map_metric import PositionMapMetric
from .zone_metric import ZoneMetric

__all__ = ['CityPersonsMissRate', 'PositionMapMetric', 'ZoneMetric']
