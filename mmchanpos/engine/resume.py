"""Find the checkpoint from which a training goes on."""

from pathlib import Path
from typing import Optional

from mmchanpos.errors import InputError

from .checkpoint import read_checkpoint
from .cli import say

#: What a training has to find beside the weights.
_PARTS = ('optimizer', 'message_hub')


def check_resumable(path: str) -> None:
    """Refuse a local checkpoint from which no training can go on."""
    content = read_checkpoint(path)
    meta = content.get('meta')
    steps = meta if isinstance(meta, dict) else {}
    missing = [x for x in _PARTS if not isinstance(content.get(x), dict)]
    missing += [x for x in ('epoch', 'iter') if type(steps.get(x)) is not int]
    if missing:
        raise InputError(
            f'checkpoint {path} has no {", ".join(missing)}, so no training '
            'can go on from it: it holds weights alone. To start from them, '
            'use --cfg-options load_from=FILE instead of --resume.'
        )


def last_good(folder: str) -> Optional[str]:
    """The newest checkpoint of a work folder that can be resumed from.

    Those that a kill cut off are passed over, and named. None where there is
    none at all.
    """
    problems: list[str] = []
    for file in _newest_first(Path(folder)):
        try:
            check_resumable(str(file))
        except InputError as e:
            problems.append(str(e))
            continue
        for problem in problems:
            say(f'passed over: {problem}')
        say(f'going on from {file}')
        return str(file)
    if problems:
        raise InputError(
            f'no checkpoint in {folder} can be resumed from. {problems[0]} '
            'Without --resume the training starts anew.'
        )
    say(f'no checkpoint in {folder} yet: the training starts anew')
    return None


def _newest_first(folder: Path) -> list[Path]:
    # The best ones hold weights alone.
    files = [x for x in folder.glob('*.pth') if not x.name.startswith('best')]
    files.sort(key=lambda file: file.stat().st_mtime, reverse=True)
    pointer = folder / 'last_checkpoint'
    if pointer.is_file():
        text = pointer.read_text(encoding='utf8', errors='replace').strip()
        named = Path(text)
        if not named.is_file():
            # The folder was moved, or the training ran from elsewhere.
            named = folder / named.name
        if text and named.is_file():
            files = [named, *(x for x in files if x != named)]
    return files
