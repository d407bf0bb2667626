"""The local queue of events: nothing is lost between many writers and readers, whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.email.events import spool
from backend.email.events.sources import SourceUnreachableError
from backend.email.events.spool import EventSpool, SpoolSource
from tests.engines import ROOT

GO_ON = threading.Event()


def read_all(source: SpoolSource) -> list[bytes]:
    found: list[bytes] = []
    while batch := source.receive(GO_ON):
        if not batch.bodies:
            return found
        found += batch.bodies
        source.done(batch)
    return found


def test_lines_come_out_as_they_went_in_and_only_once(tmp_path: Path) -> None:
    writer, reader = EventSpool(tmp_path), SpoolSource(tmp_path)
    assert list(reader.receive(GO_ON).bodies) == []
    writer.write(b"one\ntwo\n")
    assert read_all(reader) == [b"one", b"two"]
    writer.write(b"three\n")
    assert read_all(reader) == [b"three"]
    assert [path for path in tmp_path.rglob("*.jsonl")] == []  # noqa: C416 - files that are left


def test_a_batch_that_could_not_be_kept_comes_again(tmp_path: Path) -> None:
    EventSpool(tmp_path).write(b"".join(b"%d\n" % number for number in range(spool.MOST_LINES + 5)))
    reader = SpoolSource(tmp_path)
    first = reader.receive(GO_ON)
    reader.failed(first)
    assert reader.receive(GO_ON) == first
    reader.done(first)
    assert [int(line) for line in read_all(reader)] == list(range(spool.MOST_LINES, spool.MOST_LINES + 5))


def test_what_a_reader_has_begun_is_taken_by_the_next_one_when_it_ends(tmp_path: Path) -> None:
    EventSpool(tmp_path).write(b"one\n")
    first, second = SpoolSource(tmp_path), SpoolSource(tmp_path)
    assert list(first.receive(GO_ON).bodies) == [b"one"]
    assert list(second.receive(GO_ON).bodies) == []
    first.close()
    assert read_all(second) == [b"one"]


def test_a_large_file_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "LARGEST_FILE", 100)
    writer = EventSpool(tmp_path)
    for number in range(20):
        writer.write(b"%030d\n" % number)
    assert len(list((tmp_path / "new").iterdir())) > 3
    assert [int(line) for line in read_all(SpoolSource(tmp_path))] == list(range(20))


def test_the_state_says_how_many_lines_wait_and_since_when(tmp_path: Path) -> None:
    reader = SpoolSource(tmp_path)
    assert reader.state().waiting == 0
    assert reader.state().oldest_at is None
    EventSpool(tmp_path).write(b"one\ntwo\n")
    assert reader.state().waiting == 2
    assert reader.state().oldest_at is not None
    batch = reader.receive(GO_ON)
    assert reader.state().waiting == 2
    reader.done(batch)
    read_all(reader)
    assert reader.state().waiting == 0


def test_a_folder_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    EventSpool(tmp_path).write(b"one\n")
    (tmp_path / "taken").write_text("not a folder")
    with pytest.raises(SourceUnreachableError):
        SpoolSource(tmp_path).receive(GO_ON)


def test_many_writers_and_readers_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    writers = [EventSpool(tmp_path) for _ in range(3)]
    done = threading.Event()

    def write(number: int) -> None:
        for line in range(400):
            writers[number % 3].write(b"%d-%d\n" % (number, line))

    def read() -> list[bytes]:
        source, found = SpoolSource(tmp_path), list[bytes]()
        while True:
            last = done.is_set()
            found += read_all(source)
            if last:
                return found

    with ThreadPoolExecutor(9) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        list(pool.map(write, range(6)))
        done.set()
        lines = Counter(line for reader in readers for line in reader.result())
    assert len(lines) == 6 * 400
    assert set(lines.values()) == {1}


READER = """
import sys, threading
from pathlib import Path
from backend.email.events.spool import SpoolSource
source = SpoolSource(Path(sys.argv[1]))
print(len(source.receive(threading.Event()).bodies), flush=True)
threading.Event().wait()
"""


def test_a_killed_reader_gives_everything_back(tmp_path: Path) -> None:
    EventSpool(tmp_path).write(b"one\ntwo\n")
    command = [sys.executable, "-c", READER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "2\n"
        assert read_all(SpoolSource(tmp_path)) == []
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    assert read_all(SpoolSource(tmp_path)) == [b"one", b"two"]
