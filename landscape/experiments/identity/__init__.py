"""A trained shallow network extended by identity layers, against a deep one trained from scratch.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, section 1: a deeper
network can represent any shallower one, so its training error should not be higher.
"""
