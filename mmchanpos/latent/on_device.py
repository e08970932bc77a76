"""Channel numbers on the device where they are used."""

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=1024)
def index_on(channels: tuple[int, ...], device: torch.device) -> Tensor:
    """Channel numbers as an index, copied to a device once.

    A sweep asks for the same few hundred lists on every image, and a GPU
    waits for each list that it is sent. The index is shared: nobody may write
    into it.

    Example:
        >>> index_on((2, 0), torch.device('cpu'))
        tensor([2, 0])
    """
    # Whoever asks first may be in inference mode, and the next one train.
    with torch.inference_mode(False):
        return torch.tensor(channels, dtype=torch.long, device=device)
