"""Items that cannot be read: set aside, reported, and repaired."""
