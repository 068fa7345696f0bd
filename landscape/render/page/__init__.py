"""The explorer: surfaces side by side on one page, in one file, in any browser, offline.

``data`` turns surfaces into the one JSON document that the page draws from, ``document`` puts it
between HTML, CSS, JavaScript (the files in ``web``) and plotly.js, ``save`` writes the file.
"""

from landscape.render.page.data import page_data
from landscape.render.page.document import page_html
from landscape.render.page.save import save_page

__all__ = ["page_data", "page_html", "save_page"]
