"""Commands of READMEs and of every ``--help`` are taken as they are written.

Each is parsed by its tool, and its config is read with its options. What
runs them, or why they cannot run without data, stands in ``RUN``.
"""

import argparse
import itertools
import re
import runpy
import shlex
import sys

import pytest

from mmchanpos.engine.config import load_config
from tests.conftest import ROOT

TOOLS = sorted(
    path
    for path in (ROOT / 'tools').rglob('*.py')
    if 'tool_parser' in path.read_text()
)
READMES = [ROOT / 'README.md', *sorted((ROOT / 'configs').glob('*/*.md'))]
#: Script to the test that runs it, with a small net and drawn images. The
#: configs that a command names read published data, which a test has not:
#: tests/test_engine/test_builtin.py runs their data and pipelines.
RUN = {
    'train.py': 'tests/test_tools/test_train_test.py',
    'test.py': 'tests/test_tools/test_train_test.py',
    'arrays.py': 'tests/test_datasets/test_stacked.py',
    'attack.py': 'tests/test_tools/test_attack.py',
    'rank_channels.py': 'tests/test_tools/test_attack.py',
    'shift_eval.py': 'tests/test_tools/test_shift_eval.py',
    'audit.py': 'tests/test_engine/test_audit.py',
    'headline.py': 'tests/test_experiments/test_headline.py',
    'probe.py': 'tests/test_tools/test_probe.py',
    'reproduce.py': 'tests/test_tools/test_reproduce.py',
    'benchmark.py': 'tests/test_experiments/test_benchmarks.py',
    'make_synthetic.py': 'tests/test_tools/test_make_synthetic.py',
    'browse_dataset.py': 'tests/test_tools/test_make_synthetic.py',
    'print_config.py': 'tests/test_tools/test_print_config.py',
    'miss_rate.py': 'tests/test_tools/test_citypersons_tools.py',
    'citypersons.py': 'tests/test_tools/test_citypersons_tools.py',
    'camvid.py': 'tests/test_datasets/test_camvid.py',
    'permutenet2mmseg.py': (
        'tests/test_models/test_heads/test_project_aspp_head.py'
    ),
    'resnet2mmpretrain.py': (
        'tests/test_models/test_converters/test_resnet.py'
    ),
    'builtin.sh': 'tests/test_tools/test_reproduce.py',
    'pedestron2mmdet.py': (
        'tests/test_models/test_converters/test_pedestron.py'
    ),
    'check_env.py': 'tests/test_readme.py',
    'notebook_example.py': 'tests/test_tools/test_notebook_example.py',
    'dist_train.sh': 'tests/test_tools/test_dist.py',
    'dist_test.sh': 'tests/test_tools/test_dist.py',
    'dist_attack.sh': 'tests/test_tools/test_dist.py',
    'slurm_train.sh': 'tests/test_tools/test_dist.py',
    'quickstart.sh': 'tests/test_tools/test_setup_env.py',
    'run_tests.sh': '.ci/run',
}
#: What stands for something of the user's.
THEIRS = re.compile(r'^[A-Z][A-Z_]+$|NAME|METHOD|CKPT|THEIRS')


class Parsed(Exception):
    """What a tool's parser made of a command."""

    def __init__(self, options):
        super().__init__()
        self.options = options


def commands():
    """Where a command stands, and its words; comments taken off."""
    found = []
    for page in READMES:
        blocks = re.findall(r'```(?:bash)?\n(.*?)```', page.read_text(), re.S)
        found += [(page, block) for block in blocks]
        # Code in the middle of a text; a lone name is no command.
        lines = re.findall(r'`([^`\n]+ [^`\n]+)`', page.read_text())
        found += [(page, line) for line in lines]
    for path in TOOLS:
        text = re.search(r'EXAMPLES = """(.*?)"""', path.read_text(), re.S)
        if text:
            found.append((path, text[1].replace('\\\\', '\\')))
    for page, block in found:
        for line in re.sub(r' *\\\n *', ' ', block).splitlines():
            # A remark stands behind two spaces.
            line = re.split(r'\s{2,}', line.strip())[0]
            line = re.sub('^(python|bash) ', '', line)
            if re.match(r'tools/\S+\.(py|sh)( |$)', line):
                words = shlex.split(line, comments=True)
                yield str(page.relative_to(ROOT)), words


def spread(word):
    """``{a,b}c`` as a shell spreads it."""
    parts = re.split(r'\{([^{}]*,[^{}]*)\}', word)
    choices = [
        part.split(',') if i % 2 else [part] for i, part in enumerate(parts)
    ]
    return [''.join(chosen) for chosen in itertools.product(*choices)]


COMMANDS = list(commands())
NAMES = [f'{page}: {" ".join(words)}'[:90] for page, words in COMMANDS]


def test_every_page_and_every_help_is_read():
    pages = {page for page, _ in COMMANDS}
    assert len(pages) > 15
    assert all((ROOT / place).exists() for place in RUN.values())


@pytest.mark.parametrize(('page', 'words'), COMMANDS, ids=NAMES)
def test_a_command_is_one_that_its_tool_takes(page, words, monkeypatch):
    script = ROOT / words[0]
    assert script.exists()
    assert script.name in RUN, f'{words[0]} is run by no test'
    if script.suffix == '.sh' or 'tool_parser' not in script.read_text():
        return
    words = [part for word in words[1:] for part in spread(word)]

    def parse(parser, *args):
        options, extra = parser.parse_known_args(*args)
        assert not extra, extra
        raise Parsed(options)

    monkeypatch.setattr(argparse.ArgumentParser, 'parse_args', parse)
    monkeypatch.setattr(sys, 'argv', [str(script), *words])
    try:
        runpy.run_path(str(script))['main']()
    except Parsed as parsed:
        options = parsed.options
    else:
        # It ended before it parsed: a list of what there is.
        assert '--list' in words
        return
    for name in ('config', 'data'):
        config = getattr(options, name, None)
        # Nets that are no configs: of a package, or by a function.
        if config and '.py' not in config:
            continue
        if config and not THEIRS.search(config):
            changes = getattr(options, 'cfg_options', None)
            load_config(config, changes if name == 'config' else None)
