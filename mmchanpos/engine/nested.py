"""Walk through nested configs."""

from typing import Any, Iterator, Mapping

from mmengine.config import Config, ConfigDict

from mmchanpos.errors import InputError


def nodes(value: Any) -> Iterator[Any]:
    """Everything in nested dicts and lists, outermost first.

    Example:
        >>> [x for x in nodes({'a': [1, {'b': 2}]}) if isinstance(x, int)]
        [1, 2]
    """
    yield value
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return
    for part in list(value):
        yield from nodes(part)


def dicts(value: Any) -> Iterator[dict]:
    """Every dict in a nested config; it may be changed when it comes."""
    return (node for node in nodes(value) if isinstance(node, dict))


def listed(value: Any) -> list[Any]:
    """What a config gives as one thing, as several or not at all."""
    if isinstance(value, (list, tuple)):
        return list(value)
    return [] if value is None else [value]


def kind_of(part: Mapping) -> str:
    """Name of the class that a part of a config asks for.

    Its ``type`` is the class, as in mmengine's configs of pure Python, or its
    name, with or without a package before it.

    Example:
        >>> kind_of({'type': 'mmseg.IoUMetric'}), kind_of({'type': dict})
        ('IoUMetric', 'dict')
    """
    kind = part.get('type')
    return getattr(kind, '__name__', None) or str(kind).split('.')[-1]


def untrained(model: Any) -> None:
    """Take weights out of a model's config that would have to be fetched."""
    for part in dicts(model):
        init = part.get('init_cfg')
        if any(kind_of(one).startswith('Pretrained') for one in listed(init)):
            part['init_cfg'] = None
        for key in ('pretrained', 'checkpoint'):
            if isinstance(part.get(key), str):
                part[key] = None


def part_of(whole: Any, name: str) -> Any:
    """What an object, or its config, has under a name; None without."""
    if isinstance(whole, dict):
        return whole.get(name)
    return getattr(whole, name, None)


def leaves(dataset: Any) -> Iterator[Any]:
    """The data sets that read something, in one that joins or repeats others.

    It is built or a config, and so are they; None has none.
    """
    parts = part_of(dataset, 'datasets') or [part_of(dataset, 'dataset')]
    if parts != [None]:
        for part in parts:
            yield from leaves(part)
    elif dataset is not None:
        yield dataset


def only_leaf(dataset: Any) -> ConfigDict:
    """The one data set below its wrappers, where something is said of it."""
    found = list(leaves(dataset))
    if len(found) != 1:
        raise InputError(
            f'this data set joins {len(found)}, where one is wanted: take '
            'them one by one.'
        )
    return found[0]


def set_of(cfg: Config, split: str) -> ConfigDict:
    """Config of the one data set of a split, whatever wraps it."""
    loader = cfg.get(f'{split}_dataloader')
    if not loader:
        raise InputError(
            f'the config has no {split} set ({split}_dataloader).'
        )
    return only_leaf(loader.dataset)


def bare_dataset(cfg: Config, split: str) -> dict[str, Any]:
    """Config of the one data set of a split, without its pipeline."""
    return {**set_of(cfg, split), 'pipeline': []}


def move_paths(part: Any, moved: dict[str, str]) -> None:
    """Exchange folders at the head of paths in a nested config, in place."""
    for node in nodes(part):
        if not isinstance(node, (dict, list)):
            continue
        items = node.items() if isinstance(node, dict) else enumerate(node)
        texts = [(key, x) for key, x in items if isinstance(x, str)]
        for key, text in texts:
            for before, after in moved.items():
                if before and f'{text}/'.startswith(f'{before}/'):
                    node[key] = after + text[len(before) :]
