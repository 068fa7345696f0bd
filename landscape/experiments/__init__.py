"""What skip connections do: experiments that train, measure, draw, and say what was found.

Each is a folder: ``run`` measures and stores, ``figure`` draws the stored numbers, ``findings``
puts them into sentences. All sentences are computed from the numbers.
"""
