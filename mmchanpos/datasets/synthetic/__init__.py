"""Built-in data: drawn from a seed, written in the layouts of real sets."""

from .layouts import write_objects, write_streets
from .objects import OBJECTS, draw_objects
from .scene import ONCOMING, OWN_LANE, Scene
from .street import draw_street, draw_streets

__all__ = [
    'OBJECTS',
    'ONCOMING',
    'OWN_LANE',
    'Scene',
    'draw_objects',
    'draw_street',
    'draw_streets',
    'write_objects',
    'write_streets',
]
