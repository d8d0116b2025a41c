"""Checkpoints of picture networks at released size, with made-up weights, and what the originals make of one picture.

    full_size_cnn.py torch|keras [--deepdanbooru DD] --out FOLDER --goldens tests/goldens/cnn

The checkpoints are for FOLDER, outside the repository; the test FullSize finds them by INKSTONE_TEST_CHECKPOINTS. The
goldens are small. Run `torch` where torch is installed, `keras` where tensorflow is.
"""

import argparse
import sys
from pathlib import Path


def torch_checkpoints(out, goldens):
    import torch
    from torchvision.models import resnet50

    import cnn_golden
    from torch_cnn_goldens import fill, resnet_forward, run

    model = fill(resnet50())
    torch.save(model.state_dict(), out / "resnet50.pth")
    cnn_golden.write(goldens / "full_resnet50.txt", f"torch {torch.__version__}", "full_resnet50", 1, 224, 224, -2, 2,
                     run(model, "full_resnet50", 1, 224, resnet_forward))


def keras_checkpoints(out, goldens, checkout, only):
    import keras_cnn_goldens as small

    keras = small.keras
    goldens = goldens.parent

    def deepdanbooru():
        model = small.deepdanbooru_model(dd, [256, 512, 1024, 1024, 2048, 4096], [2, 7, 19, 19, 2, 2], 512, 9176)
        return model, {"illust2vec": small.vector_of(model), "tags": model.output,
                       "illust_style2vec": small.style_of(model)}

    def pix2score():
        trunk = keras.applications.ResNet101V2(include_top=False, weights=None, pooling="avg")
        inputs = keras.Input((224, 224, 3), name="input")
        features = trunk(inputs)
        heads = {name: keras.layers.Dense(size, activation="softmax", name=name)(features)
                 for name, size in (("bookmark_predict", 15), ("view_predict", 15), ("sanity_predict", 5))}
        return keras.Model(inputs, list(heads.values()), name="pix2score"), heads | {"features": features}

    def efficientnet():
        model = keras.applications.EfficientNetB7(weights=None, classifier_activation=None)
        return model, {"features": model.get_layer("avg_pool").output, "logits": model.output}

    if "deepdanbooru" in only:
        dd = small.load_deepdanbooru(checkout)
        model = small.golden(goldens, "full_deepdanbooru", deepdanbooru, 1, 512, 512)
        model.save(out / "model-resnet_custom_v3.h5", include_optimizer=False)
    if "pix2score" in only:
        model = small.golden(goldens, "full_pix2score", pix2score, 1, 224, 224)
        model.save_weights(out / "pix2score_weights.h5")
        model.save(out / "pix2score", save_format="tf", include_optimizer=False)
    if "efficientnet" in only:
        small.made_up_weights.gain = 2.4
        model = small.golden(goldens, "full_efficientnet", efficientnet, 1, 600, 600, 0, 255)
        model.save(out / "efficientnetb7.h5", include_optimizer=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("framework", choices=["torch", "keras"])
    parser.add_argument("--deepdanbooru", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--goldens", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=["deepdanbooru", "pix2score", "efficientnet"])
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.framework == "torch":
        torch_checkpoints(arguments.out, arguments.goldens)
    else:
        keras_checkpoints(arguments.out, arguments.goldens, arguments.deepdanbooru, arguments.only)


if __name__ == "__main__":
    sys.exit(main())
