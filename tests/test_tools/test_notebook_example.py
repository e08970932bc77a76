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
    ranks, kept, zeroed, erased, left, imported = done.stdout.splitlines()
    assert ranks.count(',') == 9
    assert kept.endswith('with 50 of 512 off')
    assert zeroed.startswith('anova top 50: ')
    assert erased.startswith('leace top 2: ')
    assert left == 'R² left to read of x and y: 0.00'
    assert imported == 'imported: []'
