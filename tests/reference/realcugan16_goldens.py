"""Writes the Real-CUGAN goldens of 16 bits and of transparent pictures: what the original classes make of them.

The original in float64, so that 16 bits of it are beyond doubt. Where a picture has alpha, its colours pass the
network with the transparent pixels filled from their surroundings, and Pillow enlarges the alpha.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from drawing import ellipse, integers, Canvas
from make_pictures import lineart, patch
from pictures_png import png
from realcugan_goldens import Case
from realcugan_original import TTA, Watch, build, load_upstream, make_reproducible, released_networks, transform, undo


def low_bits(seed, shape):
    return integers(seed, shape, 0, 256).astype(np.uint16)


def ramp():
    """Smooth ramps through all of 16 bits, in three directions. uint16 [20, 48, 3]."""
    y, x = np.mgrid[0:20, 0:48].astype(float)
    planes = ((x + y / 20) / 48, (y + x / 48) / 20, (x + 19 - y) / 66)
    return (np.stack(planes, -1) * 65535).round().astype(np.uint16)


def lines():
    """Curves, with noise in the low 8 bits. uint16 [29, 33, 3]."""
    picture = lineart()[8:37, 14:47].astype(np.uint16)
    return picture * np.uint16(256) + low_bits(31, picture.shape)


def cutout():
    """A disc with a soft edge cut out of blocks of colour; what lies under zero alpha is garish. uint8 [31, 40, 4]."""
    c = Canvas(40, 31, (0, 0, 0))
    c.fill(ellipse(18, 15, 13, 12), (255, 255, 255))
    alpha = c.picture()[..., :1].copy()
    alpha[4:20:3, 30:36] = 140
    colours = patch(6, 31, 40)
    colours[(alpha == 0)[..., 0]] = (255, 0, 255)
    return np.concatenate([colours, alpha], -1)


def deep_cutout():
    """The same with low bits. uint16 [31, 40, 4]."""
    picture = cutout().astype(np.uint16)
    low = low_bits(32, picture.shape)
    # Alpha 0 and 255 stay nothing and all.
    low[..., 3] = np.where(picture[..., 3] == 255, 255, np.where(picture[..., 3] == 0, 0, low[..., 3]))
    return picture * np.uint16(256) + low


def pictures():
    return {"ramp-48x20": ramp(), "lines-33x29": lines(), "cutout-40x31": cutout(), "deep-cutout-40x31": deep_cutout()}


CASES = [Case(network, picture) for network in ("se-2x-conservative", "pro-2x-conservative", "pro-3x-denoise3x",
                                                "se-4x-no-denoise", "nose-2x-no-denoise")
         for picture in ("ramp-48x20", "lines-33x29")]
CASES += [Case(network, picture) for network in ("se-2x-conservative", "pro-3x-denoise3x")
          for picture in ("cutout-40x31", "deep-cutout-40x31")]
CASES += [Case("se-2x-conservative", "lines-33x29", 1.3), Case("pro-2x-conservative", "lines-33x29", tta=True)]


def filled(picture):
    """Pixels of alpha 0 take colour from the visible ones, ring by ring: the mean of those of the 8 neighbours
    that lie in earlier rings, halves rounded up."""
    h, w = picture.shape[:2]
    out, known = picture.astype(np.int64), picture[..., 3] > 0
    while not known.all():
        weights = np.pad(known, 1).astype(np.int64)
        colours = np.pad(out[..., :3] * known[..., None], ((1, 1), (1, 1), (0, 0)))
        around = [(dy, dx) for dy in range(3) for dx in range(3) if (dy, dx) != (1, 1)]
        count = sum(weights[dy : dy + h, dx : dx + w] for dy, dx in around)
        total = sum(colours[dy : dy + h, dx : dx + w] for dy, dx in around)
        ring = ~known & (count > 0)
        out[ring, :3] = (2 * total[ring] + count[ring, None]) // (2 * count[ring, None])
        known = known | ring
    return out.astype(picture.dtype)


def run(model, network, picture, strength, double=True):
    """[h, w, 3] of 8 or 16 bits -> float64 [s h, s w, 3] in 0..255 units, neither rounded nor clamped."""
    kind = torch.float64 if double else torch.float32
    x = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None]).astype(np.float64)).to(kind)
    white = np.iinfo(picture.dtype).max
    x = x / (white / 0.7) + 0.15 if network.pro else x / white
    with Watch() as watch:
        model.to(kind)(x, 0, 0, strength, network.pro)
    return watch.rounded[0].double().numpy().transpose(1, 2, 0)


def enlarged(model, network, case, picture, double=True):
    if not case.tta:
        return run(model, network, picture, case.strength, double)
    turned = [undo(run(model, network, np.ascontiguousarray(transform(picture, tta)), case.strength, double), tta)
              for tta in TTA]
    return np.mean(turned, axis=0)


def samples_of(values, kind):
    """From 0..255 units to samples, as the original rounds and clamps."""
    white = np.iinfo(kind).max
    return (values * (white / 255)).round().clip(0, white).astype(kind)


def enlarged_alpha(alpha, scale):
    """Pillow's bicubic of 8 or 16 bits."""
    size = (alpha.shape[1] * scale, alpha.shape[0] * scale)
    return np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BICUBIC))


def save(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(picture.astype(np.uint32), picture.dtype.itemsize * 8, {3: 2, 4: 6}[picture.shape[2]]))


def golden_of(model, network, case, picture):
    """The enlarged picture, and how far the original in float32 is from it at most, in levels."""
    transparent = picture.shape[2] == 4
    colours = np.ascontiguousarray((filled(picture) if transparent else picture)[..., :3])
    exact = enlarged(model, network, case, colours)
    golden = samples_of(exact, picture.dtype)
    single = samples_of(enlarged(model, network, case, colours, double=False), picture.dtype)
    error = np.abs(golden.astype(int) - single.astype(int)).max()
    if transparent:
        alpha = enlarged_alpha(np.ascontiguousarray(picture[..., 3]), network.scale)
        golden = np.concatenate([golden, alpha[..., None]], -1)
    return golden, error


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True, help="upcunet_v3.py or a checkout holding it")
    parser.add_argument("--weights", required=True, help="folder of models-se, models-pro, models-nose")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    make_reproducible()
    upstream, inputs, lines = load_upstream(args.upstream), pictures(), []
    for name, picture in inputs.items():
        save(args.out / f"{name}.png", picture)
    for network in released_networks():
        cases = [case for case in CASES if case.network == network.name]
        model = build(upstream, network, args.weights) if cases else None
        for case in cases:
            golden, error = golden_of(model, network, case, inputs[case.picture])
            save(args.out / f"{case.stem}.png", golden)
            lines.append(f"{case.network} {case.picture}.png {case.strength:g} {int(case.tta)} {case.stem}.png")
            print(f"{case.stem}: float32 is up to {error} levels off", flush=True)
    (args.out / "manifest.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
