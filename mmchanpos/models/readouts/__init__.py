"""Read-outs that are trained on frozen latents."""
