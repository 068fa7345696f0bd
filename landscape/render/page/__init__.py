"""The explorer: surfaces side by side on a single-file page that works offline in any browser.

``data`` turns surfaces into the JSON document that the page draws from, ``document`` combines it
with HTML, CSS, JavaScript (the files in ``web``) and plotly.js, ``save`` writes the file.
"""

from landscape.render.page.data import page_data
from landscape.render.page.document import page_html
from landscape.render.page.embedding import frame
from landscape.render.page.save import save_page

__all__ = ["frame", "page_data", "page_html", "save_page"]
