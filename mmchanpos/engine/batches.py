"""What the loops of ours need to know about batches of any host."""

import copy
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Callable, Iterator, Optional, Sequence

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmchanpos.engine.gate import EMPTY
from mmchanpos.engine.hosts import image_stem
from mmchanpos.engine.tta import is_augmented
from mmchanpos.errors import InputError
from mmchanpos.latent import unwrap
from mmchanpos.latent.contents import randomised
from mmchanpos.latent.replay import repeated


def sample_order(dataloader: DataLoader) -> list[int]:
    """Places in the data set of the samples that this process gets, in order.

    Samplers of several processes pad with samples seen before, so a place
    may come twice among all processes.
    """
    if len(dataloader.dataset) == 0:
        raise InputError(EMPTY)
    return list(iter(dataloader.sampler))


def rest_of(dataloader: DataLoader, done: int) -> DataLoader:
    """The same loader without the first samples of this process.

    They were done before and are not even read.
    """
    if done == 0:
        return dataloader
    return DataLoader(
        dataloader.dataset,
        batch_size=dataloader.batch_size,
        sampler=sample_order(dataloader)[done:],
        num_workers=dataloader.num_workers,
        collate_fn=dataloader.collate_fn,
        pin_memory=dataloader.pin_memory,
        worker_init_fn=dataloader.worker_init_fn,
    )


def images_of(batch: dict) -> Sequence[Tensor]:
    """The images of a batch, before the data preprocessor."""
    inputs = batch['inputs']
    if isinstance(inputs, (list, tuple)) and not all(
        isinstance(image, Tensor) for image in inputs
    ):
        raise InputError(
            'this needs one view per image, but the pipeline makes several '
            '(test-time augmentation); use the plain test pipeline.'
        )
    return inputs


def first_view(part: Any) -> Any:
    """What a batch holds for each image; of several views the first."""
    kinds = (list, tuple)
    several = isinstance(part, kinds) and part and isinstance(part[0], kinds)
    return part[0] if several else part


def names_of(batch: dict, places: Sequence[int]) -> list[str]:
    """A name for each image: its path, or its place in the data set."""
    samples = first_view(batch.get('data_samples')) or [None] * len(places)
    return [
        str(getattr(sample, 'img_path', None) or place)
        for sample, place in zip(samples, places)
    ]


@contextmanager
def same_draws(batch: dict) -> Iterator[Callable[[], bool]]:
    """Give a model the same random numbers whenever it sees these images.

    Some heads draw in the forward pass (the matrix decomposition of SegNeXt).
    Seeded by the images, a sweep and a separate test draw alike.

    Args:
        batch (dict): As the data loader gives it.

    Yields:
        Callable: Says whether anything was drawn since.
    """
    samples = first_view(batch.get('data_samples')) or ()
    names = [str(getattr(one, 'img_path', '')) for one in samples]
    said = '\n'.join(image_stem(name) for name in names)
    seed = int.from_bytes(sha256(said.encode()).digest()[:7], 'big')
    # torch.manual_seed would keep a stack for each call until a GPU is used.
    gpu = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(gpu):
        torch.default_generator.manual_seed(seed)
        if gpu:
            torch.cuda.manual_seed(seed)
        before = _generators(gpu)
        yield lambda: not all(map(torch.equal, before, _generators(gpu)))


def _generators(gpu: list[int]) -> list[Tensor]:
    """The states of the generators of random numbers."""
    return [torch.get_rng_state(), *map(torch.cuda.get_rng_state, gpu)]


def same_sizes(batch: dict) -> Iterator[tuple]:
    """Cut a batch so that padding never depends on who shares a batch.

    Yields:
        tuple: A batch of images of one size, and their numbers in ``batch``.
    """
    images = images_of(batch)
    numbers = list(range(len(images)))
    if len({image.shape for image in images}) <= 1:
        yield batch, numbers
        return
    for i in numbers:
        yield {k: [v[i]] for k, v in batch.items() if v is not None}, [i]


def with_content(batch: dict, kind: str, places: Sequence[int]) -> dict:
    """The same batch with images without a scene.

    Args:
        batch (dict): As the data loader gives it.
        kind (str): Of :func:`mmchanpos.latent.contents.randomised`.
        places (Sequence[int]): Place of each image in the data set, its
            seed.
    """
    inputs = images_of(batch)
    new = [randomised(image, kind, i) for image, i in zip(inputs, places)]
    stacked = isinstance(inputs, Tensor)
    return dict(batch, inputs=torch.stack(new) if stacked else new)


def predictor(model: nn.Module, batch: dict) -> Callable[..., list[Any]]:
    """A function that predicts a batch, the same each time.

    Its argument ``times``, by default 1, lets the one image of a batch stand
    in it so often. Its attribute ``alone`` says, after a call, that the image
    must not: views of it are merged, or random numbers were drawn.

    Args:
        model (nn.Module): A model of mmengine, wrapped or not.
        batch (dict): As the data loader gives it.
    """
    inner: BaseModel = unwrap(model)
    if is_augmented(model):

        def predict(times: int) -> list[Any]:
            return model.test_step(copy.deepcopy(batch))
    else:
        data = inner.data_preprocessor(batch, False)
        images, samples = data['inputs'], data.get('data_samples')

        def predict(times: int) -> list[Any]:
            # Each writes into samples of its own; their truth is shared.
            own = samples and [one.new() for one in list(samples) * times]
            return inner(repeated(images, times), own, mode='predict')

    def seeded(times: int = 1) -> list[Any]:
        with same_draws(batch) as drew:
            found = predict(times)
            seeded.__dict__['alone'] = is_augmented(model) or drew()
        return found

    return seeded


def forwarder(
    model: nn.Module, batch: dict
) -> Callable[[Optional[Callable[[Tensor], Tensor]]], Any]:
    """A function that runs the bare network on a batch.

    It gets a change for each image, or None. Images are changed before the
    data preprocessor, so padding stays where it was.
    """
    model: BaseModel = unwrap(model)
    inputs = images_of(batch)

    def forward(change: Optional[Callable[[Tensor], Tensor]] = None) -> Any:
        changed = inputs
        if change is not None:
            stacked = isinstance(inputs, Tensor)
            changed = change(inputs) if stacked else list(map(change, inputs))
        data = model.data_preprocessor(dict(batch, inputs=changed), False)
        return model(**data, mode='tensor')

    return forward


def all_finite(values: Tensor) -> bool:
    """Whether no number is NaN or infinite.

    Example:
        >>> all_finite(torch.ones(3)), all_finite(torch.ones(3) / 0)
        (True, False)
        >>> all_finite(torch.full((9,), 3e38))  # though their sum is not
        True
    """
    # A sum is quicker to look at, and only overflows by mistake.
    return bool(torch.isfinite(values.sum()) or torch.isfinite(values).all())
