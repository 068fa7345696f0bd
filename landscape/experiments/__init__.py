"""Experiments on skip connections: train, measure, plot and summarize.

Each is a folder: ``run`` trains and measures, ``figure`` plots the stored numbers, ``findings``
summarizes them in sentences. All share :class:`landscape.experiments.experiment.Experiment`.
"""
