"""Distributed data parallel for machines without a GPU."""

from mmengine.model import MMDistributedDataParallel, revert_sync_batchnorm
from torch import nn

from mmchanpos.registry import MODEL_WRAPPERS


@MODEL_WRAPPERS.register_module()
class CPUDistributedDataParallel(MMDistributedDataParallel):
    """mmengine's DDP without device ids and without SyncBN.

    torch refuses both on a CPU. A reverted SyncBN normalises each process's
    share of the batch on its own, as DDP with plain BN does.

    Args:
        module (nn.Module): The model.
        device_ids (None): Taken and dropped; mmengine always passes it.
        **kwargs: As in :class:`MMDistributedDataParallel`.
    """

    def __init__(self, module: nn.Module, device_ids=None, **kwargs) -> None:
        super().__init__(
            revert_sync_batchnorm(module), device_ids=None, **kwargs
        )
