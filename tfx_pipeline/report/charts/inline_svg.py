"""SVG that stands inside an HTML page, with a text alternative."""

import re
from xml.etree import ElementTree

from markupsafe import Markup

_NAMESPACE = re.compile(r"^\{.*\}")
_LONG_FRACTION = re.compile(r"(\d+\.\d{2})\d+")
# The page tells screen readers of the chart as one image, styles it itself and lets nobody point at its parts.
_UNUSED = re.compile(r"^(role|aria-.*|class|pointer-events|version)$")


def inline_svg(document: str, label: str) -> Markup:
    """Make an SVG document part of a page.

    Names of XML spaces, invisible elements and digits that no screen shows are left out.

    Args:
        document: An SVG document.
        label: What the chart shows, in words, for those who do not see it.
    """
    root = ElementTree.fromstring(document)
    _simplify(root)
    root.attrib |= {"class": "chart", "role": "img", "aria-label": label}
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _simplify(element: ElementTree.Element) -> None:
    element.tag = _NAMESPACE.sub("", element.tag)
    element.attrib = {
        name: _LONG_FRACTION.sub(r"\1", value) for name, value in element.attrib.items() if not _UNUSED.match(name)
    }
    for child in list(element):
        if child.get("opacity") == "0" or child.get("display") == "none" or child.get("d") == "":
            element.remove(child)
        else:
            _simplify(child)
