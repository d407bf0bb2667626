"""Messages of a browser: pages' go through, a developer's do not."""

from __future__ import annotations

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from front_door.stream import is_for_pages


@pytest.mark.parametrize("kind", [field.name for field in BackMsg.DESCRIPTOR.fields])
def test_each_kind_is_either_a_page_s_or_dropped(kind: str) -> None:
    message = BackMsg()
    field = BackMsg.DESCRIPTOR.fields_by_name[kind]
    if field.message_type:
        getattr(message, kind).SetInParent()
    else:
        setattr(message, kind, True)
    needed = {"rerun_script", "stop_script", "file_urls_request", "app_heartbeat"}
    assert is_for_pages(message.SerializeToString()) is (kind in needed)


@pytest.mark.parametrize("payload", ["deferred_file", "dataframe_chunk", "install_skills", "dismiss_skills_nudge"])
def test_of_operations_only_those_that_read_what_a_page_shows(payload: str) -> None:
    message = BackMsg()
    getattr(message.backend_operation_request, payload).SetInParent()
    assert is_for_pages(message.SerializeToString()) is (payload in ("deferred_file", "dataframe_chunk"))


def test_the_last_of_two_kinds_decides_as_it_does_for_streamlit() -> None:
    rerun, clear = BackMsg(), BackMsg(clear_cache=True)
    rerun.rerun_script.query_string = ""
    assert not is_for_pages(rerun.SerializeToString() + clear.SerializeToString())
    assert is_for_pages(clear.SerializeToString() + rerun.SerializeToString())


def test_nothing_is_dropped_and_nonsense_is_left_to_streamlit() -> None:
    assert not is_for_pages(b"")
    assert is_for_pages(b"\xff\xff\xff")
