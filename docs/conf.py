"""How the documents become a site: `make docs` builds it into docs/_build, with warnings as errors."""

project = "Tillpost"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Tillpost"
html_copy_source = False
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["misc.highlighting_failure"]  # diagrams in Mermaid are shown as their text
