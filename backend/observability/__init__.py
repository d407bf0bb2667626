"""What a process tells of itself: measures of its work, its last log records, Prometheus metrics, Sentry."""
