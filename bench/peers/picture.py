"""The input of the benchmark: one picture a size, the same everywhere, padded as the network wants it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Padding:
    margin: int    # reflected pixels on every side
    multiple: int  # the picture is first filled up to a multiple of this, right and below


# By scale; the rule of the original code for whole pictures.
PADDING = {2: Padding(18, 2), 3: Padding(14, 4), 4: Padding(19, 2)}


def synthetic(width: int, height: int) -> np.ndarray:
    """uint8 [h, w, 3]: a gradient, flat areas with sharp edges, thin lines and a noisy quarter."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = x / width, y / height
    picture = np.stack([255 * u, 255 * v, 255 * (1 - u) * v], axis=-1)
    disc = (u - 0.35) ** 2 + (v - 0.4) ** 2 < 0.05
    picture[disc] = (230, 60, 40)
    picture[(x.astype(int) + 2 * y.astype(int)) % 31 == 0] = 10
    picture[(y.astype(int) - x.astype(int)) % 47 == 0] = 245
    noise = np.random.Generator(np.random.PCG64(1)).integers(-60, 61, picture.shape)
    picture += noise * ((u > 0.5) & (v > 0.5))[..., None]
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def from_file(path: Path, width: int, height: int) -> np.ndarray:
    """uint8 [h, w, 3]: the largest centred part of the picture with the wanted shape, resized to it."""
    from PIL import Image, ImageOps
    with Image.open(path) as image:
        return np.asarray(ImageOps.fit(image.convert("RGB"), (width, height), Image.Resampling.LANCZOS))


def network_input(picture: np.ndarray, scale: int, pro: bool) -> np.ndarray:
    """float32 [h, w, 3], reflect-padded; the pro networks take values squeezed to 0.15..0.85."""
    rule = PADDING[scale]
    height, width, _ = picture.shape
    pads = [(rule.margin, rule.margin + -size % rule.multiple) for size in (height, width)]
    values = picture.astype(np.float32) / np.float32(255)
    if pro:
        values = values * np.float32(0.7) + np.float32(0.15)
    return np.ascontiguousarray(np.pad(values, (*pads, (0, 0)), mode="reflect"))
