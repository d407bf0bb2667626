"""Rendering: from a template and the data of one person to subject, HTML and text."""
