"""What :class:`SweepLoop` is made of: its state, its results, its examples."""
