"""Deeper plain networks train worse than shallow ones; residual networks do not.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, figures 1 and 6.
"""
