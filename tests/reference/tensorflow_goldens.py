"""Writes small TensorFlow checkpoints and SavedModels with TensorFlow itself, and what is in them.

manifest.txt has a line a tensor: case, dtype, shape as 3x4 or "scalar", SHA-256 of its little-endian row-major
bytes, name. The names and values come from the living model, not from the files.
"""

import argparse
import hashlib
import os
import random
import shutil
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")

import numpy as np
import tensorflow as tf
import tf_keras

from tensorflow_table import rewrite

DTYPES = {tf.float64: "F64", tf.float32: "F32", tf.float16: "F16", tf.bfloat16: "BF16", tf.int64: "I64",
          tf.int32: "I32", tf.int16: "I16", tf.int8: "I8", tf.uint8: "U8", tf.bool: "BOOL"}


class Manifest:
    def __init__(self):
        self.lines = []

    def add(self, case, name, value):
        value = tf.convert_to_tensor(value)
        shape = "x".join(map(str, value.shape)) or "scalar"
        digest = hashlib.sha256(np.ascontiguousarray(value.numpy()).tobytes()).hexdigest()
        self.lines.append(f"{case} {DTYPES[value.dtype]} {shape} {digest} {name}")

    def add_weights(self, case, model):
        for weight in model.weights:
            self.add(case, weight.name.removesuffix(":0"), weight)


def seed():
    random.seed(0)
    np.random.seed(0)
    tf.keras.utils.set_random_seed(0)
    tf_keras.utils.set_random_seed(0)
    tf_keras.backend.clear_session()


def picture_model():
    seed()
    layers = tf_keras.layers
    return tf_keras.Sequential([
        layers.Conv2D(3, 2, name="conv1_conv", input_shape=(4, 4, 2)),
        layers.BatchNormalization(name="conv1_bn"),
        layers.Flatten(name="flat"),
        layers.Dense(2, name="head"),
    ], name="tiny")


def train(model, optimizer):
    model.compile(optimizer=optimizer, loss="mse", metrics=["mae"])
    x = np.random.rand(4, *model.input_shape[1:]).astype(np.float32)
    model.fit(x, np.random.rand(4, *model.output_shape[1:]), epochs=1, verbose=0)


def checkpoints(out, manifest):
    for case, optimizer in (("checkpoint", tf_keras.optimizers.Adam(0.01)),
                            ("checkpoint_legacy", tf_keras.optimizers.legacy.Adam(0.01))):
        model = picture_model()
        train(model, optimizer)
        tf.train.Checkpoint(model=model, optimizer=optimizer).save(str(out / case / "ckpt"))
        manifest.add_weights(case, model)
    model = picture_model()
    train(model, tf_keras.optimizers.legacy.SGD(0.01, momentum=0.9))
    model.save_weights(str(out / "weights" / "w"), save_format="tf")
    manifest.add_weights("weights", model)


def clashing_names(out, manifest):
    """Two models with layers of the same names in one checkpoint: only the keys tell them apart."""
    models = {}
    for part in ("left", "right"):
        tf_keras.backend.clear_session()
        models[part] = tf_keras.Sequential([tf_keras.layers.Dense(2, name="same", input_shape=(3,))])
    alone = tf.Variable([1.0, 2.0], name="alone")
    tf.train.Checkpoint(alone=alone, **models).write(str(out / "clash" / "two"))
    manifest.add("clash", "alone", alone)
    for part, model in models.items():
        for attribute in ("kernel", "bias"):
            manifest.add("clash", f"{part}/layer_with_weights-0/{attribute}",
                         getattr(model.layers[0], attribute))


class Module(tf.Module):
    def __init__(self):
        super().__init__(name="module")
        self.scale = tf.Variable([[1.5, -2.0], [0.25, 3.0]], name="scale")
        self.half = tf.Variable(np.float16([1, 2, 3]), name="half")
        self.steps = tf.Variable(7, dtype=tf.int64, name="steps", trainable=False)

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="points")])
    def __call__(self, points):
        return {"turned": tf.matmul(points, self.scale)}


def saved_models(out, manifest):
    seed()
    module = Module()
    tf.saved_model.save(module, str(out / "saved_module"), signatures=module.__call__)
    for variable in module.variables:
        manifest.add("saved_module", variable.name.removesuffix(":0"), variable)
    seed()
    model = tf_keras.Sequential([tf_keras.layers.Dense(2, name="head", input_shape=(3,))], name="small")
    train(model, "adam")
    model.save(str(out / "saved_keras"), save_format="tf")
    manifest.add_weights("saved_keras", model)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [None, 2], name="x")
        w = tf.compat.v1.get_variable("layer/w", initializer=tf.constant([[1.0], [2.0]]), use_resource=False)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.saved_model.simple_save(session, str(out / "saved_v1"), {"x": x},
                                             {"y": tf.matmul(x, w, name="y")})
        value = session.run(w)
    manifest.add("saved_v1", "layer/w", value)
    tf.saved_model.save(Empty(), str(out / "saved_empty"))


