"""Writes the JPEG and WebP files of tests/goldens/preprocess: what quantisation and sampling do to a decoder."""

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image

from drawing import integers


def scene(h, w, seed=40):
    """Slopes, rings, hard edges and noise. uint8 [h, w, 3]."""
    y, x = np.mgrid[0:h, 0:w]
    rings = 128 + 100 * np.sin(((x - w / 3) ** 2 + (y - h / 2) ** 2) / (3.0 * (w + h)))
    slope = 255 * x / max(w - 1, 1)
    edges = ((x // 7 + y // 5) % 2) * 255.0
    picture = np.stack([rings, slope, 0.6 * edges + 0.4 * rings[::-1]], -1)
    noise = integers(seed, (h, w, 3), 0, 64).astype(float) - 32
    noise[: h // 2] *= 0.2
    return np.clip(picture + noise, 0, 255).round().astype(np.uint8)


def without_adobe(jpeg):
    """The file without its APP14 marker."""
    at = jpeg.index(b"\xff\xee")
    return jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]


def jpeg(image, **options):
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def files():
    rgb = Image.fromarray(scene(47, 61))
    for quality in (30, 75, 90, 95, 100):
        yield f"420-q{quality}.jpg", jpeg(rgb, quality=quality)
    for name, sampling in (("444", 0), ("422", 1), ("440", "4:4:0"), ("411", "4:1:1")):
        try:
            yield f"{name}.jpg", jpeg(rgb, quality=92, subsampling=sampling)
        except (ValueError, TypeError):
            continue
    yield "progressive.jpg", jpeg(rgb, quality=85, progressive=True)
    yield "restarts.jpg", jpeg(rgb, quality=85, restart_marker_blocks=2)
    yield "gray.jpg", jpeg(rgb.convert("L"), quality=80)
    cmyk = Image.fromarray(np.concatenate([scene(29, 37), scene(29, 37, 41)[..., :1]], -1), "CMYK")
    yield "cmyk.jpg", jpeg(cmyk, quality=88)
    yield "cmyk-no-adobe.jpg", without_adobe(jpeg(cmyk, quality=88))
    yield "1x1.jpg", jpeg(Image.fromarray(scene(1, 1)), quality=90)
    yield "1x40.jpg", jpeg(Image.fromarray(scene(40, 1)), quality=90)
    yield "130x2.jpg", jpeg(Image.fromarray(scene(2, 130)), quality=90)
    rgba = Image.fromarray(np.concatenate([scene(21, 33), scene(21, 33, 42)[..., :1]], -1), "RGBA")
    for name, options in (("lossless", {"lossless": True, "exact": True}), ("lossy", {"quality": 80})):
        for image in (rgb, rgba):
            stream = io.BytesIO()
            image.save(stream, "WEBP", **options)
            yield f"{name}-{image.mode.lower()}.webp", stream.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files():
        (out / name).write_bytes(content)


if __name__ == "__main__":
    main()
