"""How domain objects are written as items of the store, and read back. Pure functions; no requests are made here."""
