"""Which messages of a browser reach Streamlit: those that pages need.

Streamlit also takes messages that are meant for a developer at their own machine: they empty all caches, open stores
included (`clear_cache`), rerun when files change, read the Git repository, or write files (`install_skills`).
"""

from __future__ import annotations

from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg

_MESSAGES = frozenset({"rerun_script", "stop_script", "file_urls_request", "app_heartbeat"})
_OPERATIONS = frozenset({"deferred_file", "dataframe_chunk"})


def is_for_pages(data: bytes) -> bool:
    """Whether Streamlit should get this message. What cannot be read is for it to refuse: it ends the connection."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return True
    kind = message.WhichOneof("type")
    if kind == "backend_operation_request":
        return message.backend_operation_request.WhichOneof("payload") in _OPERATIONS
    return kind in _MESSAGES
