"""Elements of an HTML page. Text and attributes are escaped on output, so callers do not escape them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pytest_asc.diagnosis.formatting import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_LENGTH = 2_000


def element(tag: str, *children: ET.Element | str | None, **attributes: str) -> ET.Element:
    """Make an element.

    Args:
        tag: Name of the element.
        *children: Child elements and texts, in order. None is skipped. Text is never parsed as markup.
        **attributes: Attributes. ``class_`` becomes ``class``, and other underscores become hyphens.
    """
    parent = ET.Element(
        tag, {name.rstrip("_").replace("_", "-"): _clean_line(value) for name, value in attributes.items()}
    )
    for child in children:
        if isinstance(child, ET.Element):
            parent.append(child)
        elif child is not None:
            _add_text(parent, _clean_line(child))
    return parent


def _add_text(parent: ET.Element, text: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _clean_line(text: str) -> str:
    """Return a text as one line without control characters.

    A space at the start or end is kept, because it separates the text from neighbouring elements.
    """
    line = one_line(text, _MAX_LENGTH)
    return f"{' ' * text.startswith(' ')}{line}{' ' * (text.endswith(' ') and bool(line))}"


def table(caption: str, head: Iterable[str], rows: Iterable[Iterable[ET.Element | str | None]]) -> ET.Element:
    """Make a table whose first column contains the row headers."""
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
        element("tbody", *(_row(*cells) for cells in rows)),
    )


def _row(first: ET.Element | str | None, *cells: ET.Element | str | None) -> ET.Element:
    return element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in cells))


def page(root: ET.Element) -> str:
    """Serialize a whole document, indented."""
    ET.indent(root, " ")
    return f"<!doctype html>\n{ET.tostring(root, encoding='unicode', method='html')}\n"
