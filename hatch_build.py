"""Hatchling's hook: the README as a package index shows it, where a relative link leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


def absolute(text: str, repository: str) -> str:
    """A page of this repository with every relative link and picture made an address.

    repository: the address of the repository on GitHub, without a slash at its end.
    """
    raw = repository.replace("//github.com/", "//raw.githubusercontent.com/")
    elsewhere = r"(?![a-z]+:|#|/)"
    text = re.sub(rf'(<img src=")({elsewhere}[^"]+)', rf"\g<1>{raw}/HEAD/\g<2>", text)
    return re.sub(rf"(\]\()({elsewhere}[^)\s]+)", rf"\g<1>{repository}/blob/HEAD/\g<2>", text)


class AbsoluteReadme(MetadataHookInterface):
    """Names README.md, with its links made absolute, as the long description."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute(text, metadata["urls"]["Source"]),
        }
