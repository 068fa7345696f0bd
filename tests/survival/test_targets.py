"""What stands at an output's path keeps its kind, its links and its mode."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from landscape.atomic import remove_unfinished, replacing
from landscape.errors import InputError
from landscape.lock import only_writer
from tests.survival.test_clock import sampled


def write(path: Path, text: str = "new") -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)


def device(path: Path) -> None:
    """A node of its own, like that of /dev/null."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except (OSError, AttributeError):
        pytest.skip("device nodes need root")


def bound(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(os.path.relpath(path))


KINDS: dict[str, Callable[[Path], None]] = {
    "device": device,
    "pipe": lambda path: os.mkfifo(path),
    "socket": bound,
}


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, linked: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    node = path = tmp_path / "node"
    KINDS[kind](node)
    if linked:
        path = tmp_path / "link"
        path.symlink_to(node)
    before = node.lstat()
    with pytest.raises(InputError, match="is not a regular file"):
        write(path)
    with pytest.raises(InputError, match="is not a regular file"):
        sampled(path)
    after = node.lstat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)


def test_directions_are_not_written_over_a_node(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "node")
    with pytest.raises(InputError, match="is not a regular file"):
        sampled(tmp_path / "s.h5", save_directions=tmp_path / "node")
    assert [p.name for p in tmp_path.iterdir()] == ["node"]


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(Path("far") / "target")
    write(link)
    assert link.is_symlink()
    assert target.read_text() == "new"
    target.unlink()
    write(link, "newer")  # a link to what is not there yet
    assert target.read_text() == "newer"
    assert sorted(p.name for p in (*tmp_path.iterdir(), *target.parent.iterdir())) == [
        *("far", "link", "target")
    ]


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputError, match="cannot write"):
        write(tmp_path / "a")


def test_one_file_by_two_names_has_one_writer(tmp_path: Path) -> None:
    (tmp_path / "b").symlink_to("a")
    twice = pytest.raises(InputError, match="is being written by")
    with only_writer(tmp_path / "a"), twice, only_writer(tmp_path / "b"):
        pass


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_a_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "kept"
    path.write_text("old")
    path.chmod(mode)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_resumed_run_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    sampled(path)
    path.chmod(0o600)
    sampled(path, title="another")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("old")
    try:
        os.chown(path, 12345, 12345)
    except PermissionError:
        pytest.skip("another owner needs root")
    write(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12345)


def test_a_write_protected_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(InputError, match="write-protected"):
        write(path)
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", [".s.h5.tmp", ".s.h5.lock"])
@pytest.mark.parametrize("plant", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_a_planted_link_does_not_lead_to_its_target(
    tmp_path: Path, name: str, plant: Callable[[Path, Path], None]
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    plant(victim, tmp_path / name)
    if name == ".s.h5.lock":
        with pytest.raises(InputError, match="is a link"):
            sampled(tmp_path / "s.h5")
    else:
        assert sampled(tmp_path / "s.h5").complete
    assert victim.read_text() == "precious"


def test_a_pipe_in_place_of_a_lock_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".s.h5.lock")
    with pytest.raises(InputError, match="lock"):
        sampled(tmp_path / "s.h5")


def test_who_writes_the_same_file_meanwhile_loses_nothing(tmp_path: Path) -> None:
    """The second of two writers wins, and the first is told."""
    path = tmp_path / "both"

    def first() -> None:
        with replacing(path) as temporary:
            temporary.write_text("first, hal")
            write(path, "second")

    with pytest.raises(InputError, match="another process"):
        first()
    assert path.read_text() == "second"
    assert [p.name for p in tmp_path.iterdir()] == ["both"]


def test_a_file_is_closed_before_it_replaces_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to replace by an open file."""
    replace = os.replace
    left_open: list[int] = []

    def replaced(source: Path, target: Path) -> None:
        held = os.stat(source)
        for number in range(3, 256):
            with suppress(OSError):
                if os.path.samestat(os.fstat(number), held):
                    left_open.append(number)
        replace(source, target)

    monkeypatch.setattr(os, "replace", replaced)
    write(tmp_path / "a")
    assert left_open == []


def test_nothing_is_left_where_a_file_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "not permitted")

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(InputError, match="cannot write"):
        write(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_remains_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".a.tmp").write_text("half")
    write(tmp_path / "a")
    (tmp_path / ".a.tmp").write_text("half")
    remove_unfinished(tmp_path / "a")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["", ".", "..", "/"])
def test_a_path_without_a_file_name_is_refused(name: str) -> None:
    for write_it in (write, sampled):
        with pytest.raises(InputError, match="folder"):
            write_it(Path(name))


def test_remains_of_other_killed_runs_are_removed_from_a_folder(tmp_path: Path) -> None:
    """As the lock of a run that was killed, whose file nobody writes again."""
    (tmp_path / ".other.h5.lock").write_text("process 1 on nowhere since 2026")
    (tmp_path / ".mine.lock").write_text("of another program")
    with only_writer(tmp_path / "held.h5"), only_writer(tmp_path / "s.h5"):
        names = sorted(p.name for p in tmp_path.iterdir())
    assert names == [".held.h5.lock", ".mine.lock", ".s.h5.lock"]


def test_a_lock_that_another_run_is_making_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is there, but not locked yet: to lock it would make that run give up."""
    (tmp_path / ".other.h5.lock").touch()
    lock, locked = fcntl.flock, []

    def counted(file: int, how: int) -> None:
        locked.append(file)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", counted)
    with only_writer(tmp_path / "s.h5"):
        assert len(locked) == 1
