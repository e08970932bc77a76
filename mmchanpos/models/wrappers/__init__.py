"""How a model is spread over processes."""

from .cpu_ddp import CPUDistributedDataParallel

__all__ = ['CPUDistributedDataParallel']
