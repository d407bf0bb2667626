"""Sixteen at once: nothing is lost, nothing is doubled, and exactly one wins what only one can have."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TypeVar

from backend.errors import AlreadyExistsError, ConflictError
from backend.store.port import Absent, AtLeast, Delete, Equals, Exists, Item, Key, Plus, Put, Query, Store, Update
from backend.store.schema import MAIL, SHOP
from backend.store.sql import SqlStore
from tests.engines import ROOT, Engine
from tests.store.conftest import opened

PEOPLE = 16
KEY = Key(SHOP, "P", "s")

Result = TypeVar("Result")


def all_at_once(work: Callable[[int], Result], people: int = PEOPLE) -> list[Result]:
    """What each of the people got; they start at the same moment."""
    start = Barrier(people)

    def begin(person: int) -> Result:
        start.wait()
        return work(person)

    with ThreadPoolExecutor(people) as pool:
        return list(pool.map(begin, range(people)))


def number_in(item: Item | None, name: str) -> int:
    value = (item or {}).get(name)
    assert isinstance(value, int)
    return value


def test_sixteen_counting_on_one_counter_each_see_a_number_of_their_own(shared_store: Store) -> None:
    each = 20

    def count(_: int) -> list[int]:
        return [number_in(shared_store.update(Update(KEY, add={"n": Plus(1)})), "n") for _ in range(each)]

    seen = [number for numbers in all_at_once(count) for number in numbers]
    assert sorted(seen) == list(range(1, PEOPLE * each + 1))
    assert shared_store.get(KEY) == {"n": PEOPLE * each}


def test_sixteen_adding_in_transactions_lose_nothing(shared_store: Store) -> None:
    each = 10

    def work(person: int) -> None:
        for step in range(each):
            own = Put(Key(MAIL, f"person {person}", f"{step:02}"), {}, Absent())
            shared_store.transact([own, Update(KEY, add={"n": Plus(person)})])

    all_at_once(work)
    assert shared_store.get(KEY) == {"n": each * sum(range(PEOPLE))}
    for person in range(PEOPLE):
        assert len(shared_store.query(Query(MAIL, f"person {person}")).rows) == each


def test_of_sixteen_who_take_one_name_exactly_one_gets_it(shared_store: Store) -> None:
    for round_ in range(5):
        key = Key(SHOP, f"E#{round_}", "E")

        def take(person: int, key: Key = key) -> bool:
            claim = Put(key, {"owner": person}, Absent(), AlreadyExistsError("taken"))
            try:
                if person % 2:
                    shared_store.transact([claim, Put(Key(SHOP, f"C#{key.pk}#{person}", "A"), {})])
                else:
                    shared_store.put(claim)
            except AlreadyExistsError:
                return False
            return True

        won = all_at_once(take)
        assert won.count(True) == 1
        assert shared_store.get(key) == {"owner": won.index(True)}


def test_nobodys_change_is_lost_when_each_writes_on_condition_of_the_version(shared_store: Store) -> None:
    shared_store.put(Put(KEY, {"version": 0, "text": ""}))
    each = 3

    def change(person: int) -> None:
        done = 0
        while done < each:
            found = shared_store.get(KEY)
            assert found is not None
            version = number_in(found, "version")
            new: Item = {"version": version + 1, "text": f"{found['text']!s} {person}"}
            try:
                shared_store.put(Put(KEY, new, Equals("version", version), ConflictError("faster")))
            except ConflictError:
                continue
            done += 1

    all_at_once(change)
    found = shared_store.get(KEY)
    assert number_in(found, "version") == PEOPLE * each
    assert found is not None
    assert sorted(str(found["text"]).split()) == sorted(str(person) for person in range(PEOPLE) for _ in range(each))


def test_what_there_is_only_once_is_spent_only_once(shared_store: Store) -> None:
    shared_store.put(Put(KEY, {"left": 10}))

    def spend(person: int) -> int:
        spent = 0
        for _ in range(2):
            try:
                condition = AtLeast("left", 1)
                shared_store.update(
                    Update(KEY, add={"left": Plus(-1)}, condition=condition, otherwise=ConflictError(""))
                )
            except ConflictError:
                continue
            spent += 1
        return spent

    assert sum(all_at_once(spend)) == 10
    assert shared_store.get(KEY) == {"left": 0}


def test_transfers_in_both_directions_neither_block_nor_lose_anything(shared_store: Store) -> None:
    accounts = [Key(SHOP, f"account {number}", "A") for number in range(4)]
    shared_store.write_batch([Put(account, {"n": 100}) for account in accounts])

    def transfer(person: int) -> None:
        for step in range(5):
            giver, taker = accounts[(person + step) % 4], accounts[(person * 3 + step + 1 + person % 3) % 4]
            if giver != taker:
                shared_store.transact([Update(giver, add={"n": Plus(-1)}), Update(taker, add={"n": Plus(1)})])

    all_at_once(transfer)
    found = shared_store.get_many(accounts)
    assert sum(number_in(item, "n") for item in found.values()) == 400


def test_batches_of_transactions_from_several_people_add_up(shared_store: Store) -> None:
    def work(person: int) -> list[object]:
        return list(shared_store.transact_each([[Update(KEY, add={"n": Plus(1)})] for _ in range(10)]))

    assert all_at_once(work, people=4) == [[None] * 10] * 4
    assert shared_store.get(KEY) == {"n": 40}


def test_a_lease_goes_to_one_of_many_stores_and_only_its_holder_gives_it_back(shared_engine: Engine) -> None:
    def lease(person: int) -> bool:
        with opened(shared_engine) as store:
            try:
                store.put(Put(KEY, {"holder": person}, Absent(), ConflictError("held")))
            except ConflictError:
                return False
            return True

    holders = all_at_once(lease, people=6)
    assert holders.count(True) == 1
    with opened(shared_engine) as store:
        store.delete(Delete(KEY, Equals("holder", holders.index(True))))


COUNTING = """
import sys
from backend.store.port import Key, Plus, Put, Absent, Update
from backend.store.sql import SqlStore

store = SqlStore(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(150):
    own = Put(Key("mail", sys.argv[2], f"{number:03}"), {}, Absent())
    store.transact([own, Update(Key("shop", "P", "s"), add={"n": Plus(1)})])
store.close()
"""


def test_two_processes_on_one_sqlite_file_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tillpost.db'}"
    store = SqlStore(url)
    store.create_tables()
    store.put(Put(KEY, {"n": 0}, Absent()))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", COUNTING, url, name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=120)
    assert [process.returncode for process in processes] == [0, 0]
    assert store.get(KEY) == {"n": 300}
    store.update(Update(KEY, set={"seen": True}, condition=Exists()))
    store.close()
