"""MkDocs hook: what a page links to outside of `docs/` is not on the site, so that it becomes the file's path."""

import re
from typing import Any

# Also links inside of a table or a list; never pictures.
_OUTSIDE = re.compile(r"(?<!!)\[([^\]]+)\]\((?:\.\./)+([^)#\s]+)(?:#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Replace links to files of the repository; a page in `docs/reference/` may link up to `docs/`."""
    if "/" in page.file.src_uri:
        return markdown
    return _OUTSIDE.sub(_as_path, markdown)


def _as_path(link: re.Match[str]) -> str:
    text, path = link[1], link[2]
    return f"`{path}`" if path in text or text in path else f"{text} (`{path}`)"
