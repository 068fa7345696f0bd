"""The members of a zip archive, such as ``.npz`` and checkpoints are."""

from __future__ import annotations

import zipfile


def by_name(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members of an archive by name.

    Raises BadZipFile if two have one name, of which readers take different ones.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        if member.filename in found:
            raise zipfile.BadZipFile(f"it holds {member.filename} twice")
        found[member.filename] = member
    return found
