"""How domain objects are written as items of the store, and read back. Pure functions that make no requests."""
