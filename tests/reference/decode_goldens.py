"""What a framework's decoder gives for every picture under tests/goldens/pictures and .../preprocess.

Writes DECODER.txt: `FOLDER/FILE MODE WIDTH HEIGHT SHA-256` of the row-major samples, 16 bits little-endian; of
palettes the colours follow the indices, 256 x RGBA. Files that the decoder refuses are left out.
"""

import argparse
import hashlib
import io
import warnings
from pathlib import Path

import numpy as np

MODES = {"1": "bit", "L": "gray", "LA": "gray_alpha", "RGB": "rgb", "RGBA": "rgba", "P": "palette", "CMYK": "cmyk",
         "I;16": "gray16"}


def pillow(content):
    from PIL import Image

    warnings.simplefilter("ignore")
    image = Image.open(io.BytesIO(content))
    image.load()
    samples = np.array(image.convert("L") if image.mode == "1" else image)
    data = samples.tobytes()
    if image.mode == "P":
        indices = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(1, 256), "P")
        indices.putpalette(image.getpalette("RGB"))
        colours = np.zeros((256, 4), np.uint8)
        count = len(image.getpalette("RGB")) // 3
        colours[:count, :3] = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
        colours[:, 3] = 255
        alphas = image.info.get("transparency")
        if isinstance(alphas, bytes):
            colours[: len(alphas), 3] = np.frombuffer(alphas, np.uint8)
        elif alphas is not None:
            colours[alphas, 3] = 0
        data += colours.tobytes()
    return MODES[image.mode], image.width, image.height, data


def tensorflow(content):
    import tensorflow as tf

    samples = tf.io.decode_image(content, channels=3, expand_animations=False).numpy()
    return "rgb", samples.shape[1], samples.shape[0], samples.tobytes()


def torchvision(content):
    import torch
    from torchvision.io import ImageReadMode, decode_image

    samples = decode_image(torch.frombuffer(bytearray(content), dtype=torch.uint8), mode=ImageReadMode.RGB)
    samples = samples.permute(1, 2, 0).contiguous().numpy()
    mode = "rgb16" if samples.dtype == np.uint16 else "rgb"
    return mode, samples.shape[1], samples.shape[0], samples.tobytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("decoder", choices=["pillow", "tensorflow", "torchvision"])
    parser.add_argument("--goldens", required=True, type=Path)
    options = parser.parse_args()
    lines = []
    for folder in ("pictures", "preprocess"):
        for path in sorted((options.goldens / folder).iterdir()):
            if path.suffix not in (".png", ".jpg", ".webp"):
                continue
            try:
                mode, w, h, data = globals()[options.decoder](path.read_bytes())
            except Exception as refused:  # each framework has its own
                print(f"{path.name}: {str(refused)[:100]}")
                continue
            lines.append(f"{folder}/{path.name} {mode} {w} {h} {hashlib.sha256(data).hexdigest()}")
    (options.goldens / "preprocess" / f"{options.decoder}.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
