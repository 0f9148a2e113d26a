"""A wheel of this very package, as it is installed here: from a checkout or from a wheel.

An archive for another machine brings its grader along, and not what an index calls by its name.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from importlib import metadata
from pathlib import Path

import chainrule

__all__ = ["own_wheel"]

_KEPT = ("METADATA", "entry_points.txt", "licenses/LICENSE", "LICENSE")
_WHEEL = "Wheel-Version: 1.0\nGenerator: chainrule\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def own_wheel() -> tuple[str, bytes]:
    """Its name and its bytes, the same ones for the same package
    (https://packaging.python.org/en/latest/specifications/binary-distribution-format/)."""
    installed = metadata.distribution("chainrule")
    about = f"chainrule-{installed.version}.dist-info"
    top = Path(chainrule.__file__).parent
    files = {
        f"chainrule/{path.relative_to(top).as_posix()}": path.read_bytes()
        for path in sorted(top.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    for name in _KEPT:
        text = installed.read_text(name)
        if text is not None:
            files[f"{about}/{name}"] = text.encode()
    files[f"{about}/WHEEL"] = _WHEEL.encode()
    rows = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    files[f"{about}/RECORD"] = "\n".join([*rows, f"{about}/RECORD,,", ""]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return f"chainrule-{installed.version}-py3-none-any.whl", packed.getvalue()


def _digest(content: bytes) -> str:
    """As a RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
