"""The team: members, roles, signing in, sessions, and invitations."""
