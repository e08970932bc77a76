"""The notebook runs as it stands, on torch alone."""

import subprocess
import sys

from tests.conftest import ROOT

RUN = """
import runpy, sys
runpy.run_path(sys.argv[1])
hosts = {'mmengine', 'mmcv', 'mmpretrain', 'mmseg', 'mmdet'}
print('imported:', sorted(hosts & set(sys.modules)))
"""


def test_the_cells_run_without_any_host():
    file = ROOT / 'tools/misc/notebook_example.py'
    done = subprocess.run(
        [sys.executable, '-c', RUN, str(file)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    ranks, kept, imported = done.stdout.splitlines()
    assert ranks.count(',') == 9
    assert kept.endswith('with 50 of 512 off')
    assert imported == 'imported: []'
