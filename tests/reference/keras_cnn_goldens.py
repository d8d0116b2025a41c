"""Goldens of Keras' picture networks: the original building code at reduced width, in float64, and small checkpoints
in every form that these networks are released in.

    keras_cnn_goldens.py --deepdanbooru DD --acg2vec ACG --out tests/goldens

DD is a checkout of KichangKim/DeepDanbooru, ACG one of OysterQAQ/ACG2vec-model.
"""

import argparse
import importlib.util
import os
import re
import shutil
import sys
import types
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf_keras as keras  # noqa: E402
from tf_keras.src.applications import efficientnet, resnet, resnet_v2, vgg16, vgg19  # noqa: E402

import cnn_golden  # noqa: E402
import made_up_weights  # noqa: E402

SOURCE = f"tf_keras {keras.__version__}, tensorflow {tf.__version__}"


def module_from(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_deepdanbooru(checkout):
    """The two files that build networks; the package itself wants a dozen others."""
    package = types.ModuleType("deepdanbooru")
    package.model = types.ModuleType("deepdanbooru.model")
    sys.modules["deepdanbooru"] = package
    package.model.layers = module_from(checkout / "deepdanbooru/model/layers/__init__.py", "deepdanbooru.model.layers")
    package.model.resnet = module_from(checkout / "deepdanbooru/model/resnet.py", "deepdanbooru.model.resnet")
    return package.model


class Narrow:
    """In place of the module `layers` of keras.applications: fewer filters, the building code as it is."""

    def __init__(self, real, divisor, keep=()):
        self.real, self.divisor, self.keep = real, divisor, keep

    def __getattr__(self, name):
        made = getattr(self.real, name)
        if name not in ("Conv2D", "Dense"):
            return made

        def build(size, *arguments, **options):
            if options.get("name") not in self.keep:
                size = max(1, size // self.divisor)
            return made(size, *arguments, **options)

        return build


def fill(model):
    for weight in model.weights:
        name = weight.name.removesuffix(":0")
        if not name.endswith("/count"):
            weight.assign(made_up_weights.weights(name, tuple(weight.shape)).astype(weight.dtype.name))
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):  # a normalisation works with copies of its weights
            layer.finalize_state()
    return model


def twice(build, picture, n, h, w, low, high, exact_kind):
    """build() -> (model, {name: tensor}) in exact_kind and in float32; the outputs of both, and the second model."""
    pictures = made_up_weights.pictures(picture, n, h, w, low, high)
    results = []
    for kind in (exact_kind, "float32"):
        keras.backend.clear_session()
        keras.backend.set_floatx(kind)
        model, outputs = build()
        fill(model)
        results.append(keras.Model(model.inputs, list(outputs.values())).predict(pictures.astype(kind), verbose=0))
        results[-1] = results[-1] if isinstance(results[-1], list) else [results[-1]]
    keras.backend.set_floatx("float32")
    return {name: (exact, single) for name, exact, single in zip(outputs, *results)}, model


def golden(out, name, build, n, h, w, low=0.0, high=1.0, exact_kind="float64"):
    outputs, model = twice(build, name, n, h, w, low, high, exact_kind)
    cnn_golden.write(out / "cnn" / f"{name}.txt", SOURCE, name, n, h, w, low, high, outputs)
    return model


def gram_matrix(x):
    size = tf.shape(x)
    return tf.linalg.einsum("bijc,bijd->bcd", x, x) / tf.cast(size[1] * size[2], x.dtype)


def style_of(model):
    rows = [keras.layers.GlobalMaxPooling1D()(keras.layers.Lambda(gram_matrix)(model.get_layer(name).output))
            for name in ("add", "add_1", "add_2")]
    return keras.layers.GlobalMaxPooling1D()(tf.stack(rows, 1))


def vector_of(model, layer="add_43"):
    return keras.layers.GlobalAveragePooling2D()(model.get_layer(layer).output)


def deepdanbooru_model(dd, filters, repeats, side, classes, dense=False):
    inputs = keras.Input((side, side, 3))
    x = dd.resnet.resnet_original_bottleneck_model(inputs, filter_sizes=filters, repeat_sizes=repeats,
                                                   final_pool=dense)
    x = keras.layers.Dense(classes)(keras.layers.Flatten()(x)) if dense else dd.layers.conv_gap(x, classes)
    return keras.Model(inputs, keras.layers.Activation("sigmoid", dtype=keras.backend.floatx())(x))


class Base64DecoderLayer(keras.layers.Layer):
    def __init__(self, target_size):
        self.target_size = target_size
        super().__init__()

    def to_picture(self, text):
        picture = tf.io.decode_image(tf.io.decode_base64(tf.reshape(text, ())), channels=3)
        picture.set_shape((None, None, 3))
        return tf.cast(tf.image.resize(picture, self.target_size), tf.float32) / 255

    def call(self, texts):
        return tf.map_fn(self.to_picture, texts, dtype=tf.float32)


def wrapped(model, side):
    inputs = keras.Input((), dtype=tf.string, name="b64_input_bytes")
    return keras.Model(inputs, model(Base64DecoderLayer([side, side])(inputs)))


def save_tensorflow(model, folder):
    """A SavedModel without what no test reads: its functions are most of its bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    model.save(folder, save_format="tf", include_optimizer=False)
    for name in ("fingerprint.pb", "keras_metadata.pb"):
        (folder / name).unlink(missing_ok=True)
    (folder / "assets").rmdir()
    slim_functions(folder / "saved_model.pb")


def slim_functions(path):
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    for graph in saved.meta_graphs:
        del graph.graph_def.library.function[:], graph.graph_def.node[:]
        graph.object_graph_def.Clear()
        graph.meta_info_def.stripped_op_list.Clear()
    path.write_bytes(saved.SerializeToString())


def deepdanbooru_builder(dd, filters, repeats, side, classes, dense=False, vector=True):
    def made():
        model = deepdanbooru_model(dd, filters, repeats, side, classes, dense)
        outputs = {"illust2vec": vector_of(model)} if vector else {}
        return model, outputs | {"tags": model.output, "illust_style2vec": style_of(model)}

    return made


def deepdanbooru_goldens(dd, out):
    cases = {
        "deepdanbooru_v3": (127, deepdanbooru_builder(dd, [16, 16, 32, 32, 32, 64], [2, 7, 19, 19, 2, 2], 127, 21)),
        "deepdanbooru_v4": (96, deepdanbooru_builder(dd, [16, 32, 32, 32, 32, 64], [2, 7, 10, 10, 10, 2], 96, 9)),
        "deepdanbooru_152": (299, deepdanbooru_builder(dd, [16, 16, 32, 64], [2, 7, 35, 2], 299, 6, True)),
    }
    for name, (side, build) in cases.items():
        golden(out, name, build, 2, side, side)


def set_in_order(model):
    """Weights by the number of a layer among its kind, whatever Keras called it."""
    for base in ("conv2d", "batch_normalization"):
        layers = [layer for layer in model.layers if re.fullmatch(base + r"(_\d+)?", layer.name)]
        layers.sort(key=lambda layer: int(layer.name.removeprefix(base).removeprefix("_") or 0))
        for number, layer in enumerate(layers):
            for weight in layer.weights:
                variable = weight.name.removesuffix(":0").rsplit("/", 1)[1]
                name = f"{base}_{number}/{variable}" if number else f"{base}/{variable}"
                weight.assign(made_up_weights.weights(name, tuple(weight.shape)))


def deepdanbooru_files(dd, out):
    build = deepdanbooru_builder(dd, [8, 16], [2, 0], 65, 11, vector=False)
    model = golden(out, "deepdanbooru_small", build, 2, 65, 65)
    model.save(out / "cnn" / "deepdanbooru.h5", include_optimizer=False)
    model.save(out / "cnn" / "deepdanbooru.keras")

    # What illust2vec is released as: cut behind a sum, with pictures as texts. Numbers of layers that do not begin
    # at 0 are what a process gives that made other layers before.
    keras.backend.clear_session()
    deepdanbooru_model(dd, [8], [1], 64, 3)
    model = deepdanbooru_model(dd, [8, 16], [2, 1], 65, 11)
    set_in_order(model)
    adds = [layer for layer in model.layers if layer.name.startswith("add")]
    vector = keras.Model(model.inputs, keras.layers.GlobalAveragePooling2D()(adds[-2].output))
    exact = vector.predict(made_up_weights.pictures("illust2vec", 2, 65, 65), verbose=0)
    cnn_golden.write(out / "cnn" / "illust2vec.txt", SOURCE, "illust2vec", 2, 65, 65, 0, 1,
                     {"illust2vec": (exact, exact)})
    save_tensorflow(wrapped(vector, 65), out / "tensorflow" / "illust2vec")


def resnet_goldens(out):
    def build(module, blocks, preact, stack):
        def made():
            narrow = Narrow(keras.layers, 8, ("predictions",))

            def stack_fn(x):
                for i, count in enumerate(blocks):
                    options = {"stride1": 1} if i == (len(blocks) - 1 if preact else 0) else {}
                    x = stack(x, 32 << i, count, name=f"conv{i + 2}", **options)
                return x

            model = resnet.ResNet(stack_fn, preact, True, "resnet", include_top=True, weights=None,
                                  input_shape=(75, 75, 3), classes=9, classifier_activation=None,
                                  layers=narrow)
            return model, {"features": model.get_layer("avg_pool").output, "logits": model.output}

        return made

    golden(out, "keras_resnet", build(resnet, [2, 2, 3, 2], False, resnet.stack1), 2, 75, 75, -120, 120)
    golden(out, "keras_resnet_v2", build(resnet, [3, 4, 6, 3], True, resnet.stack2), 2, 75, 75, -1, 1)


def pix2score_builder(blocks):
    def made():
        narrow = Narrow(keras.layers, 32)

        def stack_fn(x):
            for i, count in enumerate(blocks):
                options = {"stride1": 1} if i == len(blocks) - 1 else {}
                x = resnet.stack2(x, 64 << i, count, name=f"conv{i + 2}", **options)
            return x

        trunk = resnet.ResNet(stack_fn, True, True, "resnet101v2", include_top=False, weights=None, pooling="avg",
                              layers=narrow)
        inputs = keras.Input((72, 72, 3), name="input")
        features = trunk(inputs)
        heads = {name: keras.layers.Dense(size, activation="softmax", name=name)(features)
                 for name, size in (("bookmark_predict", 15), ("view_predict", 15), ("sanity_predict", 5))}
        return keras.Model(inputs, list(heads.values()), name="pix2score"), heads | {"features": features}

    return made


def pix2score_goldens(out):
    golden(out, "pix2score_deep", pix2score_builder([3, 4, 23, 3]), 2, 72, 72)
    model = golden(out, "pix2score", pix2score_builder([2, 2, 2, 2]), 2, 72, 72)
    model.save(out / "cnn" / "pix2score.h5", include_optimizer=False)
    model.save_weights(out / "cnn" / "pix2score_weights.h5")
    shutil.rmtree(out / "tensorflow" / "pix2score_checkpoint", ignore_errors=True)
    model.save_weights(out / "tensorflow" / "pix2score_checkpoint" / "weights")
    (out / "tensorflow" / "pix2score_checkpoint" / "checkpoint").unlink()
    save_tensorflow(model, out / "tensorflow" / "pix2score")
    save_tensorflow(wrapped(model, 72), out / "tensorflow" / "pix2score_base64")


def vgg_goldens(out):
    def build(module, make):
        def made():
            module.layers = Narrow(keras.layers, 16, ("predictions",))
            model = make(include_top=True, weights=None, input_shape=(64, 96, 3), classes=8,
                         classifier_activation=None)
            features = keras.layers.GlobalAveragePooling2D()(model.get_layer("block5_pool").output)
            return model, {"features": features, "fc2": model.get_layer("fc2").output, "logits": model.output}

        return made

    golden(out, "keras_vgg16", build(vgg16, vgg16.VGG16), 2, 64, 96, -120, 120)
    golden(out, "keras_vgg19", build(vgg19, vgg19.VGG19), 2, 64, 96, -120, 120)


def efficientnet_goldens(out, scratch):
    made_up_weights.gain = 2.4  # pictures would hardly show behind so many sigmoids

    def build(width, depth, side, weights, classes=6):
        def made():
            def model_of(given):
                return efficientnet.EfficientNet(width, depth, 224, model_name="efficientnetb0", weights=given,
                                                 input_shape=(side, side, 3), classes=classes,
                                                 include_top=weights is None, pooling="avg",
                                                 classifier_activation=None)

            model = fill(model_of(None))
            if weights is not None:
                # The code for ImageNet's weights multiplies once more; it gets ours in place of a download.
                path = scratch / "weights.h5"
                model.save_weights(path)
                real = efficientnet.data_utils.get_file
                efficientnet.data_utils.get_file = lambda *arguments, **options: str(path)
                keras.backend.clear_session()
                model = model_of("imagenet")
                efficientnet.data_utils.get_file = real
            outputs = {"features": model.get_layer("avg_pool").output}
            if weights is None:
                outputs["logits"] = model.output
            return model, outputs

        return made

    imagenet = build(0.1, 0.2, 70, "imagenet")
    # The constants that the original multiplies by are float32 and take nothing else.
    model = golden(out, "keras_efficientnet_imagenet", imagenet, 2, 70, 70, 0, 255, "float32")
    model.save(out / "cnn" / "efficientnet.h5", include_optimizer=False)
    golden(out, "keras_efficientnet", build(0.25, 1.1, 70, None), 2, 70, 70, 0, 255)
    golden(out, "keras_efficientnet_b7", build(0.25, 3.1, 75, None), 1, 75, 75, 0, 255)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deepdanbooru", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--only", nargs="*",
                        default=["deepdanbooru", "files", "resnet", "pix2score", "vgg", "efficientnet"])
    arguments = parser.parse_args()
    if "deepdanbooru" in arguments.only:
        deepdanbooru_goldens(load_deepdanbooru(arguments.deepdanbooru), arguments.out)
    if "files" in arguments.only:
        deepdanbooru_files(load_deepdanbooru(arguments.deepdanbooru), arguments.out)
    if "resnet" in arguments.only:
        resnet_goldens(arguments.out)
    if "pix2score" in arguments.only:
        pix2score_goldens(arguments.out)
    if "vgg" in arguments.only:
        vgg_goldens(arguments.out)
    if "efficientnet" in arguments.only:
        efficientnet_goldens(arguments.out, arguments.scratch)


if __name__ == "__main__":
    main()
