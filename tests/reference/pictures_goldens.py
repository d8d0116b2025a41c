"""Writes the pictures of tests/goldens/pictures and, beside each, what Pillow reads in it."""

import argparse
import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

import pictures_icc as icc
from drawing import integers
from pictures_png import SAMPLES, iccp, itxt, png

XMP = ('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
       '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{}"/></rdf:RDF></x:xmpmeta>')


def exif(orientation, order):
    """A TIFF structure of three entries."""
    big = order == "MM"
    pack = lambda form, *values: struct.pack((">" if big else "<") + form, *values)
    text = b"a picture\0"
    entries = pack("HHII", 0x010E, 2, len(text), 50)
    entries += pack("HHIHH", 0x0112, 3, 1, orientation, 0) + pack("HHIHH", 0x0128, 3, 1, 2, 0)
    return order.encode() + pack("HIH", 42, 8, 3) + entries + pack("I", 0) + text


def scene(w, h, channels=3):
    """A ramp, a disc, hard edges and a noisy corner; alpha, where there is one, from 0 to 255. uint8 [h, w, n]."""
    y, x = np.mgrid[0:h, 0:w].astype(float)
    u, v = x / max(w - 1, 1), y / max(h - 1, 1)
    planes = np.stack([255 * u, 255 * v, 255 * (1 - u) * (1 - v / 2), 255 * np.abs(1 - u - v)], -1)
    disc = (u - 0.4) ** 2 + (v - 0.5) ** 2 < 0.06
    planes[disc] = (220, 40, 60, 255)
    planes[:, w // 3] = (10, 10, 10, 0)
    planes[2 * h // 3 :, 2 * w // 3 :] = integers(9, (h - 2 * h // 3, w - 2 * w // 3, 4), 0, 256)
    picture = planes.round().astype(np.uint8)
    if channels <= 2:
        picture = np.stack([picture[..., :3].mean(-1).round().astype(np.uint8), picture[..., 3]], -1)
    return picture[..., :channels]


def hex_of(data):
    return bytes(data).hex()


class Goldens:
    def __init__(self, out):
        self.out = out
        out.mkdir(parents=True, exist_ok=True)

    def add(self, name, data, pixels, tolerance=0, notice="", **blocks):
        """A file and what it holds: pixels [h, w, n] of 8 or 16 bits, and blocks of metadata."""
        (self.out / name).write_bytes(data)
        h, w, n = pixels.shape
        depth = pixels.dtype.itemsize * 8
        lines = [f"size {w} {h} {n} {depth}", f"tolerance {tolerance}"]
        lines += [f"notice {notice}"] if notice else []
        lines += [f"{key} {hex_of(value)}" for key, value in blocks.items() if value]
        lines += [hex_of(row.astype(f">u{depth // 8}").tobytes()) for row in pixels]
        (self.out / f"{name}.txt").write_text("\n".join(lines) + "\n")


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def array(image):
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


# PNG

def scaled(samples, depth):
    """Samples of 1 to 8 bits to 8; 16 stay."""
    return samples.astype(np.uint16) if depth == 16 else (samples * (255 // ((1 << depth) - 1))).astype(np.uint8)


def png_samples(depth, colour_type, w=23, h=17):
    """[h, w, n] with values of all sizes."""
    n = SAMPLES[colour_type]
    levels = scene(w, h, 4)[..., [0, 3] if n == 2 else list(range(n))].astype(np.uint32)
    if depth == 16:
        return levels * 257 + integers(depth + colour_type, levels.shape, 0, 256) - 128 * (levels > 127)
    return levels >> (8 - depth)


def check_pillow(name, data, pixels):
    """Pillow must read what was put in; it has no 16 bits but in gray, and there no alpha."""
    image = opened(data)
    if pixels.dtype == np.uint16 and image.mode != "I;16":
        pixels = (pixels >> 8).astype(np.uint8)
    if image.mode == "P" or "transparency" in image.info or (image.mode == "RGBA" and pixels.shape[2] == 2):
        image = image.convert("LA" if pixels.shape[2] == 2 else "RGBA" if pixels.shape[2] == 4 else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    found = array(image)
    assert found.shape == pixels.shape and (found == pixels).all(), f"{name}: Pillow reads {image.mode} otherwise"


def plain_pngs(goldens):
    for colour_type, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for depth in depths:
            samples = png_samples(depth, colour_type)
            colours = integers(depth, (1 << depth, 3), 0, 256) if colour_type == 3 else None
            palette = colours.tobytes() if colour_type == 3 else b""
            pixels = colours[samples[..., 0]] if colour_type == 3 else scaled(samples, depth)
            for interlaced in (False, True):
                name = f"type{colour_type}-{depth}bit{'-adam7' if interlaced else ''}.png"
                data = png(samples, depth, colour_type, interlaced, palette)
                check_pillow(name, data, pixels)
                goldens.add(name, data, pixels)
            if colour_type in (4, 6):
                continue
            if colour_type == 3:
                alphas = integers(50 + depth, (1 << depth,), 0, 256)
                alphas[-1] = 255
                key, alpha = alphas[:-1].tobytes(), alphas[samples]
            else:
                colour = samples[8, 8]
                key = colour.astype(">u2").tobytes()
                opaque = 65535 if depth == 16 else 255
                alpha = np.where((samples == colour).all(-1, keepdims=True), 0, opaque)
            name = f"type{colour_type}-{depth}bit-trns.png"
            data = png(samples, depth, colour_type, depth == 2, palette, key)
            pixels = np.concatenate([pixels, alpha.astype(pixels.dtype)], -1)
            # Pillow compares a gray key below 8 bits with the widened samples, and 16 bits after narrowing them.
            if not (colour_type == 0 and depth != 8) and depth != 16:
                check_pillow(name, data, pixels)
            goldens.add(name, data, pixels)


def ramp_png(goldens):
    """2048 levels between two neighbours of 8 bits a hundred apart."""
    samples = (np.arange(2048, dtype=np.uint32).reshape(16, 128, 1) * 12) + 20000
    data = png(samples, 16, 0)
    check_pillow("ramp", data, samples.astype(np.uint16))
    goldens.add("ramp-16bit.png", data, samples.astype(np.uint16))


def metadata_pngs(goldens):
    picture, gray = scene(13, 9), scene(13, 9, 1)
    xmp, block = XMP.format(1).encode(), exif(1, "MM")
    data = png(picture, 8, 2, before=[iccp(icc.rgb())], after=[(b"eXIf", block), itxt(xmp)])
    goldens.add("all-metadata.png", data, array(opened(data)), icc=icc.rgb(), exif=block, xmp=xmp)
    data = png(gray, 8, 0, before=[iccp(icc.gray()), itxt(xmp, packed=True)])
    goldens.add("gray-profile.png", data, array(opened(data)), icc=icc.gray(), xmp=xmp)
    data = png(gray, 8, 0, before=[iccp(icc.rgb())])
    goldens.add("gray-rgb-profile.png", data, gray_in_srgb(gray, icc.rgb()), 1, "its grays became those of sRGB")
    data = png(picture, 8, 2, before=[iccp(icc.gray())])
    goldens.add("rgb-gray-profile.png", data, picture, 0, "not for such pixels")
    data = png(picture, 8, 2, before=[iccp(b"no profile at all" * 20)])
    goldens.add("broken-profile.png", data, picture, 0, "broken")
    data = png(picture, 8, 2, before=[(b"iCCP", b"a name\0\0" + b"not packed")])
    goldens.add("unpackable-profile.png", data, picture, 0, "broken")
    stream = io.BytesIO()
    frames = [Image.fromarray(picture), Image.fromarray(255 - picture)]
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    goldens.add("animated.png", stream.getvalue(), picture, 0, "only its first picture")


# Colours

def gray_in_srgb(gray, profile):
    """Gray [h, w, 1] taken as equal samples of an RGB profile, to sRGB, and the mean of that."""
    image = Image.fromarray(np.repeat(gray, 3, -1))
    converted = np.asarray(to_srgb(image, profile)).astype(int)
    return ((converted.sum(-1, keepdims=True) + 1) // 3).astype(np.uint8)


def to_srgb(image, profile):
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB",
                                     renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                                     flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)


# JPEG

def jpeg(image, **options):
    stream = io.BytesIO()
    image.save(stream, "JPEG", **{"quality": 90, **options})
    return stream.getvalue()


def as_ycck(data):
    """The planes of a CMYK file called Y, Cb, Cr and K: the Adobe marker's last byte says so."""
    place = data.index(b"Adobe") + 11
    return data[:place] + b"\2" + data[place + 1 :]


def jpegs(goldens):
    rgb, gray = Image.fromarray(scene(37, 29)), Image.fromarray(scene(37, 29, 1)[..., 0])
    cases = {"gray": jpeg(gray), "gray-progressive": jpeg(gray, progressive=True),
             "keep-rgb": jpeg(rgb, keep_rgb=True), "restarts": jpeg(rgb, restart_marker_blocks=2),
             "optimized": jpeg(rgb, optimize=True, quality=40)}
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        for progressive in (False, True):
            name = subsampling.replace(":", "") + ("-progressive" if progressive else "")
            cases[name] = jpeg(rgb, subsampling=subsampling, progressive=progressive)
    for name, data in cases.items():
        goldens.add(f"{name}.jpg", data, array(opened(data)))
    tiny = jpeg(Image.fromarray(scene(1, 1)))
    goldens.add("one-pixel.jpg", tiny, array(opened(tiny)))


def cmyk_jpegs(goldens):
    inks = scene(29, 21, 4)
    image = Image.fromarray(inks, "CMYK")
    plain = "RGB without a colour profile"
    for name, data in {"cmyk": jpeg(image), "ycck": as_ycck(jpeg(image)),
                       "cmyk-progressive": jpeg(image, progressive=True)}.items():
        goldens.add(f"{name}.jpg", data, array(opened(data).convert("RGB")), 0, plain)
    for name, change in {"cmyk": lambda data: data, "ycck": as_ycck}.items():
        data = change(jpeg(image, icc_profile=icc.cmyk()))
        goldens.add(f"{name}-profile.jpg", data, array(to_srgb(opened(data), icc.cmyk())), 1,
                    "sRGB through its colour profile")
    data = jpeg(image, icc_profile=icc.rgb())
    goldens.add("cmyk-rgb-profile.jpg", data, array(opened(data).convert("RGB")), 0, plain)


def metadata_jpegs(goldens):
    picture, gray = Image.fromarray(scene(21, 14)), Image.fromarray(scene(21, 14, 1)[..., 0])
    xmp, block = XMP.format(1).encode(), exif(1, "II")
    large = icc.rgb(66000)  # more than one marker holds
    data = jpeg(picture, icc_profile=large, exif=b"Exif\0\0" + block, xmp=xmp)
    goldens.add("all-metadata.jpg", data, array(opened(data)), icc=large, exif=block, xmp=xmp)
    data = jpeg(gray, icc_profile=icc.gray())
    goldens.add("gray-profile.jpg", data, array(opened(data)), icc=icc.gray())
    data = jpeg(gray, icc_profile=icc.rgb())
    goldens.add("gray-rgb-profile.jpg", data, gray_in_srgb(array(opened(data)), icc.rgb()), 1,
                "its grays became those of sRGB")
    data = jpeg(picture, icc_profile=large)
    second = data.index(b"ICC_PROFILE\0\2\2")
    lost = data[: second + 12] + b"\1" + data[second + 13 :]
    goldens.add("lost-profile.jpg", lost, array(opened(data)), 0, "lost a piece")


# WebP

def webp(image, **options):
    stream = io.BytesIO()
    image.save(stream, "WEBP", **options)
    return stream.getvalue()


def webps(goldens):
    rgb, rgba = Image.fromarray(scene(31, 22)), Image.fromarray(scene(31, 22, 4))
    xmp, block = XMP.format(1).encode(), exif(1, "MM")
    cases = {"lossless": webp(rgb, lossless=True), "lossless-alpha": webp(rgba, lossless=True, exact=True),
             "lossy": webp(rgb, quality=80), "lossy-alpha": webp(rgba, quality=60),
             "lossy-alpha-lossy": webp(rgba, quality=60, alpha_quality=30)}
    for name, data in cases.items():
        goldens.add(f"{name}.webp", data, array(opened(data)))
    data = webp(rgba, lossless=True, exact=True, icc_profile=icc.rgb(), exif=b"Exif\0\0" + block, xmp=xmp)
    goldens.add("all-metadata.webp", data, array(opened(data)), icc=icc.rgb(), exif=block, xmp=xmp)
    animated = webp(rgb, save_all=True, append_images=[Image.fromarray(255 - scene(31, 22))], lossless=True)
    (goldens.out / "animated.webp").write_bytes(animated)


# All eight orientations

def turned(goldens):
    for orientation in range(1, 9):
        order = "MM" if orientation % 2 else "II"
        block, upright = exif(orientation, order), exif(1, order)
        xmp = XMP.format(orientation).encode()
        kept = {"exif": upright, "xmp": XMP.format(1).encode()}
        pixels = png_samples(8, 6, 11, 6) if orientation % 2 else png_samples(16, 0, 11, 6)
        colour_type, depth = (6, 8) if orientation % 2 else (0, 16)
        data = png(pixels, depth, colour_type, before=[(b"eXIf", block), itxt(xmp)])
        pixels = array(ImageOps.exif_transpose(opened(data)))
        goldens.add(f"orientation-{orientation}.png", data, pixels, **kept)
        image = Image.fromarray(scene(19, 11))
        data = jpeg(image, exif=b"Exif\0\0" + block, xmp=xmp)
        goldens.add(f"orientation-{orientation}.jpg", data, array(ImageOps.exif_transpose(opened(data))), **kept)
        data = webp(image, lossless=True, exif=b"Exif\0\0" + block, xmp=xmp)
        goldens.add(f"orientation-{orientation}.webp", data, array(ImageOps.exif_transpose(opened(data))), **kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path)
    goldens = Goldens(parser.parse_args().out)
    for group in (plain_pngs, ramp_png, metadata_pngs, jpegs, cmyk_jpegs, metadata_jpegs, webps, turned):
        group(goldens)


if __name__ == "__main__":
    main()
