"""What ACG2vec's programs get for picture files from DeepDanbooru and pix2score, at reduced size.

    command_goldens_keras.py --out tests/goldens/commands

Needs tensorflow-cpu and tf_keras. Reads tests/goldens/cnn/*.h5 and the pictures of tests/goldens/pictures; writes
"picture output v v v ..." a line, computed in float64 behind TensorFlow's float32 preprocessing.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras

PICTURES = ["420.jpg", "gray.jpg", "all-metadata.png"]


def in_float64(model):
    config = json.loads(json.dumps(model.get_config()).replace('"float32"', '"float64"'))
    double = type(model).from_config(config)
    double.set_weights([weight.astype(np.float64) for weight in model.get_weights()])
    return double


def picture(path, side):
    pixels = tf.io.decode_image(tf.io.read_file(str(path)), channels=3, expand_animations=False)
    return (tf.image.resize(pixels, (side, side)) / 255).numpy()[None].astype(np.float64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    goldens = Path(__file__).resolve().parents[1] / "goldens"
    outputs = {"deepdanbooru": ["tags"], "pix2score": ["bookmark_predict", "view_predict", "sanity_predict"]}
    for name, names in outputs.items():
        model = in_float64(tf_keras.models.load_model(goldens / "cnn" / f"{name}.h5", compile=False))
        side = model.input_shape[1]
        lines = []
        for file in PICTURES:
            results = model(picture(goldens / "pictures" / file, side), training=False)
            results = results if isinstance(results, (list, tuple)) else [results]
            for output, values in zip(names, results, strict=True):
                lines.append(f"{file} {output} " + " ".join(f"{value:.9g}" for value in np.ravel(values)))
        (out / f"{name}.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
