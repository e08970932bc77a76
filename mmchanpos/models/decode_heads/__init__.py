"""Heads of segmentors."""

from .project_aspp_head import ProjectASPPHead

__all__ = ['ProjectASPPHead']
