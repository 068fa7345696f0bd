"""Surfaces of networks of increasing width, with and without shortcuts.

Li et al., *Visualizing the Loss Landscape of Neural Nets*, arXiv 1712.09913, section 5.2.
"""
