"""Models at their released sizes with made-up weights: what inkstone reads, and the same as a torch module."""

import sys
from pathlib import Path

# made_up_weights.py is shared with the tests, whose expected results hold for the same weights.
sys.path.append(str(Path(__file__).resolve().parents[3] / "tests" / "reference"))
