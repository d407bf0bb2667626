"""An acknowledged write is there after `kill -9`, and an unfinished one leaves no half of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from backend.store.port import Key, Query, Store, pages_of
from backend.store.sql import SqlStore
from tests.engines import ROOT

WRITING = """
import itertools, sys
from backend.store.port import Absent, Key, Plus, Put, Update
from backend.store.sql import SqlStore

store = SqlStore(sys.argv[1])
for number in itertools.count(int(sys.argv[2])):
    place = f"{number:08}"
    if number % 3 == 0:
        store.transact_each([[Put(Key("shop", "P", place), {"n": number}, Absent()),
                              Put(Key("mail", "P", place), {"n": number}, Absent())]])
    elif number % 3 == 1:
        store.transact([Put(Key("shop", "P", place), {"n": number}), Put(Key("mail", "P", place), {"n": number})])
    else:
        store.put(Put(Key("shop", "P", place), {"n": number}))
        store.put(Put(Key("mail", "P", place), {"n": number}))
    print(number, flush=True)
"""

TOGETHER = """
import itertools, sys, threading
from backend.errors import ConditionFailedError
from backend.store.port import Absent, Key, Plus, Put, Update
from backend.store.sql import SqlStore

store, numbers, out = SqlStore(sys.argv[1]), itertools.count(int(sys.argv[2])), threading.Lock()

def write():
    for number in numbers:
        place = f"{number:08}"
        both = [Put(Key("shop", "P", place), {"n": number}, Absent()), Put(Key("mail", "P", place), {"n": number})]
        store.transact([*both, Update(Key("shop", "Q", "counter"), add={"n": Plus(1)})])
        with out:
            print(number, flush=True)
        try:
            store.transact([Put(Key("mail", "P", f"x{place}"), {"n": -1}), Put(Key("shop", "P", place), {}, Absent())])
        except ConditionFailedError:
            continue
        raise AssertionError("written twice")

for _ in range(8):
    threading.Thread(target=write).start()
"""


def numbers(store: Store, table: str) -> set[object]:
    return {row.item["n"] for row in pages_of(store, Query(table, "P", limit=500))}


def test_every_acknowledged_write_survives_that_the_writer_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tillpost.db'}"
    store = SqlStore(url)
    store.create_tables()
    store.close()
    acknowledged: set[object] = set()
    for start, until in ((0, 7), (1000, 1150), (2000, 2061)):
        acknowledged |= killed_after(url, start, until)
        survivor = SqlStore(url)
        there = numbers(survivor, "shop"), numbers(survivor, "mail")
        assert acknowledged <= there[0]
        assert acknowledged <= there[1]
        # What the kill interrupted is at most one step, and a transaction is in both tables or in none.
        begun = there[0] ^ there[1]
        assert all(isinstance(number, int) and number % 3 == 2 for number in begun)
        assert survivor.get(Key("shop", "P", "never")) is None
        survivor.close()
    assert len(acknowledged) > 200


def test_what_eight_writers_wrote_together_survives_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tillpost.db'}"
    store = SqlStore(url)
    store.create_tables()
    store.close()
    acknowledged: set[object] = set()
    for start, until in ((0, 40), (1000, 1150)):
        acknowledged |= killed_after(url, start, until, TOGETHER)
    survivor = SqlStore(url)
    there = numbers(survivor, "shop")
    assert there == numbers(survivor, "mail")
    assert acknowledged <= there
    assert len(there - acknowledged) <= 16
    assert survivor.get(Key("shop", "Q", "counter")) == {"n": len(there)}
    survivor.close()


def killed_after(url: str, start: int, until: int, program: str = WRITING) -> set[object]:
    """The numbers that the writer acknowledged before it was killed, at `until` or a moment later."""
    writer = subprocess.Popen(
        [sys.executable, "-c", program, url, str(start)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    heard: set[object] = set()
    for line in writer.stdout:
        if line.endswith("\n"):
            heard.add(int(line))
        if heard and max(int(str(number)) for number in heard) >= until:
            writer.kill()
    writer.stdout.close()
    assert writer.wait(30) == -9
    return heard
