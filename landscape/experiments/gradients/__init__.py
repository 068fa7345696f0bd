"""Gradients and activations of every layer, with and without BN and shortcuts.

Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks*,
AISTATS 2010, section 4.2; He et al., *Deep Residual Learning for Image Recognition*,
arXiv 1512.03385, section 4.1.
"""
