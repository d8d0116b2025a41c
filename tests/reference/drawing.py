"""Curves, strokes and noise for the pictures: drawn several times larger, then averaged down."""

import numpy as np
from PIL import Image, ImageDraw


def hash_noise(seed, count):
    """count uint64 values, splitmix64 of seed + i: the same on every machine and numpy."""
    with np.errstate(over="ignore"):
        z = (np.arange(count, dtype=np.uint64) + np.uint64(seed + 1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def integers(seed, shape, low, high):
    """uint8 array of that shape, uniform in [low, high)."""
    values = hash_noise(seed, int(np.prod(shape))) % np.uint64(high - low)
    return (values.astype(np.int64) + low).astype(np.uint8).reshape(shape)


def spline(points, closed=False, steps=16):
    """Catmull-Rom through points [(x, y)] -> float64 [n, 2]."""
    p = np.asarray(points, float)
    p = np.vstack([p[-1:], p, p[:2]]) if closed else np.vstack([p[:1], p, p[-1:]])
    t = (np.arange(steps) / steps)[:, None]
    pieces = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:]):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
                             + (3 * b - a - 3 * c + d) * t**3))
    if not closed:
        pieces.append(p[-1:])
    return np.vstack(pieces)


def ellipse(cx, cy, rx, ry, start=0.0, end=360.0, steps=96):
    """Points of an ellipse's arc, degrees clockwise from the right -> [steps, 2]."""
    angle = np.radians(np.linspace(start, end, steps))
    return np.stack([cx + rx * np.cos(angle), cy + ry * np.sin(angle)], 1)


def mirror(points, axis):
    """Left and right exchanged about x = axis, drawn the other way round."""
    p = np.asarray(points, float)[::-1].copy()
    p[:, 0] = 2 * axis - p[:, 0]
    return p


def brush(points, widths):
    """Outline of a stroke along points whose width runs evenly through widths -> [2 n, 2]."""
    p = np.asarray(points, float)
    step = np.gradient(p, axis=0)
    normal = np.stack([-step[:, 1], step[:, 0]], 1)
    normal /= np.maximum(np.hypot(*step.T), 1e-9)[:, None]
    at = np.linspace(0, len(widths) - 1, len(p))
    half = np.interp(at, np.arange(len(widths)), widths)[:, None] / 2
    return np.vstack([p + normal * half, (p - normal * half)[::-1]])


def star(cx, cy, outer, inner, tips=5, turn=-90.0):
    """Corners of a star -> [2 tips, 2]."""
    angle = np.radians(turn + np.arange(2 * tips) * 180 / tips)
    radius = np.where(np.arange(2 * tips) % 2 == 0, outer, inner)
    return np.stack([cx + radius * np.cos(angle), cy + radius * np.sin(angle)], 1)


class Canvas:
    """w x h pixels, drawn at scale times the size; coordinates are in the small picture's pixels."""

    def __init__(self, w, h, colour, scale=8):
        self.scale = scale
        self.image = Image.new("RGB", (w * scale, h * scale), colour)
        self.draw = ImageDraw.Draw(self.image)

    def corners(self, points):
        return [tuple(p) for p in np.asarray(points, float) * self.scale]

    def fill(self, points, colour):
        self.draw.polygon(self.corners(points), fill=colour)

    def stroke(self, points, widths, colour):
        """widths: one number, or several spread along the stroke; ends are round."""
        widths = np.atleast_1d(np.asarray(widths, float))
        widths = np.repeat(widths, 2) if len(widths) == 1 else widths
        p = np.asarray(points, float)
        for a, b in zip(range(len(p) - 1), range(1, len(p))):
            at = np.array([a, b]) / (len(p) - 1) * (len(widths) - 1)
            w = np.interp(at, np.arange(len(widths)), widths)
            self.fill(brush(p[a : b + 1], w), colour)
            self.fill(ellipse(*p[a], w[0] / 2, w[0] / 2, steps=24), colour)
        last = widths[-1] / 2
        self.fill(ellipse(*p[-1], last, last, steps=24), colour)

    def shape(self, points, colour, line=None, width=1.0):
        """A filled outline, closed."""
        self.fill(points, colour)
        if line is not None:
            self.stroke(np.vstack([points, points[:1]]), width, line)

    def mask(self, points):
        """The inside of a polygon, for shade."""
        mask = Image.new("L", self.image.size, 0)
        ImageDraw.Draw(mask).polygon(self.corners(points), fill=255)
        return mask

    def shade(self, inside, points, colour):
        """Fills points with colour where the polygon inside also covers."""
        both = np.minimum(np.array(self.mask(inside)), np.array(self.mask(points)))
        self.image.paste(colour, (0, 0), Image.fromarray(both))

    def glow(self, cx, cy, radius, colour, strength, inside=None):
        """Blends colour in, from strength at the centre to nothing at radius, within a polygon if given."""
        w, h = self.image.size
        y, x = np.mgrid[0:h, 0:w].astype(np.float32) / self.scale
        weight = np.clip(1 - np.hypot(x - cx, y - cy) / radius, 0, 1) ** 2 * strength
        alpha = (weight * 255).astype(np.uint8)
        if inside is not None:
            alpha = np.minimum(alpha, np.array(self.mask(inside)))
        self.image.paste(colour, (0, 0), Image.fromarray(alpha))

    def bands(self, stops):
        """Vertical gradient over the whole canvas: stops [(y, (r, g, b))]."""
        w, h = self.image.size
        y = (np.arange(h) + 0.5) / self.scale
        rows = np.stack([np.interp(y, [s[0] for s in stops], [s[1][c] for s in stops]) for c in range(3)], 1)
        self.image.paste(Image.fromarray(np.repeat(rows.round().astype(np.uint8)[:, None], w, 1)))

    def picture(self):
        """uint8 [h, w, 3]: each pixel the mean of its scale x scale square."""
        return np.array(self.image.reduce(self.scale))
