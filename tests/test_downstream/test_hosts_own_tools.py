"""mmchanpos inside its neighbours: their ``tools/test.py``, our hook."""

import json
import sys

import pytest

from mmchanpos.engine.config import package_configs
from tests.conftest import run
from tests.test_downstream.conftest import TAPS, TOYS

HOSTS = sorted(TOYS)


def hosts_test(host, config, toys, work_dir, through=()):
    """Run the host's own tool where the data lies."""
    script = package_configs(host).parent / 'tools/test.py'
    words = script, config, toys[host][1], '--work-dir', work_dir
    return run(sys.executable, *through, *words, cwd=toys[host][0].parent)


def logged(work_dir):
    """The metrics of a test, as mmengine's LoggerHook writes them."""
    (path,) = work_dir.glob('2*/2*.json')
    metrics = json.loads(path.read_text())
    return {k: v for k, v in metrics.items() if 'time' not in k}


@pytest.mark.parametrize('host', HOSTS)
def test_our_hook_works_in_the_hosts_own_tool(
    host, toys, call_tool, tmp_path, monkeypatch
):
    attacked = tmp_path / 'attacked.py'
    attacked.write_text(
        f"_base_ = '{toys[host][0]}'\n"
        "custom_hooks = [dict(type='mmchanpos.ChannelZeroingHook', "
        f"tap='{TAPS[host]}', channels=[0, 2, 5])]"
    )
    done = hosts_test(host, attacked, toys, tmp_path / 'theirs')
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout + done.stderr
    assert said.count('ChannelZeroingHook: test with') == 1

    # And the same in ours.
    monkeypatch.chdir(toys[host][0].parent)
    words = attacked, toys[host][1], '--work-dir', tmp_path / 'ours'
    call_tool('test.py', *words)
    assert logged(tmp_path / 'ours') == logged(tmp_path / 'theirs')


@pytest.mark.parametrize('host', HOSTS)
def test_a_config_without_ours_runs_through_us(host, toys, tmp_path):
    through = '-m', 'mmchanpos'
    done = hosts_test(host, toys[host][0], toys, tmp_path, through)
    assert done.returncode == 0, done.stderr[-3000:]
    assert logged(tmp_path)


@pytest.mark.parametrize(
    ('words', 'said'), [([], 'usage'), (['gone.py'], 'gone.py does not exist')]
)
def test_running_through_us_asks_for_a_script(words, said):
    done = run(sys.executable, '-m', 'mmchanpos', *words)
    assert done.returncode == 2
    assert said in done.stderr
