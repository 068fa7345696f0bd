"""A deep network that computes the same function as a trained shallow one.

Each stage of the deep network begins with the blocks of the shallow one, and the blocks after
them are the identity. What enters them comes out of a ReLU, so that another ReLU lets it pass.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, section 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from landscape.checkpoint import load_state
from landscape.models.resnet import BasicBlock, CifarResNet


def extend(shallow: CifarResNet, deep: CifarResNet, inputs: Tensor) -> None:
    """Give ``deep`` weights with which it has the outputs of ``shallow`` in evaluation mode.

    A block with a shortcut becomes the identity where its last batch normalization multiplies by
    zero: what is added to the shortcut is nothing. A block without becomes it where both
    convolutions pass every channel on, and each normalization multiplies by the standard
    deviation that it divides by and adds the mean that it subtracts. In training mode, where
    statistics of the batch take the place of stored ones, the first form stays the identity
    exactly, the second as far as a batch is like all examples.

    Parameters
    ----------
    shallow, deep
        Networks of the same kind, width, input channels and classes; ``deep`` has as many blocks
        or more, with fresh weights. ``shallow`` is left as it is but for its mode, which becomes
        evaluation.
    inputs
        Examples as the network takes them (n, channels, height, width), whose means and standard
        deviations the second form takes; the outputs are the same for any others, too.

    Raises
    ------
    InputError
        If an entry of the shallow network does not fit the deep one.
    """
    state = {**deep.state_dict(), **shallow.state_dict()}
    load_state(deep, state, "the deep network cannot take the weights of the shallow one")
    shallow.eval()
    with torch.no_grad():
        x = torch.relu(shallow.bn1(shallow.conv1(inputs)))
        for name in ("layer1", "layer2", "layer3"):
            own = shallow.get_submodule(name)
            x = own(x)
            for block in list(deep.get_submodule(name).children())[len(list(own.children())) :]:
                assert isinstance(block, BasicBlock)
                if block.shortcut is None:
                    _pass_on(block, x)
                else:
                    _add_nothing(block)


def _add_nothing(block: BasicBlock) -> None:
    nn.init.zeros_(block.bn2.weight)
    nn.init.zeros_(block.bn2.bias)


def _pass_on(block: BasicBlock, x: Tensor) -> None:
    """Both layers of a block without a shortcut become the identity; ``x`` is what enters it."""
    variance, mean = torch.var_mean(x, dim=(0, 2, 3), correction=0)
    for convolution, normalization in ((block.conv1, block.bn1), (block.conv2, block.bn2)):
        nn.init.dirac_(convolution.weight)
        assert normalization.running_mean is not None
        assert normalization.running_var is not None
        normalization.running_mean.copy_(mean)
        normalization.running_var.copy_(variance)
        normalization.weight.copy_((variance + normalization.eps).sqrt())
        normalization.bias.copy_(mean)
