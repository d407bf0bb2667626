"""The snapshot: what segments and insights ask, in columns. A worker makes it anew every few minutes."""
