"""What a page holds, read by Python's own parser."""

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "col", "hr", "img", "link"}


class Outline(HTMLParser):
    """Tables as lists of rows of (text, is bold), headings with what follows, and whether all is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables: list[list[list[tuple[str, bool]]]] = []
        self.elements: set[str] = set()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.links: list[str] = []
        self.labels: list[str] = []
        self.sections: dict[str, str] = {}
        self.text: list[str] = []
        self.feed(page)
        self.close()

    @property
    def rows(self) -> list[list[str]]:
        """The rows of all tables as bare text."""
        return [[text.strip() for text, _ in row] for table in self.tables for row in table]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.references += [given["aria-labelledby"]] if "aria-labelledby" in given else []
        self.links += [given[name] for name in ("href", "src", "xlink:href", "data", "srcset") if name in given]
        self.labels += [given["aria-label"]] if tag == "svg" else []
        if tag == "section":
            self.sections[given["id"]] = ""
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append(("", False))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text.append(data)
        if "section" in self.open and "h2" not in self.open:
            self.sections[list(self.sections)[-1]] += data
        if {"td", "th"} & set(self.open) and "small" not in self.open:
            text, is_bold = self.tables[-1][-1].pop()
            self.tables[-1][-1].append((re.sub(r"\s+", " ", text + data), is_bold or "strong" in self.open))
