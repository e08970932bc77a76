"""How an experiment is to be run: small or in full, where, on what."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple

from mmchanpos.errors import InputError


@dataclass(frozen=True)
class Setting:
    """What the user chose for a whole run of ``tools/reproduce.py``.

    Args:
        quick (bool): A smaller setting on built-in data, minutes on two
            cores, instead of the paper's own.
        data_root (str, optional): Folder of the data set, in the layout that
            the configs of the experiment expect. Defaults to theirs.
        gpus (int): Processes to spread a run over. Defaults to 1.
        seeds (Tuple[int, ...]): One repetition per seed. Defaults to two
            for ``quick``, else three.
        work_dir (Path): Where results go. Each experiment has its own folder
            in it, and ``quick`` another than full.
    """

    quick: bool = False
    data_root: Optional[str] = None
    gpus: int = 1
    seeds: Tuple[int, ...] = ()
    work_dir: Path = Path('work_dirs/reproduce')

    def __post_init__(self) -> None:
        if self.gpus < 1:
            raise InputError(f'--gpus {self.gpus}: at least 1 is needed.')
        seeds = tuple(self.seeds) or ((0, 1) if self.quick else (0, 1, 2))
        if len(set(seeds)) < len(seeds):
            raise InputError(f'--seeds {seeds} names one seed twice.')
        if self.data_root and not Path(self.data_root).exists():
            raise InputError(f'--data-root {self.data_root} does not exist.')
        object.__setattr__(self, 'seeds', seeds)
        object.__setattr__(self, 'work_dir', Path(self.work_dir))

    def pick(self, quick, full):
        """Give the first value when ``quick``, else the second.

        Example:
            >>> Setting(quick=True).pick(quick=[3, 5], full=[3, 5, 7])
            [3, 5]
        """
        return quick if self.quick else full
