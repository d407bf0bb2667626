"""What workers do: one table of duties, one module for each."""
