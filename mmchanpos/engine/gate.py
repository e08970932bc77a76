"""What of an exception a user is told, and when it is a bug of ours."""

import errno
import re
from traceback import walk_tb
from types import TracebackType
from typing import Optional
from urllib.error import URLError

from mmengine import registry as registries
from mmengine.registry import Registry

from mmchanpos.errors import InputError, nearest

_FULL = (errno.ENOSPC, errno.EDQUOT)
#: What torch says where the disk is full, instead of the system's error.
_TORCH_FULL = re.compile(r'PytorchStreamWriter failed|unexpected pos')
#: What gloo and NCCL say of a process that stopped answering or has died.
_SILENT = re.compile(
    r'Timed out waiting|wait timeout|Connection closed by peer|'
    r'Connection reset by peer|Watchdog caught collective'
)
#: What torch says of a label that the head of a classifier has no output for.
_LABEL = re.compile(r'Target (-?\d+) is out of bounds')
#: What numpy says where a host puts an empty data set together.
NO_SAMPLE = 'need at least one array'
EMPTY = (
    'the data set is empty: look at data_root, folders, suffixes and lists of '
    'images in its dataloader.'
)
#: Where mmengine makes objects of what a config says: file and functions.
_BUILDERS = (
    ('mmengine/registry/build_functions.py', re.compile('build_')),
    ('mmengine/registry/registry.py', re.compile('build$')),
    ('mmengine/runner/runner.py', re.compile('__init__$|build_|from_cfg')),
    ('mmengine/runner/base_loop.py', re.compile('__init__$')),
)
_UNKNOWN = re.compile(r'(\S+) is not in the (?:\S+::)?([\w ]+?) registry')


def message_of(error: BaseException) -> Optional[str]:
    """The one message that an exception is worth; None for a bug of ours.

    It says what was given and what was wanted; of a bug the traceback is the
    message.
    """
    text = str(error)
    if isinstance(error, InputError):
        # torch puts the traceback of a loader's process into the message.
        return text.rpartition('mmchanpos.errors.InputError: ')[2].strip()
    if isinstance(error, OSError):
        return _of_system(error)
    if isinstance(error, RuntimeError) and _TORCH_FULL.search(text):
        return _disk_full('')
    if isinstance(error, RuntimeError) and _SILENT.search(text):
        return (
            'another process of this run ended or did not answer in '
            f'time: {text.splitlines()[0][:160]}'
        )
    label = _LABEL.search(text)
    if isinstance(error, IndexError) and label:
        return (
            f'the data hold the label {label[1]}, which is beyond the classes '
            'of the model: num_classes of its head and the labels must agree.'
        )
    if isinstance(error, Exception) and _building(error.__traceback__):
        return EMPTY if NO_SAMPLE in text else _of_config(error)
    return None


def _of_system(error: OSError) -> str:
    text = str(error)
    if 'Original Traceback' in text:
        text = text.strip().splitlines()[-1]
    if error.errno in _FULL:
        return _disk_full(error.filename or '')
    if isinstance(error, URLError):
        return f'an address cannot be reached: {error.reason}'
    # Of a file that shall be renamed a user knows the new name.
    name = error.filename2 or error.filename
    if error.errno is None or name is None:
        return text
    name = str(name)
    name = name if len(name) < 200 else f'{name[:120]}...{name[-40:]}'
    return f'{name}: {(error.strerror or "").lower()}'


def _disk_full(name: str) -> str:
    return (
        f'the disk is full ({name or "while writing"}). Results written '
        'earlier are whole; make room and run the command again.'
    )


def _of_config(error: Exception) -> str:
    text = str(error.args[0] if error.args else error).strip()
    unknown = _UNKNOWN.search(text)
    if unknown:
        name = unknown[1].strip('\'"`')
        names = _names(unknown[2])
        hint = nearest(name, names)
        if name in names:
            whole = ' or '.join(f'{of}.{name}' for of in names[name])
            hint = f'It is of another package: write {whole}.'
        return f'the config names a {unknown[2]} "{name}": no such. {hint}'
    first = re.sub(r'\s+', ' ', text)[:300]
    return (
        f'the config cannot be built ({type(error).__name__}): {first} '
        '(MMCHANPOS_TRACEBACK=1 shows where.)'
    )


def _names(kind: str) -> dict[str, list[str]]:
    """All that is registered of a kind, with the packages it is of."""
    roots = [r for r in vars(registries).values() if isinstance(r, Registry)]
    found: dict[str, list[str]] = {}
    for root in roots:
        if root.name == kind:
            for node in (root, *root.children.values()):
                for name in node.module_dict:
                    found.setdefault(name, []).append(str(node.scope))
    return found


def _building(trace: Optional[TracebackType]) -> bool:
    return any(
        frame.f_code.co_filename.replace('\\', '/').endswith(end)
        and names.match(frame.f_code.co_name)
        for frame, _ in walk_tb(trace)
        for end, names in _BUILDERS
    )
