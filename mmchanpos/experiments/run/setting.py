"""How an experiment is to be run: small or in full, where, on what."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple

from mmchanpos.errors import InputError

from .processes import cores


@dataclass(frozen=True)
class Setting:
    """What the user chose for a whole run of ``tools/reproduce.py``.

    Args:
        quick (bool): A smaller setting on built-in data, minutes on two
            cores, instead of the paper's own.
        story (bool): The smallest that still shows the effect, what
            ``tools/quickstart.sh`` runs. It is quick too.
        data_root (str, optional): Folder of the data set, in the layout that
            the configs of the experiment expect. Defaults to theirs.
        gpus (int): Processes to spread a run over. Defaults to 1.
        jobs (int): Steps that run at a time. Defaults to one, or where a run
            is quick to one per core, but four at most.
        seeds (Tuple[int, ...]): One repetition per seed. Defaults to two
            for ``quick``, else three.
        work_dir (Path): Where results go. Each experiment has its own folder
            in it, and ``quick`` another than full.
    """

    quick: bool = False
    story: bool = False
    data_root: Optional[str] = None
    gpus: int = 1
    jobs: int = 0
    seeds: Tuple[int, ...] = ()
    work_dir: Path = Path('work_dirs/reproduce')

    def __post_init__(self) -> None:
        if self.gpus < 1:
            raise InputError(f'--gpus {self.gpus}: at least 1 is needed.')
        if self.jobs < 0:
            raise InputError(f'--jobs {self.jobs}: at least 1 is needed.')
        object.__setattr__(self, 'quick', self.quick or self.story)
        # Small nets gain little from a second thread, but a lot from company.
        several = min(cores(), 4) if self.quick else 1
        object.__setattr__(self, 'jobs', self.jobs or several)
        usual = self.pick(story=(0,), quick=(0, 1), full=(0, 1, 2))
        seeds = tuple(self.seeds) or usual
        if len(set(seeds)) < len(seeds):
            raise InputError(f'--seeds {seeds} names one seed twice.')
        if self.data_root and not Path(self.data_root).exists():
            raise InputError(f'--data-root {self.data_root} does not exist.')
        object.__setattr__(self, 'seeds', seeds)
        object.__setattr__(self, 'work_dir', Path(self.work_dir))

    @property
    def scale(self) -> str:
        """``'story'``, ``'quick'`` or ``'full'``."""
        return 'story' if self.story else 'quick' if self.quick else 'full'

    def folder(self, name: str) -> Path:
        """Folder of an experiment; each scale has its own.

        Example:
            >>> Setting(quick=True).folder('table1').name
            'table1-quick'
        """
        tail = '' if self.scale == 'full' else f'-{self.scale}'
        return self.work_dir / f'{name}{tail}'

    def pick(self, quick, full, **story):
        """Choose by scale; where no ``story`` is given it is as ``quick``.

        Example:
            >>> Setting(quick=True).pick(quick=[3, 5], full=[3, 5, 7])
            [3, 5]
            >>> Setting(story=True).pick(story=[3], quick=[3, 5], full=[7])
            [3]
        """
        return dict(dict(story=quick), **story, quick=quick, full=full)[
            self.scale
        ]
