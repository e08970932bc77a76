"""What one read-out of PosENet is, and lists of them as products."""

from dataclasses import dataclass, fields
from itertools import product
from typing import Any, Mapping, Sequence, Union

from mmchanpos.errors import InputError, one_of

CHOICES = {'kernel': (1, 3, 5, 7), 'layers': (1, 2, 3), 'padding': (0, 1, 2)}


@dataclass(frozen=True)
class ReadoutSpec:
    """One read-out: which map it reads, from which stages, by which layers.

    Args:
        map (str): Name of the position map.
        stages (tuple[int, ...]): Stages of the encoder that are concatenated,
            from 1 as in the paper's f1..f5; empty for all. Defaults to ().
        kernel (int): Side of the convolutions: 1, 3, 5 or 7. Defaults to 3.
        layers (int): How many convolutions: 1 to 3. Defaults to 1.
        padding (int): Zeros around their inputs: 0, 1 or 2. Zeros tell the
            read-out itself where it is, so 0 is the fair choice. Defaults to
            0.
        seed (int): Of the first weights. Defaults to 0.

    Example:
        >>> spec = ReadoutSpec('H', stages=(5,), kernel=7)
        >>> spec.name
        'H_f5_k7_l1_p0_s0'
        >>> ReadoutSpec.parse(spec.name) == spec
        True
    """

    map: str
    stages: tuple[int, ...] = ()
    kernel: int = 3
    layers: int = 1
    padding: int = 0
    seed: int = 0

    def __post_init__(self):
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise InputError(
                    f'{name}={getattr(self, name)!r} of a read-out: one of '
                    f'{", ".join(map(str, known))} was wanted.'
                )

    @property
    def name(self) -> str:
        """Name under which its scores are reported."""
        stages = '+'.join(f'f{s}' for s in self.stages) or 'all'
        return (
            f'{self.map}_{stages}_k{self.kernel}_l{self.layers}'
            f'_p{self.padding}_s{self.seed}'
        )

    @property
    def shape(self) -> tuple:
        """Read-outs of one shape are trained as one batched net."""
        return self.stages, self.kernel, self.layers, self.padding

    @classmethod
    def parse(cls, name: str) -> 'ReadoutSpec':
        """Read a name back."""
        label, stages, *numbers = name.rsplit('_', 5)
        kernel, layers, padding, seed = (int(n[1:]) for n in numbers)
        parts = () if stages == 'all' else stages.split('+')
        return cls(
            label,
            tuple(int(p[1:]) for p in parts),
            kernel,
            layers,
            padding,
            seed,
        )


def expand(
    readouts: Union[Mapping[str, Any], Sequence[Mapping[str, Any]]],
) -> list[ReadoutSpec]:
    """Write out products: each field may hold one choice or a list of them.

    Args:
        readouts (dict | Sequence[dict]): Fields of :class:`ReadoutSpec`.
            ``stages`` is ``'all'``, the number of one stage, a list of these,
            or of lists of numbers that are read together.

    Returns:
        list[ReadoutSpec]: Without repetitions.

    Example:
        >>> specs = expand(dict(map=['H', 'G'], stages=[1, [1, 2], 'all']))
        >>> [s.name for s in specs][:3]
        ['H_f1_k3_l1_p0_s0', 'H_f1+f2_k3_l1_p0_s0', 'H_all_k3_l1_p0_s0']
        >>> len(specs)
        6
    """
    groups = [readouts] if isinstance(readouts, Mapping) else list(readouts)
    specs: dict[ReadoutSpec, None] = {}
    known = [f.name for f in fields(ReadoutSpec)]
    for group in groups:
        for key in group:
            one_of(known, key, 'a read-out has no')
        if 'map' not in group:
            raise InputError(
                f'the read-outs {dict(group)} do not say which map they '
                "read, for example map=['H', 'V', 'G']."
            )
        choices = [_several(group[key]) for key in group]
        for values in product(*choices):
            chosen = dict(zip(group, values))
            chosen['stages'] = _stages(chosen.get('stages', 'all'))
            specs[ReadoutSpec(**chosen)] = None
    if not specs:
        raise InputError('PosENet was given no read-outs at all.')
    return list(specs)


def _several(value: Any) -> Sequence:
    return value if isinstance(value, (list, tuple)) else [value]


def _stages(value: Any) -> tuple[int, ...]:
    if value == 'all':
        return ()
    stages = tuple(_several(value))
    if not stages or any(type(s) is not int for s in stages):
        raise InputError(
            f'stages={value!r}; wanted is "all", the number of a stage from '
            '1, or a list of numbers.'
        )
    return stages
