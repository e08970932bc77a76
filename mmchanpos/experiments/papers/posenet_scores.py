"""Scores of read-outs, gathered over runs and seeds, as tables and bars."""

from typing import Any, Mapping, Optional, Sequence

from mmchanpos.report import Figure, Number, Table, bars
from mmchanpos.statistics import Trend, over_trainings

from .posenet_paper import Shape, paper

#: How the nets are called in tables.
TITLES = {
    'alone': 'PosENet alone',
    'vgg16': 'VGG16',
    'vgg16-no-padding': 'VGG16 without padding',
    'vgg16-random': 'VGG16, random weights',
    'resnet152': 'ResNet-152',
    'resnet18': 'small ResNet, zero padding',
    'resnet18-circular': 'the same weights, circular padding',
    'resnet18-random': 'small ResNet, random weights',
    'vgg16-sod': 'VGG16 for salient objects',
    'vgg16-ss': 'VGG16 for segmentation',
    'segmentor': 'encoder of a small segmentor',
    'segmentor-random': 'the same encoder, random weights',
}
#: Whose numbers of the paper stand beside those of a quick run.
_BESIDE = {
    'resnet18': ('resnet152', 'vgg16'),
    'resnet18-circular': ('vgg16-no-padding',),
    'segmentor': ('vgg16-ss',),
}
SOURCES = ('natural', 'objects', 'black', 'white', 'gaussian', 'uniform')


class Scores:
    """Scores of every net, read-out and source, one per repetition.

    Args:
        runs (sequence): Net, seed and result of each training step; a net may
            have several, for its seeds and for other read-outs.
    """

    def __init__(self, runs: Sequence[tuple[str, int, Mapping]]) -> None:
        self._found: dict[tuple, dict[tuple[int, int], float]] = {}
        from mmchanpos.models.readouts.posenet_spec import ReadoutSpec

        for net, seed, result in runs:
            for key, value in result['metrics'].items():
                _, source, name, score = key.split('/')
                spec = ReadoutSpec.parse(name)
                place = net, source, Shape(spec.map, *spec.shape), score
                # The same read-out may be part of several runs of a seed.
                self._found.setdefault(place, {})[seed, spec.seed] = value

    @property
    def nets(self) -> list[str]:
        """All nets, in the order of :data:`TITLES`."""
        found = {net for net, *_ in self._found}
        return [net for net in TITLES if net in found]

    @property
    def sources(self) -> list[str]:
        """All sources of test images."""
        found = {source for _, source, *_ in self._found}
        return [source for source in SOURCES if source in found]

    def number(
        self, net: str, source: str, shape: Shape, score: str = 'SPC'
    ) -> Optional[Number]:
        """Mean and spread over repetitions, beside the paper's number."""
        values = self._found.get((net, source, shape, score))
        if values is None:
            return None
        near = 'natural' if source == 'objects' else source
        told = (paper(n, near, shape, score) for n in _BESIDE.get(net, (net,)))
        known = next((p for p in told if p is not None), None)
        return Number.over(values.values(), paper=known, digits=3)

    def ahead(self, one: str, other: str, name: str) -> Optional[Trend]:
        """SPC of one net minus that of another, over trainings."""
        source, shape = self.sources[0], Shape(name)
        mine, theirs = (
            self._found.get((net, source, shape, 'SPC'), {})
            for net in (one, other)
        )
        both = [seeds for seeds in mine if seeds in theirs]
        if not both:
            return None
        return over_trainings([mine[s] - theirs[s] for s in both])

    def main_table(
        self,
        score: str,
        title: str = 'Table 1: {} of each map, one 3x3 layer on all stages',
    ) -> Table:
        """Every map, net and source, as in Tables 1 and 6."""
        table = Table(
            title.format(score),
            ['map', 'encoder', *self.sources],
            note='± is the standard deviation over seeds.',
        )
        for name in ('H', 'V', 'G', 'HS', 'VS'):
            for net in self.nets:
                cells = [
                    self.number(net, source, Shape(name), score)
                    for source in self.sources
                ]
                if any(cells):
                    table.add(name, TITLES[net], *cells)
        return table

    def table(
        self, title: str, nets: Sequence[str], shapes: Mapping[str, Any]
    ) -> Optional[Table]:
        """SPC on the first source, one column per kind of read-out."""
        table = Table(title, ['map', 'encoder', *shapes])
        source = self.sources[0]
        for name in ('H', 'G', 'HS'):
            for net in nets:
                cells = [
                    self.number(net, source, Shape(name, **fields))
                    for fields in shapes.values()
                ]
                if len(cells) - cells.count(None) > 1:
                    table.add(name, TITLES[net], *cells)
        return table if table.rows else None

    def bars(
        self, name: str, title: str, net: str, shapes: Mapping[str, Any]
    ) -> Optional[Figure]:
        """SPC of H, G and HS for each kind of read-out, as bars."""
        table = self.table(title, [net], shapes)
        if table is None:
            return None
        groups: dict[str, dict[str, Any]] = {}
        marks: dict[str, dict[str, float]] = {}
        for label, _, *cells in table.rows:
            for column, number in zip(shapes, cells):
                if number is not None:
                    pair = number.value, number.spread
                    groups.setdefault(column, {})[label] = pair
                    marks.setdefault(column, {})[label] = number.paper
        caption = f'{TITLES[net]}; black lines are the numbers of the paper.'
        return bars(name, groups, 'SPC', title, caption, marks)
