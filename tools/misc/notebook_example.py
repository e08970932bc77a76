"""Rank and switch off the channels of any torch model, without OpenMMLab.

The cells below run in a notebook as they are. The weights are random and the
images noise, so that nothing is fetched: put your own in their place.
"""

# %% A model and images, here of torchvision.
import torch
import torchvision

from mmchanpos.latent import Ablation, ablate, collect, rank

model = torchvision.models.resnet18().eval()
images = torch.rand(32, 3, 64, 96)

# %% Which channels of "layer4" change most when an image is mirrored (Eq. 2)?
(deltas,) = collect(model, images.split(8), ['layer4'])
overall = rank(deltas, 'overall')
print('first ten channels:', overall.top(10))

# %% What does the model say without them?
with torch.no_grad():
    before = model(images).argmax(1)
    with ablate(model, 'layer4', Ablation(overall, top=50)):
        after = model(images).argmax(1)
same = (before == after).float().mean()
print(f'{same:.0%} of the images keep their label with 50 of 512 off')
