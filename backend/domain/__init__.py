"""The shop's domain objects: frozen dataclasses, enums and pure rules. They import only the errors."""
