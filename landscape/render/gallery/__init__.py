"""Many surfaces on one page, each with its numbers and two sentences on what to look at.

``entry`` defines the entries of a page, ``numbers`` and ``sentences`` compute what it says about a
surface, ``siblings`` finds the same network with other shortcuts, ``save`` writes the page.
"""

from landscape.render.gallery.entry import Entry
from landscape.render.gallery.numbers import Number, numbers
from landscape.render.gallery.save import save_gallery
from landscape.render.gallery.sentences import sentences
from landscape.render.gallery.siblings import siblings

__all__ = ["Entry", "Number", "numbers", "save_gallery", "sentences", "siblings"]
