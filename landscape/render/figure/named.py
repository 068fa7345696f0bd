"""Rows and columns of panels: how many columns are asked for, and titles of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from landscape.errors import InputError


@dataclass(frozen=True)
class Named:
    """The number of columns, or None, and the titles of rows and columns."""

    columns: int | None = None
    row_titles: Sequence[str] = ()
    column_titles: Sequence[str] = ()

    def columns_of(self, panels: int) -> int | None:
        """The number of columns that is asked for.

        Raises an InputError if the titles are not one for each row and column.
        """
        columns = self.columns
        if columns is None:
            columns = len(self.column_titles) or None
        if self.row_titles and columns is None:
            columns = -(-panels // len(self.row_titles))
        if columns is None:
            return None
        rows = -(-panels // max(columns, 1))
        for what, titles, count in (
            ("row", self.row_titles, rows),
            ("column", self.column_titles, min(columns, panels)),
        ):
            if titles and len(titles) != count:
                raise InputError(
                    f"{len(titles)} {what} titles for {count} {what}s: expected one for each "
                    f"({panels} panels)"
                )
        return columns
