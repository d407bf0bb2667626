"""Observability of a process: measures of its work, its last log records, Prometheus metrics, Sentry."""
