"""Small data sets, the same on every run: the arms of a spiral, and real handwritten digits.

Start with `spiral.py`; `digits.py` reads the images that lie beside it, and `digits.txt` says whose
they are. It may import NumPy, and nothing of this package.
"""

from chainrule.data.digits import Digits, digits
from chainrule.data.spiral import spiral

__all__ = ["Digits", "digits", "spiral"]
