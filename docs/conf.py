"""Sphinx: `make docs` builds `build/docs/index.html`, and fails on any warning."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from docs.generate import write_pages  # noqa: E402
from tts_core import __version__  # noqa: E402

write_pages(HERE / "reference")

project = "Polyvox"
author = "The Polyvox authors"
version = release = __version__
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
exclude_patterns = ["generate"]
html_theme = "furo"
html_title = f"Polyvox {__version__}"
html_static_path = ["_static"]
html_copy_source = False
nitpicky = True
