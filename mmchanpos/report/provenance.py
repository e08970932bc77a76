"""Where numbers come from: what is told, our version, and the machine."""

import os
import platform
import re
from pathlib import Path
from typing import Any

import torch

from mmchanpos.version import __version__

from .tables import Table


def provenance(**facts: Any) -> Table:
    """Table of the facts that are given, and of the machine.

    Args:
        **facts: E.g. ``config``, ``seeds``, or the versions of packages;
            an underscore is shown as a blank.

    Returns:
        Table: Two columns, what and value.
    """
    table = Table('Provenance', ['what', 'value'])
    for name, value in facts.items():
        table.add(name.replace('_', ' '), value)
    table.add('mmchanpos', __version__)
    table.add('python', platform.python_version())
    table.add('machine', _machine())
    return table


def _machine() -> str:
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        # It rounds what convolutions are given to 10 bits: replay and separate
        # runs then differ by up to 5e-4, not 5e-7.
        tf32 = torch.backends.cudnn.allow_tf32
        name = torch.cuda.get_device_name(0)
        return f'{count} x {name}, TF32 {"on" if tf32 else "off"}'
    return f'{processor()}, no GPU'


def processor() -> str:
    """Model, cores, threads in use and vector instructions of the CPU."""
    try:
        text = Path('/proc/cpuinfo').read_text()
        found = re.findall(r'^model name\s*: (.*)$', text, re.MULTILINE)
        model = found[0]
    except (OSError, IndexError):  # not Linux, or told otherwise there
        model = platform.machine()
    return (
        f'{model}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, '
        f'{torch.backends.cpu.get_cpu_capability()}'
    )
