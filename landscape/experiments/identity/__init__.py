"""A trained shallow network, extended by layers set to identity, and the deep one trained afresh.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, section 1: a deeper
network can always do what a shallower one does, so its training error should not be higher.
"""
