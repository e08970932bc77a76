"""Find and switch off channels of a latent: pure torch, no OpenMMLab."""
