"""What a sweep has done so far, kept so that a killed run can go on."""

import shutil
import time
from pathlib import Path
from typing import Any

import torch

from mmchanpos.engine.checkpoint import read_safely
from mmchanpos.errors import InputError
from mmchanpos.files import atomic_path


class SweepState:
    """Results per image in files that are each written once and whole.

    Every process writes its own files. The folder is named after a
    fingerprint of the sweep, so another sweep never reads them.

    Args:
        folder (Path): Where sweeps are written.
        fingerprint (str): Of everything that the results depend on.
        rank (int): Number of this process.
        every (float): Seconds between two files at most. Defaults to 30.
    """

    def __init__(
        self, folder: Path, fingerprint: str, rank: int, every: float = 30.0
    ) -> None:
        self.folder = folder / f'unfinished-{fingerprint[:12]}'
        self.rank, self.every, self.done = rank, every, 0
        self._waiting: list[Any] = []
        self._saved = time.monotonic()

    def load(self) -> list[Any]:
        """What earlier runs recorded, one entry per batch, in order."""
        entries: list[Any] = []
        while True:
            try:
                part = read_safely(self._file(self.done))
                entries += part['entries']
                self.done = part['done']
            except (InputError, KeyError, TypeError):
                # None, or damaged: from here on the work is done again.
                return entries

    def add(self, entry: Any, images: int) -> None:
        """Record one batch of so many images; now and then this writes a file.

        An entry is tensors, arrays, numbers and texts, nested.
        """
        self._waiting.append((entry, images))
        if time.monotonic() - self._saved >= self.every:
            self.save()

    def save(self) -> None:
        """Write what was not written yet."""
        self._saved = time.monotonic()
        if not self._waiting:
            return
        after = self.done + sum(images for _, images in self._waiting)
        part: dict[str, Any] = {
            'done': after,
            'entries': [_plain(entry) for entry, _ in self._waiting],
        }
        with atomic_path(self._file(self.done)) as tmp:
            torch.save(part, tmp)
        self.done = after
        self._waiting = []

    def remove(self) -> None:
        """Forget everything: the sweep is finished and its result written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, start: int) -> Path:
        return self.folder / f'process-{self.rank}-from-{start}.pth'


def _plain(value: Any) -> Any:
    """Named tuples as tuples, since the safe loader knows no other class."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return [_plain(x) for x in value] if isinstance(value, list) else value
