"""Refuse a checkpoint of another architecture instead of testing noise."""

from mmengine.hooks import Hook

from mmchanpos.engine.checkpoint import require_usable, state_dict_of
from mmchanpos.latent import unwrap
from mmchanpos.registry import HOOKS


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """Stop if a loaded checkpoint lacks tensors that the model needs.

    mmengine only warns then, and a test goes on with random weights. Our
    tools add this hook to every test and to every training that begins with
    a checkpoint; ``default_hooks.checkpoint_guard=None`` leaves it away, for
    a training that takes over only what fits.
    """

    # Before hooks that change the checkpoint (EMA swaps weights in it).
    priority = 'HIGHEST'

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Compare names and shapes before anything is loaded."""
        model, weights = unwrap(runner.model), state_dict_of(checkpoint)
        require_usable(model, weights, runner._load_from)
        # mmengine runs the config of a checkpoint that it resumes from.
        meta = checkpoint.get('meta')
        if isinstance(meta, dict):
            meta.pop('config', None)
