"""Work for processes, which cannot import test modules."""

import os
import time

from mmchanpos.errors import InputError


def nap(context, seconds, text=''):
    """Sleep, say when and where, or fail."""
    began = time.time()
    time.sleep(seconds)
    if text == 'wrong':
        raise InputError('this is wrong.')
    if text == 'broken':
        raise ZeroDivisionError
    return dict(began=began, ended=time.time(), process=os.getpid())


def meet(context, mine, other):
    """Wait until a step that runs at the same time has begun, too."""
    began = time.time()
    open(mine, 'w').close()
    while not os.path.exists(other):
        if time.time() > began + 60:
            raise InputError('nobody came.')
        time.sleep(0.01)
    return dict(began=began, ended=time.time(), process=os.getpid())


def beat(file):
    """Write to a file for ever."""
    while True:
        with open(file, 'a') as out:
            out.write('.')
        time.sleep(0.05)
