"""Checkpoints of every form, made by the libraries that people make them with."""

import tests.models_of_others  # noqa: F401  (keeps these libraries off the network)
