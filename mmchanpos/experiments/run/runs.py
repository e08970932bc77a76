"""Steps that train or test a config, as ``tools/train.py`` would.

With one process the run happens here, its log in the step's folder; with more
it goes through ``tools/dist_train.sh``, as a user would start it.
"""

import contextlib
import gc
import hashlib
import json
import shlex
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from mmengine.config import DictAction

from mmchanpos.files import clean, read_json

from .setting import Setting
from .steps import Context, Step, home, run_logged


@dataclass(frozen=True)
class Train(Step):
    """Train a config, then test the last checkpoint.

    The result is ``{'metrics': {...}, 'checkpoint': path}``. An interrupted
    training starts anew when quick, since its numbers then do not depend on
    where it was stopped; in full it goes on from its last checkpoint.

    Args:
        name (str): Name of the step.
        config (str): ``configs/...`` of ours, or ``pkg::folder/name.py``.
        options (Mapping): Dotted keys, as after ``--cfg-options``.
        seed (int): Seed of the run. Defaults to 0.
        test (bool): Whether to test at the end. Defaults to True.
        seconds (float): Rough duration.
        needs (Sequence[str]): Steps that come first.
        shared (str): See :class:`Step`.
    """

    name: str
    config: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    test: bool = True
    seconds: float = 60.0
    needs: Sequence[str] = ()
    shared: str = ''

    def run(self, context: Context) -> Dict[str, Any]:
        """Train, and test."""
        cfg = _load(self, context)
        resume = 'auto' if context.resume else None
        if context.setting.gpus > 1:
            words = ['--resume'] if resume else []
            _launch('dist_train.sh', cfg, context, [], words)
        else:
            from mmchanpos.engine.launch import train

            with _quiet(cfg, context.folder):
                train(cfg, resume=resume)
        checkpoint = context.checkpoint(self.name)
        result = dict(checkpoint=str(checkpoint), metrics={})
        if self.test:
            cfg = _load(self, context)
            result['metrics'] = _test(cfg, context, checkpoint)
        return result

    def commands(self, context: Context) -> List[str]:
        """Give the training and the testing command."""
        folder = context.folders[self.name]
        lines = _command('train', self, context, [self.config])
        if self.test:
            what = [self.config, f'"$(cat {folder}/last_checkpoint)"']
            lines += _command('test', self, context, what)
        return lines

    def values(self, setting: Setting) -> Dict[str, Any]:
        """Config, options, seed, and the number of processes."""
        return _values(self, test=self.test, gpus=setting.gpus)

    def mentions(self) -> Any:
        """The options."""
        return self.options


@dataclass(frozen=True)
class Test(Step):
    """Test a config with a checkpoint; the result is ``{'metrics': {...}}``.

    Args:
        name (str): Name of the step.
        config (str): ``configs/...`` of ours, or ``pkg::folder/name.py``.
        checkpoint (str): Name of a :class:`Train` step, else a path.
        options (Mapping): Dotted keys, as after ``--cfg-options``.
        seed (int): Seed of the run. Defaults to 0.
        seconds (float): Rough duration.
        needs (Sequence[str]): Steps that come first.
    """

    # pytest takes every class called Test... for a test case.
    __test__ = False

    name: str
    config: str
    checkpoint: str = ''
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    seconds: float = 20.0
    needs: Sequence[str] = ()

    def run(self, context: Context) -> Dict[str, Any]:
        """Test."""
        if self.checkpoint in context.folders:
            checkpoint = context.checkpoint(self.checkpoint)
        else:
            checkpoint = Path(context.fill(self.checkpoint))
        cfg = _load(self, context)
        return dict(metrics=_test(cfg, context, checkpoint))

    def commands(self, context: Context) -> List[str]:
        """Give the testing command."""
        given = context.fill(self.checkpoint)
        if given in context.folders:
            given = f'"$(cat {context.folders[given]}/last_checkpoint)"'
        return _command('test', self, context, [self.config, given])

    def values(self, setting: Setting) -> Dict[str, Any]:
        """Config, options, seed and checkpoint."""
        return _values(self, checkpoint=self.checkpoint)

    def mentions(self) -> Any:
        """The options and the checkpoint."""
        return [self.options, self.checkpoint]

    def after(self):
        """Names of the steps that this one uses."""
        trained = set() if '/' in self.checkpoint else {self.checkpoint}
        return super().after() | (trained - {''})


