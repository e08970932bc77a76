"""How an experiment is to be run: small or in full, where, on what."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

from mmchanpos.engine.processes import cores
from mmchanpos.errors import InputError


def check_seeds(seeds: Sequence[int]) -> None:
    """Refuse seeds that would count one training as several."""
    if len({s for s in seeds if s >= 0}) < len(seeds):
        raise InputError(
            f'--seeds {" ".join(map(str, seeds))}: wanted are whole numbers '
            'from 0 on, each of them once.'
        )


@dataclass(frozen=True)
class Setting:
    """What the user chose for a whole run of ``tools/reproduce.py``.

    Args:
        quick (bool): A smaller setting on built-in data, minutes on two cores.
        story (bool): What ``tools/quickstart.sh`` runs: the smallest of all.
        data_root (str, optional): Folder of the data. Defaults to theirs.
        gpus (int): Processes to spread a run over. Defaults to 1.
        jobs (int): Steps at a time; 0 for one, if quick one per core up to 4.
        seeds (Sequence[int]): One training each; see :meth:`trainings`.
        work_dir (Path): Where results go, in a folder for each experiment.
        checkpoints (mapping): Role of a net to files that spare its trainings.
        builtin (bool): In full, but on a few drawn images, to see it run.
    """

    quick: bool = False
    story: bool = False
    data_root: Optional[str] = None
    gpus: int = 1
    jobs: int = 0
    seeds: Sequence[int] = ()
    work_dir: Path = Path('work_dirs/reproduce')
    checkpoints: Mapping[str, Sequence[str]] = field(default_factory=dict)
    builtin: bool = False

    def __post_init__(self) -> None:
        check_seeds(self.seeds)
        for role, files in self.checkpoints.items():
            if len({*files}) < len(files):
                raise InputError(
                    f'--checkpoint {role}: each file, once, is one training.'
                )
        if self.data_root and not Path(self.data_root).exists():
            raise InputError(f'--data-root {self.data_root} does not exist.')
        quick = self.quick or self.story
        # Small nets gain little from a second thread, but a lot from company.
        jobs = self.jobs or (min(cores(), 4) if quick else 1)
        known = dict(quick=quick, jobs=jobs, work_dir=Path(self.work_dir))
        self.__dict__.update(known)

    @property
    def scale(self) -> str:
        """``'story'``, ``'quick'`` or ``'full'``."""
        return 'story' if self.story else 'quick' if self.quick else 'full'

    def folder(self, name: str) -> Path:
        """Folder of an experiment; each scale has its own."""
        tail = '' if self.scale == 'full' else f'-{self.scale}'
        tail += '-builtin' * self.builtin
        return self.work_dir / f'{name}{tail}'

    def pick(self, quick: Any, full: Any, **others: Any) -> Any:
        """Choose by scale.

        Others are ``story``, as ``quick`` where it is not given, and
        ``builtin``, fewer repetitions of what is as in full.

        Example:
            >>> Setting(builtin=True).pick(quick=3, full=10, builtin=2)
            2
        """
        known = {'story': quick, **others, 'quick': quick, 'full': full}
        drawn = self.builtin and 'builtin' in others
        return known['builtin' if drawn else self.scale]

    def trainings(self, role: str = '', story: int = 1) -> tuple[int, ...]:
        """Seeds of the trainings of a net, the unit of every verdict.

        Args:
            role (str): What the net is called in ``--checkpoint``.
            story (int): How many in a story, if the user says nothing.

        Example:
            >>> Setting(quick=True).trainings(), Setting(seeds=[7]).trainings()
            ((0, 1, 2), (7,))
            >>> Setting(checkpoints={'csp': ['a', 'b']}).trainings('csp')
            (0, 1)
        """
        if self.checkpoints:
            return tuple(range(len(self.checkpoints.get(role, ()))))
        usual = self.pick(story=story, quick=3, full=3, builtin=1)
        return tuple(self.seeds) or tuple(range(usual))

    @staticmethod
    def data_options(root: Optional[str]) -> dict[str, Any]:
        """Options of a config whose data sets lie in another folder."""
        loaders = ('train', 'val', 'test') if root else ()
        return {
            f'{x}_dataloader.dataset.data_root': str(root) for x in loaders
        }
