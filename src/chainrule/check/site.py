"""Where a mistake's idea is taught: in the notebook, or on a course's site.

    check.site("https://example.org/backprop/")

A student may have nothing but the problem set. A course that has its site up sets its address, and
every "Read:" is then a link to the section there.
"""

from __future__ import annotations

__all__ = ["site", "where_to_read"]

_LECTURES = "course/"
_site = ""


def site(address: str) -> None:
    """Say where the course's site is, as `chainrule`'s own pages are: from then on a failed check
    gives the address of the section to read. An empty address takes that back.

    Raises ValueError for what is no address of the web.
    """
    global _site
    if address and not address.startswith(("https://", "http://")):
        raise ValueError(f"the site's address has to begin with https://, not {address!r}")
    _site = address.rstrip("/") + "/" if address else ""


def where_to_read(section: str) -> str:
    """The line that says where an idea is taught.

    section: `notebook#heading`, with hyphens for spaces.
    """
    notebook, _, heading = section.partition("#")
    if _site:
        return f"Read: {_site}{_LECTURES}{notebook}.html#{heading.lower()}"
    return f"Read: {_LECTURES}{notebook}.ipynb, section “{heading.replace('-', ' ')}”"
