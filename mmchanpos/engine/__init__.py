"""What runs: hooks, loops, launching, checkpoints."""
