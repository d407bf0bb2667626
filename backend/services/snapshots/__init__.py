"""The snapshot: what segments and insights ask, in columns. A worker makes a new one every few minutes."""
