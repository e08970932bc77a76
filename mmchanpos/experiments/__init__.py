'''The papers' tables and figures, declared.

To declare one, write ``papers/<name>.py`` with two functions;
``tools/reproduce.py <name>`` then finds, runs, resumes, prints and saves it::

    """Table 1: a GAP vector knows the location, a shuffled one does not."""

    from mmchanpos.report import Number, Section, Table

    from .run.runs import Train

    PAPER = {('gapnet', 3): 100, ('permutenet', 3): 78.8}


    def steps(setting):
        """Train both nets on every grid, once per seed."""
        epochs = setting.pick(quick=3, full=20)
        for net, grid in PAPER:
            for seed in setting.seeds:
                yield Train(
                    f'{net}-{grid}-seed{seed}',
                    f'configs/{net}/resnet18_{grid}x{grid}_cifar10.py',
                    {'train_cfg.max_epochs': epochs},
                    seed=seed,
                    seconds=setting.pick(quick=25, full=3600),
                )


    def read(context):
        """Mean over seeds beside the paper's number."""
        table = Table('Location accuracy (%)', ['net', 'grid', 'top-1'])
        for (net, grid), paper in PAPER.items():
            found = [
                context.results[f'{net}-{grid}-seed{s}']['metrics'][
                    'accuracy/top1'
                ]
                for s in context.setting.seeds
            ]
            number = Number.over(found, paper=paper, chance=100 / grid**2)
            table.add(net, f'{grid}x{grid}', number)
        return Section(
            'Where was the patch?',
            ['Two plain sentences for somebody who has not read the paper.'],
            tables=[table],
            figures=[...],  # report.curves, bars, panels, or Figure(...)
        )

What there is:

* **Steps** (in ``run``), done in the order given. ``Train``
  trains a config and tests it, ``Test`` tests a config with the checkpoint of
  a ``Train`` step or a file, ``Tool`` runs one of ``tools/`` in its own
  process, ``Call`` calls ``function(context, **arguments)`` (write it in your
  module; import hosts inside of it). A step's name is also its folder.
  ``'{rank}/overall.json'`` in options or arguments is a file in the folder of
  the step ``rank``, and makes it an earlier step; ``needs=['rank']`` says so
  without naming a file.
* **Results** are what JSON can hold, stored when a step ends. A later run
  skips a step whose config, options, arguments, seed and earlier steps are
  what they were; change any of them and it is done again. Big arrays go to
  ``.npz`` files in ``context.folder``.
* **Context**: ``context.setting``, ``context.results[step]``,
  ``context.folders[step]``, ``context.checkpoint(step)``, and, inside a
  ``Call``, ``context.folder``.
* ``read`` gives one ``Section`` or a list of them. An attack's sections come
  from ``mmchanpos.report.attack.attack_sections(path_of_sweep_json)``.
* **Setting**: ``quick``, ``data_root`` (None: the configs' own), ``gpus``,
  ``seeds``, ``pick(quick=..., full=...)``, which takes ``story=...`` too
  where the quickstart is to show less.
* A step with ``shared='streets'`` is done once for all experiments that have
  it: they keep it in a folder of that name beside their own.
* ``seconds`` of a step is a rough time on two cores; it feeds ``--dry-run``
  and the time to go.
* The module must import without any host: ``--list`` reads only docstrings,
  but ``--dry-run`` imports it. The first line of its docstring is its title.

A benchmark is declared alike in ``benchmarks/<name>.py`` (see there).
'''

from .run.catalogue import Experiment, load, titles
from .run.reproduce import dry_run, reproduce
from .run.runs import Test, Train
from .run.setting import Setting
from .run.steps import Call, Context, Step, Tool
from .run.story import tell

__all__ = [
    'Call',
    'Context',
    'Experiment',
    'Setting',
    'Step',
    'Test',
    'Tool',
    'Train',
    'dry_run',
    'load',
    'reproduce',
    'tell',
    'titles',
]
