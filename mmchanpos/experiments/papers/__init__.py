'''The papers' tables and figures, one file each.

A file defines two functions and a few words; put its name into :data:`NAMES`,
and ``tools/reproduce.py NAME`` finds, runs, resumes, prints and saves it.
Anybody's own file needs no entry: ``tools/reproduce.py path/to/mine.py``::

    """Table 1: a GAP vector knows the location, a shuffled one does not."""

    from mmchanpos.experiments import Train
    from mmchanpos.report import Number, Section, Table

    PAPER = {('gapnet', 3): 100, ('permutenet', 3): 78.8}


    def steps(setting):
        """Train both nets on every grid, once per seed."""
        for net, grid in PAPER:
            yield from Train.each(
                setting,
                f'{net}-{grid}',
                role=net,
                config=f'configs/{net}/{net}_resnet18_{grid}x{grid}.py',
                options={'train_cfg.max_epochs': setting.pick(3, 20)},
                seconds=setting.pick(quick=25, full=3600),
            )


    def read(context):
        """Mean over trainings beside the paper's number."""
        table = Table('Location accuracy (%)', ['net', 'grid', 'top-1'])
        for (net, grid), paper in PAPER.items():
            found = context.over(f'{net}-{grid}', 'accuracy/top1', net)
            number = Number.over(found, paper=paper, chance=100 / grid**2)
            table.add(net, f'{grid}x{grid}', number)
        return Section(
            'Where was the patch?',
            ['Two plain sentences for somebody who has not read the paper.'],
            tables=[table],
            figures=[...],  # report.curves, bars, panels, or Figure(...)
        )

What there is:

* **Steps**, each after those that its ``needs`` name. ``Train`` trains a
  config and tests it, ``Tool`` runs one of ``tools/``, ``Call`` calls
  ``function(context, **arguments)`` (import hosts inside of it). A step's
  name is also its folder. In texts ``'{rank}/overall.json'`` is a file of the
  step ``rank``, and ``'{train:checkpoint}'`` are the weights of ``train``.
* **Trainings** are the unit of every verdict: ``setting.trainings(role)``
  gives their seeds, ``Train.each`` a step each, ``context.over`` a metric of
  each. ``--checkpoint ROLE=FILE ...`` puts files in their place.
* **Results** are what JSON can hold, stored when a step ends. A later run
  skips a step whose config, options, arguments, seed, version of the package
  and earlier steps are what they were. Big arrays go to ``.npz`` files in
  ``context.folder``.
* **Context**: ``context.setting``, ``context.results[step]``,
  ``context.folders[step]``, ``context.checkpoint(step)``, and, inside a
  ``Call``, ``context.folder``.
* ``read`` gives one ``Section`` or a list of them. The sections of an attack
  come from ``mmchanpos.report.attack.attack_sections``.
* **Setting**: ``quick``, ``data_root`` (None: the configs' own), ``gpus``,
  and ``pick(quick=..., full=...)``, which takes ``story=...`` too where the
  quickstart is to show less.
* A step with ``shared='streets'`` is done once for all experiments that have
  it: they keep it in a folder of that name beside their own.
* ``seconds`` of a step is a rough time on two cores; it feeds ``--dry-run``
  and the time to go.
* ``NEEDS = '...'`` says what a full run needs and cannot fetch, and what of
  the paper is not covered; ``PARTIAL = True`` that some roles may be given
  weights and the others be left out.
* The module imports no host. The first line of its docstring is its title.
'''

from mmchanpos.experiments.experiment import Experiment, find_module, title_of

#: Every experiment of ours, in the order in which the papers have them.
NAMES = (
    'table1',
    'fig4',
    'fig6',
    'recognition',
    'table2',
    'figS1',
    'figS2',
    'figS3',
    'figS4',
    'tableS1',
    'beyond',
    'posenet',
    'posenet_padding',
    'posenet_tasks',
    'posenet_crop',
)
#: Head and lead of a page of several of them.
TITLE = 'Where things are is written in the channels'
LEAD = (
    'A convolutional network that pools its last layer over space seems to '
    'forget where things were. It does not: the position is encoded in '
    'which channels are active. Below: how that shows, how to train a '
    'network that depends on it less, and what breaks when these channels '
    'are switched off.',
    'Every part names the command that makes it again. Numbers from '
    'built-in data stand beside those of the papers, which used larger '
    'networks and real photographs: compare the directions, not the values.',
)


def load(name: str) -> Experiment:
    """Find one experiment.

    Args:
        name (str): One of :data:`NAMES`, or a file that defines ``steps``
            and ``read``.
    """
    functions = ('steps', 'read')
    module = find_module(name, NAMES, __name__, 'reproduce', functions)
    return Experiment(
        module.__name__.rpartition('.')[2],
        title_of(module),
        module.steps,
        module.read,
        getattr(module, 'NEEDS', ''),
        getattr(module, 'PARTIAL', False),
        '' if name in NAMES else name,
    )


def titles() -> dict[str, str]:
    """Name and title of all of ours."""
    return {name: load(name).title for name in NAMES}
