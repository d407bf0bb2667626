"""`switches` lists and changes for whom features are on."""

from __future__ import annotations

from tests.cli.conftest import Run


def test_a_switch_is_changed_and_listed(run: Run) -> None:
    assert "everyone" in run("switches", "list").out
    said = run("switches", "set", "backfill", "--role", "manager", "--member", "olga", "--share", "20").out
    assert "backfill is on for role manager, olga, 20% of members." in said
    (listed,) = run("switches", "list", "--json").json
    assert (listed["roles"], listed["members"], listed["share"], listed["on"]) == (["manager"], ["olga"], 20, True)
    assert "backfill is on for nobody." in run("switches", "set", "backfill", "--off").out
    assert "There is no switch" in run("switches", "set", "teleport", "--off").err
