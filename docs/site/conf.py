"""Sphinx builds the site with these settings; docs/editions/steps/site.py gathers what it reads."""

from typing import Any

from website.notebooks import anchor

import nvmx

project = "nvmx"
version = release = nvmx.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "nvmx"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_use_index = False  # it is wider than a phone, and the pages of the API are indexes themselves
html_show_copyright = False
html_show_sphinx = False
exclude_patterns = ["explorer.html"]
pygments_style = "default"
pygments_dark_style = "github-dark"

# The notebooks are shown as they are committed.  Without the first of the priorities every explorer would be empty.
nb_execution_mode = "off"
nb_mime_priority_overrides = [
    ("html", "text/html", 0),
    ("html", "application/vnd.jupyter.widget-view+json", None),
]
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # they would come from another host
nb_merge_streams = True
myst_enable_extensions: list[str] = []  # "$" is a dollar
myst_heading_anchors = 6
myst_heading_slug_func = anchor  # as in JupyterLab, so that links into sections lead there
suppress_warnings = ["config.cache"]  # a function in the settings

# In docstrings, `name` is code.  They are prose, in which napoleon would see sections.
default_role = "code"
autodoc_default_options = {"show-inheritance": False}
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
toc_object_entries = False


def add_script(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Add the script to the pages that have something to make live."""
    if "data-nvmx" in (context.get("body") or ""):
        app.add_js_file("nvmx.js", loading_method="defer")


def setup(app: Any) -> None:
    """Connect `add_script`."""
    app.connect("html-page-context", add_script)
