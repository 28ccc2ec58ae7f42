"""The spool: in order, on disk, through kill −9, for one process."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.ingest.forward.asterisk.spool import Spool
from services.kit.errors import Misconfigured, Unavailable
from tests.support.running import ROOT

KILLED = """
import os, signal, sys
from pathlib import Path
from services.ingest.forward.asterisk.spool import Spool
spool = Spool(Path(sys.argv[1]))
for number in range(100):
    spool.add(str(number).encode())
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_first_in_first_out(tmp_path: Path) -> None:
    """An event stays until it is done, also for the next process."""
    file = tmp_path / "deep" / "spool.db"
    with Spool(file) as spool:
        assert spool.first() is None
        for body in (b"a", b"b", b"c"):
            spool.add(body)
        id_, body = spool.first() or (0, b"")
        assert (body, len(spool)) == (b"a", 3)
        spool.done(id_)
    with Spool(file) as spool:
        assert [len(spool), (spool.first() or (0, b""))[1]] == [2, b"b"]
    assert file.stat().st_mode & 0o077 == 0


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """What add returned from is there after kill −9."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "spool.db")], cwd=ROOT, check=False)
    assert done.returncode == -9
    with Spool(tmp_path / "spool.db") as spool:
        assert (len(spool), (spool.first() or (0, b""))[1]) == (100, b"0")


def test_only_one_process(tmp_path: Path) -> None:
    """Two would post everything twice, and in no order."""
    with Spool(tmp_path / "spool.db"), pytest.raises(Misconfigured, match="another forwarder uses it"):
        Spool(tmp_path / "spool.db")


def test_a_place_that_cannot_be_used(tmp_path: Path) -> None:
    """A folder that is a file, a file that is no spool: said in one line that names --spool."""
    (tmp_path / "file").write_text("text, and more of it than a page's head has: " + "x" * 200)
    for place in (tmp_path / "file" / "spool.db", tmp_path / "file"):
        with pytest.raises(Misconfigured, match="--spool"):
            Spool(place)


def test_a_full_disk_is_waited_for(tmp_path: Path) -> None:
    """The error is one that is tried again."""
    with Spool(tmp_path / "spool.db") as spool:
        spool._db.execute("PRAGMA max_page_count = 2")
        with pytest.raises(Unavailable, match="cannot be written"):
            spool.add(b"x" * 40_000)
