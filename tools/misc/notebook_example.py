"""Rank and switch off the channels of any torch model, without OpenMMLab.

The cells below run in a notebook as they are. The weights are random and the
images noise, so that nothing is fetched: put your own in their place.
"""

# %% A model and images, here of torchvision.
import torch
import torchvision

from mmchanpos.latent import Ablation, ablate, collect, rank
from mmchanpos.latent.erasers import erase
from mmchanpos.latent.moments import Moments
from mmchanpos.latent.readout import residual_r2

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

# %% Which channels have a map that is the same whatever the image shows, and
# which two directions would say where things are? All is in the same pass.
(found,) = collect(model, images.split(8), ['layer4'], covariances=('x', 'y'))
anova, moments = rank(found, 'anova'), Moments.merge(found.moments)
leace = erase('leace', moments)
for what in (Ablation(anova, top=50), Ablation(leace, top=2)):
    with torch.no_grad(), ablate(model, 'layer4', what):
        after = model(images).argmax(1)
    same = (before == after).float().mean()
    print(f'{what.name}: {same:.0%} of the images keep their label')
left = residual_r2(moments, eraser=leace).max()
print(f'R² left to read of x and y: {left:.2f}')
