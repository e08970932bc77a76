"""Refuse a checkpoint of another architecture instead of testing noise."""

from mmengine.hooks import Hook

from mmchanpos.engine.checkpoint import require_fit, state_dict_of
from mmchanpos.latent import unwrap
from mmchanpos.registry import HOOKS


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """Stop if a loaded checkpoint lacks tensors that the model needs.

    mmengine only warns then, and a test goes on with random weights. Our
    tools add this hook to every test and every resumed training.

    Example:
        .. code:: python

            custom_hooks = [dict(type='mmchanpos.CheckpointGuardHook')]
    """

    # Before hooks that change the checkpoint (EMA swaps weights in it).
    priority = 'HIGHEST'

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Compare names and shapes before anything is loaded.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): As read from disk.
        """
        require_fit(
            unwrap(runner.model),
            state_dict_of(checkpoint),
            runner._load_from or 'to resume from',
        )
