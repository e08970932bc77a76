"""The version of mmchanpos; ``setup.py`` and result files read it here."""

__version__ = '0.2.0'