class Empty(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def double(self, x):
        return x + x


def saver_checkpoints(out, manifest):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.set_random_seed(1)
        w = tf.compat.v1.get_variable("dense/kernel", [3, 2])
        b = tf.compat.v1.get_variable("dense/bias", [2], initializer=tf.compat.v1.ones_initializer())
        rows = tf.compat.v1.get_variable("table", [7, 3],
                                         partitioner=tf.compat.v1.fixed_size_partitioner(3))
        step = tf.compat.v1.train.get_or_create_global_step()
        loss = tf.reduce_sum(w * w) + tf.reduce_sum(b) + tf.reduce_sum(tf.convert_to_tensor(rows))
        minimize = tf.compat.v1.train.AdamOptimizer(0.1).minimize(loss, global_step=step)
        session.run(tf.compat.v1.global_variables_initializer())
        session.run(minimize)
        tf.compat.v1.train.Saver().save(session, str(out / "named" / "model.ckpt"), write_meta_graph=False)
        values = session.run({"dense/kernel": w, "dense/bias": b, "table": tf.convert_to_tensor(rows)})
    for name, value in values.items():
        manifest.add("named", name, value)


def of_every_dtype():
    values = {}
    rng = np.random.default_rng(3)
    for dtype, name in DTYPES.items():
        values[f"of/{name}"] = tf.cast(rng.integers(0, 2 if dtype == tf.bool else 100, (2, 3)), dtype)
    values["scalar"] = tf.constant(2.5)
    values["empty"] = tf.zeros([0, 4])
    values["rank6"] = tf.reshape(tf.range(12, dtype=tf.float32), [1, 2, 1, 3, 2, 1])
    return values


def save(prefix, values):
    prefix.parent.mkdir(parents=True, exist_ok=True)
    tf.raw_ops.SaveV2(prefix=str(prefix), tensor_names=list(values), shape_and_slices=[""] * len(values),
                      tensors=list(values.values()))


def raw_checkpoints(out, manifest):
    values = of_every_dtype()
    others = {"other/complex": tf.constant([1 + 2j]), "other/u16": tf.constant([1, 2], tf.uint16),
              "other/words": tf.constant(["several", "", "words"])}
    save(out / "dtypes" / "all", values | others)
    for name, value in values.items():
        manifest.add("dtypes", name, value)
    shards = [{f"layer{i}/{part}": tf.random.stateless_normal([3, i + 1], [i, j])
               for j, part in enumerate("ab")} for i in range(3)]
    parts = [out / "shards" / f"part{i}" for i in range(3)]
    for part, shard in zip(parts, shards):
        save(part, shard)
        for name, value in shard.items():
            manifest.add("shards", name, value)
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=list(map(str, parts)),
                                  destination_prefix=str(out / "shards" / "merged"), delete_old_dirs=False)
    # Cut in two dimensions, and one that is whole in the second.
    grid = tf.reshape(tf.range(35, dtype=tf.float32), [5, 7])
    rows = tf.reshape(tf.range(300, dtype=tf.int32), [100, 3])
    pieces = {"5 7 0,2:0,3": grid[:2, :3], "5 7 0,2:3,4": grid[:2, 3:], "5 7 2,3:-": grid[2:]}
    bands = {"100 3 0,70:-": rows[:70], "100 3 70,30:-": rows[70:]}
    # Places that take one, two and three bytes in the names of the parts.
    line = tf.cast(tf.range(9000) % 7, tf.int8)
    cuts = {"9000 0,40": line[:40], "9000 40,8200": line[40:8240], "9000 8240,760": line[8240:]}
    names = ["grid"] * 3 + ["rows"] * 2 + ["line"] * 3
    prefix = out / "sliced" / "s"
    prefix.parent.mkdir(parents=True)
    tf.raw_ops.SaveV2(prefix=str(prefix), tensor_names=names, shape_and_slices=[*pieces, *bands, *cuts],
                      tensors=[*pieces.values(), *bands.values(), *cuts.values()])
    manifest.add("sliced", "grid", grid)
    manifest.add("sliced", "rows", rows)
    manifest.add("sliced", "line", line)


def rewritten_tables(out, manifest):
    """The index of `dtypes` in many small blocks, plain and packed; TensorFlow reads both again."""
    values = of_every_dtype()
    for case, packed in (("blocks", False), ("snappy", True)):
        (out / case).mkdir()
        rewrite(out / "dtypes" / "all.index", out / case / "all.index", block_bytes=160, packed=packed)
        shutil.copy(out / "dtypes" / "all.data-00000-of-00001", out / case)
        reader = tf.train.load_checkpoint(str(out / case / "all"))
        for name, value in values.items():
            assert reader.get_tensor(name).tobytes() == value.numpy().tobytes(), name
            manifest.add(case, name, value)


def remove_what_no_test_reads(out):
    for path in [*out.rglob("checkpoint"), *out.rglob("fingerprint.pb"), *out.rglob("debug"),
                 *out.rglob("assets"), *out.glob("shards/part*")]:
        if path.is_dir() and path.name != "checkpoint":
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="a folder that does not exist yet")
    out = parser.parse_args().out
    out.mkdir(parents=True)
    manifest = Manifest()
    for write in (checkpoints, clashing_names, saved_models, saver_checkpoints, raw_checkpoints,
                  rewritten_tables):
        write(out, manifest)
    remove_what_no_test_reads(out)
    (out / "manifest.txt").write_text("\n".join(manifest.lines) + "\n")
    print(f"TensorFlow {tf.__version__}, {len(manifest.lines)} tensors,",
          sum(path.stat().st_size for path in out.rglob("*") if path.is_file()), "bytes")


if __name__ == "__main__":
    main()
