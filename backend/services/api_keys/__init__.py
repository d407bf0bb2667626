"""Keys of the HTTP API: what the team does with them, and which one a request brings."""
