"""cases-tensorflow.txt, cases-keras.txt and cases-deepdanbooru.txt: TensorFlow, Keras on Pillow 12, skimage."""

import argparse
import io
from pathlib import Path

import keras
import numpy as np
import PIL
import skimage.transform
import tensorflow as tf

from preprocess_cases import CHANNELS, Cases, golden_files, image, samples

SIZES = [(1, 1), (1, 9), (9, 1), (7, 5), (31, 17), (64, 64), (150, 75), (75, 150), (301, 203), (13, 301)]
METHODS = ("nearest", "bilinear", "bicubic", "area", "lanczos3")


def tensorflow(cases):
    seed = 7000
    for w, h in SIZES:
        for method in METHODS:
            for antialias in (False, True):
                if antialias and method in ("nearest", "area"):
                    continue
                seed += 1
                size = (33, 64) if seed % 2 else (96, 56)
                result = tf.image.resize(samples("rgb", w, h, seed), size[::-1], method, antialias=antialias)
                how = {"resizer": "tensorflow", "filter": method.replace("3", ""), "antialias": antialias, "size": size}
                cases.add(("rgb", w, h, seed), how, result.numpy(), method in ("nearest",))
        for side in (56, 224):
            seed += 1
            result = tf.image.resize(samples("rgb", w, h, seed), (side, side)) / 255.0
            cases.add(("rgb", w, h, seed), f"preset:acg2vec:{side}", result.numpy())
        seed += 1
        rgb, shorter = samples("rgb", w, h, seed), min(w, h)
        x, y = int((w - shorter) / 2), int((h - shorter) / 2)
        rgb = rgb[y : y + shorter, x : x + shorter]
        result = tf.image.resize(rgb, (48, 48), "bicubic", antialias=True).numpy() / np.float32(255)
        mean = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
        std = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
        cases.add(("rgb", w, h, seed), "preset:serving-clip:48", (result - mean) / std, exact=False)


def keras_cases(cases):
    """load_img and the preprocess_input of each family; files are PNG, which every decoder reads alike."""
    families = {"keras-caffe": keras.applications.resnet.preprocess_input,
                "keras-tf": keras.applications.resnet_v2.preprocess_input,
                "keras-efficientnet": keras.applications.efficientnet.preprocess_input}
    seed = 8000
    for mode in CHANNELS:
        if mode == "cmyk":
            continue  # PNG has none
        for w, h in [(31, 17), (90, 130), (7, 5)]:
            for name, prepare in families.items():
                seed += 1
                stream = io.BytesIO()
                image(mode, w, h, seed).save(stream, "PNG")
                stream.seek(0)
                pixels = keras.utils.img_to_array(keras.utils.load_img(stream, target_size=(40, 40)))
                result = prepare(pixels[None])[0]
                cases.add((mode, w, h, seed), f"preset:{name}:40", np.asarray(result))


def fitted(picture, side):
    """What DeepDanbooru's load_image_for_evaluate does: area, aspect kept, centred, edges continued, / 255."""
    small = tf.image.resize(picture, (side, side), tf.image.ResizeMethod.AREA, preserve_aspect_ratio=True).numpy()
    h, w = small.shape[:2]
    move = skimage.transform.AffineTransform(translation=(-w * 0.5, -h * 0.5))
    move += skimage.transform.AffineTransform(translation=(side * 0.5, side * 0.5))
    return skimage.transform.warp(small, move.inverse, output_shape=(side, side), order=1, mode="edge") / 255.0


def deepdanbooru(cases):
    seed = 9000
    for side in (32, 45, 64):
        for w, h in [(1, 1), (7, 5), (31, 17), (64, 63), (150, 75), (75, 150), (301, 203), (203, 301), (40, 1)]:
            seed += 1
            picture = samples("rgb", w, h, seed)
            cases.add(("rgb", w, h, seed), f"preset:deepdanbooru:{side}", fitted(picture, side), exact=False)


def files(cases, goldens):
    """From the file on, as ACG2vec does it."""
    for path, name in golden_files(goldens):
        try:
            rgb = tf.io.decode_image(path.read_bytes(), channels=3, expand_animations=False)
        except tf.errors.InvalidArgumentError:
            continue  # a WebP with alpha
        result = tf.image.resize(rgb, (56, 56)) / 255.0
        cases.add((name, rgb.shape[1], rgb.shape[0], 0), "preset:acg2vec:56", result.numpy())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path)
    out = parser.parse_args().out
    assert int(PIL.__version__.split(".")[0]) <= 12
    for name, make in (("tensorflow", tensorflow), ("keras", keras_cases), ("deepdanbooru", deepdanbooru),
                       ("files-tensorflow", lambda c: files(c, out.parent))):
        cases = Cases()
        make(cases)
        cases.save(out / f"cases-{name}.txt")


if __name__ == "__main__":
    main()
