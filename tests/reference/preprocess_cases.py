"""Pictures and lines of tests/goldens/preprocess/cases-*.txt, shared by the scripts that run the originals.

A line: `MODE WIDTH HEIGHT SEED HOW exact SHA-256` or `... near N v0 v1 ...`; in cases-files-*.txt, a file below
tests/goldens stands in place of the mode, and the seed is 0. HOW is the JSON of inkstone.preprocess, or
`preset:NAME:SIDE`, or `hf:KIND:JSON`. The result is float32 (height, width, 3): its row-major bytes are hashed, or
`SAMPLES` of them are listed, number k at splitmix64(seed 99 + k) mod N.
"""

import hashlib
import json

import numpy as np
from PIL import Image

from drawing import hash_noise

SAMPLES = 12
CHANNELS = {"bit": 1, "gray": 1, "gray_alpha": 2, "rgb": 3, "rgba": 4, "palette": 1, "cmyk": 4, "gray16": 1}
PILLOW = {"bit": "1", "gray": "L", "gray_alpha": "LA", "rgb": "RGB", "rgba": "RGBA", "palette": "P", "cmyk": "CMYK",
          "gray16": "I;16"}


def samples(mode, w, h, seed):
    """Slopes, and noise in every third sample; the test makes the same. uint8 or uint16 [h, w, channels]."""
    c = CHANNELS[mode]
    y, x, z = np.mgrid[0:h, 0:w, 0:c]
    noise = hash_noise(seed, h * w * c).reshape(h, w, c)
    value = (x * 255 // w + y * 3 + z * 57) % 256
    value = np.where(noise % np.uint64(3) == 0, noise >> np.uint64(56), value.astype(np.uint64))
    if mode == "bit":
        return np.where(value > 127, 255, 0).astype(np.uint8)
    if mode == "gray16":
        return (value * np.uint64(256) + (noise >> np.uint64(40)) % np.uint64(256)).astype(np.uint16)
    return value.astype(np.uint8)


def colours(seed):
    """uint8 [256, 4]: the palette of a seed."""
    return (hash_noise(seed + 7, 1024) >> np.uint64(56)).astype(np.uint8).reshape(256, 4)


def image(mode, w, h, seed):
    """The same as a Pillow image."""
    values = samples(mode, w, h, seed)
    if mode == "bit":
        return Image.fromarray(values[..., 0] > 127)
    if mode == "palette":
        found = Image.fromarray(values[..., 0]).copy()
        found = Image.frombytes("P", (w, h), found.tobytes())
        found.putpalette(colours(seed)[:, :3].tobytes())
        return found
    found = Image.frombytes(PILLOW[mode], (w, h), values.tobytes())
    assert found.mode == PILLOW[mode]
    return found


def golden_files(goldens):
    """Paths below tests/goldens of the pictures there."""
    for folder in ("pictures", "preprocess"):
        for path in sorted((goldens / folder).iterdir()):
            if path.suffix in (".png", ".jpg", ".webp") and path.name != "animated.webp":
                yield path, f"{folder}/{path.name}"


class Cases:
    """Collects lines."""

    def __init__(self):
        self.lines = []

    def add(self, picture, how, result, exact=True):
        """picture: (mode, w, h, seed); how: a dict or text; result: anything of shape [h, w, 3]."""
        result = np.ascontiguousarray(result, np.float32)
        assert result.ndim == 3 and result.shape[2] == 3, result.shape
        text = how if isinstance(how, str) else json.dumps(how, separators=(",", ":"))
        words = [*map(str, picture), text]
        if exact:
            words += ["exact", hashlib.sha256(result.tobytes()).hexdigest()]
        else:
            at = hash_noise(99, SAMPLES) % np.uint64(result.size)
            words += ["near", str(result.size), *(f"{v:.9g}" for v in result.ravel()[at])]
        self.lines.append(" ".join(words))

    def save(self, path):
        path.write_text("\n".join(self.lines) + "\n")
        print(f"{path.name}: {len(self.lines)} cases")