def config_path(name: str) -> str:
    """Where a config lies: ``configs/...`` is ours, wherever we are installed.

    Args:
        name (str): As written in a declaration.

    Returns:
        str: What :func:`mmchanpos.engine.config.load_config` understands.
    """
    if '::' in name or Path(name).is_absolute():
        return name
    for folder in (home(), Path(__file__).parents[3]):
        if (folder / name).is_file():
            return str(folder / name)
    return name


def _values(step: Any, **others: Any) -> Dict[str, Any]:
    return dict(
        config=_config_hash(config_path(step.config)),
        options=step.options,
        seed=step.seed,
        **others,
    )


@cache
def _config_hash(path: str) -> str:
    from mmchanpos.engine.config import load_config

    content = load_config(path, check=False).to_dict()
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _load(step: Any, context: Context) -> Any:
    from mmchanpos.engine.config import load_config

    options = dict(context.fill(dict(step.options)))
    options['randomness.seed'] = step.seed
    path = config_path(step.config)
    return load_config(path, options, str(context.folder))


def _test(cfg: Any, context: Context, checkpoint: Path) -> Dict[str, Any]:
    if context.setting.gpus > 1:
        file = context.folder / 'metrics.json'
        words = ['--out', str(file)]
        _launch('dist_test.sh', cfg, context, [str(checkpoint)], words)
        return read_json(file)
    from mmchanpos.engine.launch import test

    with _quiet(cfg, context.folder):
        return clean(test(cfg, str(checkpoint)))


def _launch(
    script: str,
    cfg: Any,
    context: Context,
    what: Sequence[str],
    words: Sequence[str],
) -> None:
    whole = context.folder / 'config.py'
    cfg.dump(str(whole))
    line = ['bash', str(home() / 'tools' / script), str(whole), *what]
    line += [str(context.setting.gpus), '--work-dir', str(context.folder)]
    run_logged([*line, *words], context.folder / 'output.log')


@contextlib.contextmanager
def _quiet(cfg: Any, folder: Path) -> Iterator[None]:
    # Two runs in one second would otherwise share loggers and visualizers.
    cfg.experiment_name = f'{folder.name}-{uuid.uuid4().hex[:8]}'
    with contextlib.ExitStack() as stack:
        file = folder / 'output.log'
        log = stack.enter_context(open(file, 'a', encoding='utf8'))
        stack.enter_context(contextlib.redirect_stdout(log))
        stack.enter_context(contextlib.redirect_stderr(log))
        yield
    gc.collect()


def _command(
    tool: str, step: Any, context: Context, what: Sequence[str]
) -> List[str]:
    folder = context.folders[step.name]
    options = dict(context.fill(dict(step.options)))
    options['randomness.seed'] = step.seed
    said, unsaid = _arguments(options)
    gpus = context.setting.gpus
    line = f'python tools/{tool}.py {" ".join(what)}'
    if gpus > 1:
        line = f'bash tools/dist_{tool}.sh {" ".join(what)} {gpus}'
    line += f' --work-dir {folder} --cfg-options {shlex.join(said)}'
    return [f'# and in the config: {x}' for x in unsaid] + [line]


def _arguments(options: Mapping[str, Any]) -> Tuple[List[str], List[str]]:
    """Options as ``KEY=VALUE``, and those that a command line cannot say."""
    said, unsaid = [], []
    for key, value in options.items():
        if isinstance(value, Mapping) and value:
            deeper = {f'{key}.{k}': v for k, v in value.items()}
            for known, new in zip((said, unsaid), _arguments(deeper)):
                known.extend(new)
            continue
        text = str(value).replace(' ', '').replace("'", '')
        if _reads(text, value):
            said.append(f'{key}={text}')
        else:
            unsaid.append(f'{key} = {value!r}')
    return said, unsaid


def _reads(text: str, value: Any) -> bool:
    """Whether ``--cfg-options`` reads a text as this value."""
    try:
        return DictAction._parse_iterable(text) == value
    except (AssertionError, RecursionError):
        return False
