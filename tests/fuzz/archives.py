"""Valid archives with invalid members."""

from __future__ import annotations

import io
import random
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

TarChange = Callable[[list[tuple[tarfile.TarInfo, bytes]], random.Random], None]
ZipChange = Callable[[list[tuple[str, bytes]], random.Random], None]


def _one(members: list[tuple[tarfile.TarInfo, bytes]], rng: random.Random) -> int:
    return rng.choice([k for k, (member, _) in enumerate(members) if member.isreg()])


def outside(members: list[tuple[tarfile.TarInfo, bytes]], rng: random.Random) -> None:
    """A member with a path outside the folder."""
    k = _one(members, rng)
    name = Path(members[k][0].name).name
    members[k][0].name = rng.choice(["../", "/tmp/", "a/../../../"]) + name


def link(members: list[tuple[tarfile.TarInfo, bytes]], rng: random.Random) -> None:
    """A link, device or pipe instead of a file."""
    k = _one(members, rng)
    member = tarfile.TarInfo(members[k][0].name)
    member.type = rng.choice([tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
    member.linkname = rng.choice(["/etc/passwd", "../x", "test_batch", member.name])
    members[k] = (member, b"")


def exchanged(members: list[tuple[tarfile.TarInfo, bytes]], rng: random.Random) -> None:
    """A renamed member, so that one is duplicate or missing."""
    members[_one(members, rng)][0].name = members[_one(members, rng)][0].name


def left_out(members: list[tuple[tarfile.TarInfo, bytes]], rng: random.Random) -> None:
    """One member removed."""
    del members[_one(members, rng)]


def of_another_size(members: list[tuple[tarfile.TarInfo, bytes]], rng: random.Random) -> None:
    """A member that claims a larger or huge size, which includes what follows."""
    k = _one(members, rng)
    members[k][0].size += rng.choice([1, 512, 4096, 2**33, 2**50])


def attacking(members: list[tuple[tarfile.TarInfo, bytes]], rng: random.Random) -> None:
    """A member whose pickle tries to run code."""
    k = _one(members, rng)
    raw = rng.choice(ATTACKS)
    member = members[k][0]
    member.size = len(raw)
    members[k] = (member, raw)


def endless(members: list[tuple[tarfile.TarInfo, bytes]], rng: random.Random) -> None:
    """A member of many zeros."""
    k = _one(members, rng)
    raw = bytes(2**26)
    members[k][0].size = len(raw)
    members[k] = (members[k][0], raw)


TAR_CHANGES: tuple[TarChange, ...] = (
    outside,
    link,
    exchanged,
    left_out,
    of_another_size,
    attacking,
    endless,
)


def changed_tar(path: Path, change: TarChange, rng: random.Random) -> None:
    """Rewrite the archive with the change."""
    with tarfile.open(path) as archive:
        members = [
            (member, read.read() if (read := archive.extractfile(member)) else b"")
            for member in archive
        ]
    change(members, rng)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz" if path.suffix == ".gz" else "w") as archive:
        for member, raw in members:
            archive.addfile(member, io.BytesIO(raw + bytes(8192)) if member.size < 2**27 else None)
    path.write_bytes(made.getvalue())


def zip_outside(members: list[tuple[str, bytes]], rng: random.Random) -> None:
    k = rng.randrange(len(members))
    members[k] = (rng.choice(["../", "/", "a/../../"]) + members[k][0], members[k][1])


def zip_exchanged(members: list[tuple[str, bytes]], rng: random.Random) -> None:
    a, b = rng.randrange(len(members)), rng.randrange(len(members))
    members[a], members[b] = (members[a][0], members[b][1]), (members[b][0], members[a][1])


def zip_twice(members: list[tuple[str, bytes]], rng: random.Random) -> None:
    members.append((rng.choice(members)[0], rng.choice(members)[1]))


def zip_left_out(members: list[tuple[str, bytes]], rng: random.Random) -> None:
    del members[rng.randrange(len(members))]


def zip_attacking(members: list[tuple[str, bytes]], rng: random.Random) -> None:
    places = [k for k, (name, _) in enumerate(members) if name.endswith((".pkl", ".npy"))]
    k = rng.choice(places or [0])
    members[k] = (members[k][0], rng.choice(ATTACKS))


def zip_cut(members: list[tuple[str, bytes]], rng: random.Random) -> None:
    k = rng.randrange(len(members))
    members[k] = (members[k][0], members[k][1][: rng.randrange(len(members[k][1]) + 1)])


ZIP_CHANGES: tuple[ZipChange, ...] = (
    zip_outside,
    zip_exchanged,
    zip_twice,
    zip_left_out,
    zip_attacking,
    zip_cut,
)


def changed_zip(path: Path, change: ZipChange, rng: random.Random) -> None:
    """Rewrite the archive with the change and correct checksums."""
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    change(members, rng)
    kind = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", kind) as archive:
        warnings.simplefilter("ignore")  # about duplicate names
        for name, raw in members:
            archive.writestr(name, raw)


def _attack(module: str, name: str, argument: str) -> bytes:
    """A pickle that calls a function; protocol 0, so that the function need not exist here."""
    return f"c{module}\n{name}\n(V{argument}\ntR.".encode()


TOUCHED = "it-ran"
"""The file that every attack creates in the current folder when it runs."""

ATTACKS = (
    _attack("os", "system", f"touch {TOUCHED}"),
    _attack("posix", "system", f"touch {TOUCHED}"),
    _attack("builtins", "eval", f"open('{TOUCHED}', 'w')"),
    _attack("builtins", "exec", f"open('{TOUCHED}', 'w')"),
    _attack("subprocess", "getoutput", f"touch {TOUCHED}"),
    # the function is looked up by another call
    b"cbuiltins\ngetattr\n(cos\nsystem\nV__call__\ntR(V" + f"touch {TOUCHED}".encode() + b"\ntR.",
    # the same through names that libraries re-export
    _attack("torch.serialization", "os.system", f"touch {TOUCHED}"),
    _attack("numpy.testing._private.utils", "runstring", f"open('{TOUCHED}', 'w')"),
    b"\x80\x02" + _attack("nt", "system", f"touch {TOUCHED}"),
    b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c"
    + bytes([6 + len(TOUCHED)])
    + f"touch {TOUCHED}".encode()
    + b"\x85R.",
)
