"""Feature switches: who may use a feature, changed at once and for all processes."""
