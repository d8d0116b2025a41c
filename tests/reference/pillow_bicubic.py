"""Writes Pillow's bicubic enlargements of gray pictures of 8 and 16 bits: the goldens for a picture's alpha."""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from drawing import ellipse, integers, Canvas

SCALES = (2, 3, 4)


def disc(h, w):
    """An antialiased disc, 0 outside and 255 inside, as a cut-out's alpha has. uint8 [h, w]."""
    c = Canvas(w, h, (0, 0, 0))
    c.fill(ellipse(w / 2, h / 2, w * 0.42, h * 0.42), (255, 255, 255))
    return c.picture()[..., 0]


def hard(h, w):
    """Disc, with noise of 0 and 255 in its lower right, where bicubic overshoots and clamps. uint8 [h, w]."""
    picture = disc(h, w)
    noise = integers(21, (h, w), 0, 2) * np.uint8(255)
    picture[h // 2 :, w // 2 :] = noise[h // 2 :, w // 2 :]
    return picture


def pictures():
    """File stem -> uint8 [h, w]; the name says width x height."""
    return {
        "1x1": integers(22, (1, 1), 0, 256),
        "5x3": integers(23, (3, 5), 0, 256),
        "17x18": disc(18, 17),
        "40x24": hard(24, 40),
    }


def deep_pictures():
    """File stem -> uint16 [h, w]: noise in the low bits; what is 0 or 255 of 8 bits stays nothing or all."""
    found = {}
    for name, picture in pictures().items():
        low = integers(24, picture.shape, 0, 256)
        low[picture == 0], low[picture == 255] = 0, 255
        found[f"deep-{name}"] = picture.astype(np.uint16) * np.uint16(256) + low
    return found


def save_all(out, found, manifest):
    lines = []
    for name, picture in found.items():
        image = Image.fromarray(picture)
        image.save(out / f"{name}.png", optimize=True)
        for scale in SCALES:
            big = image.resize((image.width * scale, image.height * scale), Image.Resampling.BICUBIC)
            big.save(out / f"{name}-{scale}x.png", optimize=True)
            lines.append(f"{name}.png {scale} {name}-{scale}x.png")
    (out / manifest).write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    save_all(out, pictures(), "manifest.txt")
    save_all(out, deep_pictures(), "manifest16.txt")


if __name__ == "__main__":
    main()
