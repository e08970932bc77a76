"""Where numbers come from: what is told, our version, and the machine."""

import os
import platform
import re
from pathlib import Path
from typing import Any

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
    import torch

    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        return f'{count} x {torch.cuda.get_device_name(0)}'
    return f'{processor()}, no GPU'


def processor() -> str:
    """Model, cores, threads in use and vector instructions of the CPU."""
    import torch

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
