"""Construct a deep network that computes the same function as a trained shallow one.

Each stage of the deep network begins with the blocks of the shallow one, and the blocks after them
are the identity. Their inputs are outputs of a ReLU, so another ReLU does not change them.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, section 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from landscape.checkpoint import load_state
from landscape.models.resnet import BasicBlock, CifarResNet


def extend(shallow: CifarResNet, deep: CifarResNet, inputs: Tensor) -> None:
    """Set the weights of ``deep`` such that its outputs equal those of ``shallow`` in eval mode.

    A block with a shortcut is the identity if its last batch normalization multiplies by zero, so
    that zero is added to the shortcut. A block without is the identity if both convolutions are
    identities, and each normalization multiplies by the standard deviation that it divides by and
    adds the mean that it subtracts. In training mode, with batch statistics instead of stored ones,
    the first form remains exactly the identity, the second only approximately. Raises an InputError
    if an entry of the shallow network does not fit the deep one.

    ``shallow``, ``deep``: networks of the same kind, width, input channels and classes; ``deep``
    has at least as many blocks, newly initialized. ``shallow`` is set to evaluation mode and
    otherwise not modified. ``inputs``: inputs (n, channels, height, width), which determine the
    means and standard deviations of the second form; the outputs are equal for any other inputs,
    too.
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
                    _make_identity(block, x)
                else:
                    _zero_branch(block)


def _zero_branch(block: BasicBlock) -> None:
    nn.init.zeros_(block.bn2.weight)
    nn.init.zeros_(block.bn2.bias)


def _make_identity(block: BasicBlock, x: Tensor) -> None:
    """Make both layers of a block without a shortcut the identity; ``x`` is its input."""
    variance, mean = torch.var_mean(x, dim=(0, 2, 3), correction=0)
    for convolution, normalization in ((block.conv1, block.bn1), (block.conv2, block.bn2)):
        nn.init.dirac_(convolution.weight)
        assert normalization.running_mean is not None
        assert normalization.running_var is not None
        normalization.running_mean.copy_(mean)
        normalization.running_var.copy_(variance)
        normalization.weight.copy_((variance + normalization.eps).sqrt())
        normalization.bias.copy_(mean)
