"""Run the encoder once per image and the head once per ablation, exactly.

A sweep asks one net the same question hundreds of times: what does it say of
this image without these channels? All that comes before the latent is the
same every time, and most of what reads the latent is too. So an image is
*recorded* once, then *replayed* for every ablation::

    time |             before it       the latent   its readers     the rest
         | record      run             is seen      run             runs
         |             memo keeps                   outputs kept
         | run top 1   memo answers    1 channel    kept output,    runs
         |                             replaced     1 mended
         | run top 5   memo answers    5 channels   4 more mended   runs
         |                             replaced
         v record      (the next image: all that was kept is dropped)

- :mod:`memo` keeps what every module before the latent was given and what it
  gave. It answers only a call with equal inputs; any other call is run. So a
  module that is used on both sides of the latent, or a replay of another
  image, costs time but is never wrong.
- :mod:`linear` knows that a convolution is linear in its input channels: its
  output for an ablation is its kept output plus what the replaced channels
  change. For a growing top N each step adds the new channels alone.
- :mod:`replay` puts both to work around the model's own ``forward``, which
  runs as always: a head may do whatever it likes with what it gets. Several
  ablations of an image can share one run; :mod:`repeated` makes its batch, in
  which memo answers with the one image as often as it is asked for.

Why ``_version`` is watched. What is kept are the model's own tensors; copies
of every map of an encoder would cost more than they save. But a later layer
may work in place, as ``ReLU(inplace=True)`` does, and what was kept is then no
longer what was given. torch counts in ``tensor._version`` how often a tensor
was written into, so :class:`~.kept.Kept` notes the count and tells afterwards
whether it moved. When it did, the image is recorded once more, with copies.

What ``careful`` is for. That costs one run, so the replay remembers the
lesson: ``careful`` is switched on for good, and from then on copies are kept
and given. There are two of it, as they cost different things. A careful memo
gives a new latent every time, which no reader can tell to be the one that it
read; readers are run then, not mended. Careful readers only copy their own
outputs, as where a convolution is followed by an in-place ReLU.
"""

from .memo import patched_method
from .repeated import repeated
from .replay import LatentReplay

__all__ = ['LatentReplay', 'patched_method', 'repeated']
