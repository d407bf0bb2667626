"""Insights for managers: kinds of buyers, who comes back, what a customer is worth, and whom mail no longer reaches.

All of it is asked of the snapshot, so it is as old as that says.
"""
