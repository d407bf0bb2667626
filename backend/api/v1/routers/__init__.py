"""One module of routes per resource: parse, one service call, render."""
