"""What the shop's words mean: frozen dataclasses, enums and pure rules. Imports nothing of ours but the errors."""
