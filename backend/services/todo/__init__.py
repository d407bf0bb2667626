"""What waits for somebody of the team, by role."""
