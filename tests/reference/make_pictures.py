"""Writes the input pictures of the Real-CUGAN goldens: 8-bit RGB PNG, the same bytes of pixels every time."""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from drawing import Canvas, ellipse, integers, mirror, spline, star
from sample_scene import sample

INK = (24, 20, 30)


def noise():
    """Left half: +-3 levels round mid gray. Right half: every level, each sample on its own. [32, 32, 3]."""
    picture = integers(1, (32, 32, 3), 0, 256)
    picture[:, :16] = integers(2, (32, 16, 3), 125, 132)
    return picture


def lineart():
    """Thin antialiased curves, dark on white and on colour. [45, 61, 3]."""
    c = Canvas(61, 45, (255, 255, 255))
    c.fill(ellipse(44, 28, 13, 12), (250, 214, 120))
    c.stroke(spline([(2, 40), (12, 6), (24, 38), (36, 8), (58, 42)]), (0.4, 2.2, 0.8, 2.0, 0.4), INK)
    c.stroke(ellipse(44, 28, 13, 12), 1.0, INK)
    for k in range(6):
        c.stroke([(3 + 5 * k, 2), (20 + 7 * k, 14)], 0.6, (40, 60, 150))
    c.stroke(spline([(38, 25), (41, 23), (44, 25)]), 1.2, INK)
    c.stroke(spline([(38, 33), (44, 36), (51, 32)]), (0.5, 1.6, 0.5), (190, 40, 50))
    return c.picture()


def gradient():
    """Smooth ramps in three directions. [24, 40, 3]."""
    y, x = np.mgrid[0:24, 0:40].astype(float)
    planes = (x / 39, y / 23, (x + 23 - y) / 62)
    return (np.stack(planes, -1) * 255).round().astype(np.uint8)


def text():
    """Flat panels with strokes as of letters, antialiased and hard-edged. [64, 47, 3]."""
    c = Canvas(47, 64, (238, 240, 244))
    c.fill([(0, 0), (47, 0), (47, 18), (0, 18)], (36, 78, 140))
    c.fill([(0, 46), (47, 46), (47, 64), (0, 64)], (250, 226, 90))
    for x in (4, 16, 28):
        c.stroke([(x, 14), (x + 4, 4), (x + 8, 14)], 1.6, (255, 255, 255))
        c.stroke([(x + 2, 10.5), (x + 6, 10.5)], 1.2, (255, 255, 255))
    for row, y in enumerate((23, 31, 39)):
        for x in range(3, 42, 7):
            c.stroke(spline([(x, y), (x + 4, y - 1), (x + 1 + row, y + 4), (x + 5, y + 3)]), 0.9, INK)
    picture = c.picture()
    picture[50:60:3, 4:43] = (200, 30, 40)
    picture[49:61, 6:42:5] = (20, 20, 20)
    return picture


def anime():
    """Flat colours, outlines and highlights: a cat's face before a window. [96, 96, 3]."""
    c = Canvas(96, 96, (122, 196, 232))
    c.fill(ellipse(78, 16, 11, 11), (255, 240, 170))
    c.fill([(0, 70), (96, 62), (96, 96), (0, 96)], (112, 176, 96))
    for x in range(4, 96, 9):
        c.stroke(spline([(x, 96), (x + 1, 84), (x + 5, 76)]), (2.4, 1.6, 0.3), (70, 134, 76))
    ear = spline([(24, 44), (20, 22), (26, 14), (38, 22), (46, 32)])
    for points in (ear, mirror(ear, 50)):
        c.shape(points, (246, 168, 92), INK, 1.6)
    inner = np.array([(27, 34), (26, 21), (36, 29)], float)
    for points in (inner, mirror(inner, 50)):
        c.fill(points, (250, 196, 190))
    head = ellipse(50, 52, 32, 27)
    c.shape(head, (246, 168, 92), INK, 1.6)
    c.shade(head, ellipse(50, 76, 40, 18), (255, 246, 232))
    for x in (42, 50, 58):
        c.stroke([(x, 27), (x + (50 - x) * 0.15, 36)], (2.6, 0.5), (196, 108, 52))
    for x in (36, 64):
        c.shape(ellipse(x, 52, 7, 9), (86, 190, 120), INK, 1.4)
        c.fill(ellipse(x, 52, 3, 7), (16, 28, 24))
        c.fill(ellipse(x - 2.4, 48, 2, 2.4), (255, 255, 255))
        c.fill(ellipse(x + 2.6, 56, 1, 1.2), (255, 255, 255))
    c.shape(np.array([(47.5, 60), (52.5, 60), (50, 63)], float), (236, 110, 120), INK, 0.8)
    c.stroke(spline([(41, 65), (45, 68), (50, 63), (55, 68), (59, 65)]), (0.5, 1.2, 1.2, 1.2, 0.5), INK)
    for y in (61, 66):
        c.stroke([(30, y), (8, y - 3 + (y - 61))], (1.0, 0.2), INK)
        c.stroke([(70, y), (92, y - 3 + (y - 61))], (1.0, 0.2), INK)
    c.stroke(spline([(30, 78), (50, 84), (70, 78)]), 4, (214, 50, 70))
    c.shape(star(50, 86, 6, 2.8), (255, 214, 70), INK, 0.9)
    return c.picture()


def patch(seed, h, w):
    """Blocks of four colours under a ramp. [h, w, 3]."""
    y, x = np.mgrid[0:h, 0:w]
    colours = integers(seed, (4, 3), 0, 256)
    picture = colours[(x // 5 + y // 4) % 4].astype(np.int64) + (x * 2 + y)[..., None]
    return picture.clip(0, 255).astype(np.uint8)


def pictures():
    """File stem -> uint8 [h, w, 3]; the name says width x height.

    Reflected many times over, a tiny picture becomes a pattern on which some networks diverge until float32
    and float64 disagree by levels. The seeds of the tiny ones are those where every network stays stable.
    """
    return {
        "noise-32x32": noise(),
        "lineart-61x45": lineart(),
        "gradient-40x24": gradient(),
        "text-47x64": text(),
        "anime-96x96": anime(),
        "tiny-1x1": integers(27, (1, 1, 3), 0, 256),
        "tiny-2x3": integers(25, (3, 2, 3), 60, 200),
        "tiny-5x1": integers(36, (1, 5, 3), 60, 200),
        "tiny-17x18": patch(5, 18, 17),
        "tiny-33x7": patch(4, 7, 33),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    out = Path(parser.parse_args().out)
    out.mkdir(parents=True, exist_ok=True)
    for name, picture in {**pictures(), "sample": sample()}.items():
        Image.fromarray(picture).save(out / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
