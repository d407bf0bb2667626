"""The storage port and its engines. Only `backend.bootstrap` may name an engine."""
