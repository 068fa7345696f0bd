"""What skip connections do: experiments that train, measure, draw, and say what was found.

Each is a folder: ``run`` trains and measures, ``figure`` draws the stored numbers, ``findings``
puts them into sentences. What is common to all of them is
:class:`landscape.experiments.experiment.Experiment`.
"""
