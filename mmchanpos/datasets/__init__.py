"""Data sets that mmchanpos adds to its hosts, built-in data included."""
