"""One search for everything that somebody may see."""
