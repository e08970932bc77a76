"""Metrics."""

from .citypersons_miss_rate import CityPersonsMissRate

__all__ = ['CityPersonsMissRate']
