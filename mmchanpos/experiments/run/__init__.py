"""What runs the steps of an experiment and remembers what is done."""
