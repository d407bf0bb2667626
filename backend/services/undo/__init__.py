"""Taking recorded changes back (`services.changes` says how they are recorded)."""
