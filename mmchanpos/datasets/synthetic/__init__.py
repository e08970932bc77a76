"""Built-in data: drawn from a seed, written in the layouts of real sets."""
