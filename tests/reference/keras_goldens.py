"""Small files of Keras and h5py, and what is in them: tests/goldens/keras and its manifest.txt.

Every array is known before it is written; the manifest is made of those, not of what a reader finds.
"""

import argparse
import hashlib
import json
import os
import pathlib
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py
import keras
import ml_dtypes
import numpy as np
import tf_keras

DTYPES = {"float16": "F16", "float32": "F32", "float64": "F64", "bfloat16": "BF16", "int8": "I8", "uint8": "U8",
          "int16": "I16", "int32": "I32", "int64": "I64"}


def values(*shape, dtype=np.float32):
    """Different in every byte, so that nothing moved or left out goes unseen."""
    x = np.arange(int(np.prod(shape)), dtype=np.uint64) * np.uint64(2654435761) % np.uint64(65521)
    y = x.reshape(shape)
    return y.astype(dtype) if np.dtype(dtype).kind in "iu" else ((y.astype(np.float64) / 8192) - 4).astype(dtype)


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Manifest:
    def __init__(self, folder):
        self.folder = folder
        self.lines = []

    def sample(self, name, form, tensors, producer="", texts=(), unknown=()):
        self.lines += ["", f"file {name}", f"format {form}", f"producer {producer}".rstrip()]
        for tensor, array in tensors:
            array = np.asarray(array)
            little = array.astype(array.dtype.newbyteorder("<")) if array.dtype.kind != "V" else array
            shape = ",".join(str(d) for d in array.shape)
            data = np.ascontiguousarray(little).tobytes()
            self.lines.append(f"tensor {tensor} {DTYPES[array.dtype.name]} [{shape}] {digest(data)}")
        self.lines += [f"text {key} {digest(text.encode())}" for key, text in texts]
        self.lines += [f"unknown {line}" for line in unknown]

    def write(self):
        (self.folder / "manifest.txt").write_text("\n".join(self.lines[1:]) + "\n")


def fill(model):
    for i, weight in enumerate(model.weights):
        weight.assign(values(*weight.shape) + np.float32(i / 16))


def named(model):
    """The order and the names of a file: layer by layer, trainable weights first."""
    return [(w.name if hasattr(w, "experimental_ref") or ":" in w.name else w.path, w.numpy())
            for layer in model.layers for w in layer.trainable_weights + layer.non_trainable_weights]


def functional(k):
    x = k.Input((6, 6, 3), name="picture")
    a = k.layers.Conv2D(4, 3, padding="same", name="conv1_conv")(x)
    a = k.layers.BatchNormalization(epsilon=1.001e-5, name="conv1_bn")(a)
    b = k.layers.Activation("relu", name="conv1_relu")(a)
    b = k.layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="dw")(b)
    c = k.layers.Add(name="add")([a, b])
    y = k.layers.Dense(2, name="probs")(k.layers.GlobalAveragePooling2D(name="pool")(c))
    return k.Model(x, y, name="net")


def sequential(k):
    return k.Sequential([k.Input((5,)), k.layers.Dense(3, name="dense"), k.layers.Dense(2, name="dense_10"),
                         k.layers.Dense(2, name="dense_2")], name="seq")


def nested(k):
    inner = functional(k)
    x = k.Input((6, 6, 3), name="outer")
    return k.Model(x, k.layers.Dense(1, name="head")(inner(x)), name="outer_net")


def step(model, *shape):
    """One step of training, so that the optimizer has a state."""
    model.compile("adam", "mse")
    model.fit(np.zeros((2, *shape), np.float32), np.zeros((2, *model.output_shape[1:]), np.float32), verbose=0)


def keras2_samples(folder, manifest):
    producer = "Keras " + tf_keras.__version__
    model = functional(tf_keras)
    step(model, 6, 6, 3)
    fill(model)
    model.save(folder / "functional.h5")
    with h5py.File(folder / "functional.h5") as f:
        config = f.attrs["model_config"]
        state = []
        f["optimizer_weights"].visititems(lambda n, o: state.append(n) if isinstance(o, h5py.Dataset) else None)
    manifest.sample("functional.h5", "Keras HDF5", named(model), producer, [("model_config", config)],
                    [f"optimizer_weights: {len(state)} datasets, named by no layer"])

    model = sequential(tf_keras)
    fill(model)
    model.save(folder / "sequential.h5", include_optimizer=False)
    with h5py.File(folder / "sequential.h5") as f:
        config = f.attrs["model_config"]
    manifest.sample("sequential.h5", "Keras HDF5", named(model), producer, [("model_config", config)])

    model = nested(tf_keras)
    fill(model)
    model.save_weights(folder / "nested-weights.h5")
    manifest.sample("nested-weights.h5", "Keras HDF5", named(model), producer)


def keras3_samples(folder, manifest):
    producer = "Keras " + keras.__version__
    keras.utils.set_random_seed(1)
    model = sequential(keras)
    step(model, 5)
    fill(model)
    model.save(folder / "sequential-3.h5")
    with h5py.File(folder / "sequential-3.h5") as f:
        config = f.attrs["model_config"]
        count = len(f["optimizer_weights/adam"])
    tensors = [(w.path, w.numpy()) for layer in model.layers for w in layer.weights]
    manifest.sample("sequential-3.h5", "Keras HDF5", tensors, producer, [("model_config", config)],
                    [f"optimizer_weights: {count} datasets, named by no layer"])

    layers = {"dense": 0, "dense_1": 1, "dense_2": 2}
    by_path = [(f"layers/{name}/vars/{i}", w.numpy())
               for name, at in layers.items() for i, w in enumerate(model.layers[at].weights)]
    state = [f"optimizer: {len(model.optimizer.variables)} datasets"]
    names = {f"layers/{name}": model.layers[at].name for name, at in sorted(layers.items())}
    names = [("layer_names", json.dumps(names, separators=(",", ":")))]
    model.save_weights(folder / "sequential-3.weights.h5")
    manifest.sample("sequential-3.weights.h5", "Keras 3 HDF5", by_path, "", names, state)
    model.save(folder / "sequential-3.keras")
    with zipfile.ZipFile(folder / "sequential-3.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    texts = names + [(name, members[name].decode()) for name in ("config.json", "metadata.json")]
    manifest.sample("sequential-3.keras", "Keras zip", by_path, producer, texts, state)
    # Packed again, beside enough that cannot be packed.
    with zipfile.ZipFile(folder / "deflated.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/noise", np.random.default_rng(1).bytes(6000), zipfile.ZIP_STORED)
        for name, data in members.items():
            archive.writestr(name, data)
    manifest.sample("deflated.keras", "Keras zip", by_path, producer, texts, state + ["assets/noise: 6000 bytes"])


def split(group, name, names, pieces):
    """As Keras cuts a list that exceeds the object header."""
    for i, piece in enumerate(np.array_split(np.asarray(names), pieces)):
        group.attrs[f"{name}{i}"] = piece


def h5py2_samples(folder, manifest):
    """Keras of 2016 to 2020 wrote through h5py 2: fixed-length strings. The same from Keras' own steps."""
    tensors = [("conv/kernel:0", values(3, 3, 2, 4)), ("conv/bias:0", values(4)), ("fc/kernel:0", values(4, 3)),
               ("fc/bias:0", values(424) + np.float32(1))]
    # Together the 2048 bytes that the library sets aside for small data, so that the file has no unused space.
    assert sum(value.nbytes for _, value in tensors) == 2048
    with h5py.File(folder / "h5py2.h5", "w") as f:
        f.attrs["layer_names"] = np.asarray([b"input_1", b"conv", b"relu", b"fc"])
        f.attrs["backend"] = np.bytes_("tensorflow")
        f.attrs["keras_version"] = np.bytes_("2.4.0")
        for layer in ("input_1", "conv", "relu", "fc"):
            group = f.create_group(layer)
            own = [(n, v) for n, v in tensors if n.startswith(layer + "/")]
            group.attrs["weight_names"] = np.asarray([n.encode() for n, _ in own])
            for name, value in own:
                group.create_dataset(name, data=value)
    manifest.sample("h5py2.h5", "Keras HDF5", tensors, "Keras 2.4.0")

    # Both layers call their weight "w:0", and the lists are cut.
    with h5py.File(folder / "split.h5", "w") as f:
        split(f, "layer_names", [b"a", b"b", b"c"], 2)
        f.attrs["keras_version"] = "2.3.1"
        expected = []
        for layer in "abc":
            group = f.create_group(layer)
            names = [f"{layer}_{i:02}/v:0" for i in range(3)] + ["w:0"]
            split(group, "weight_names", [n.encode() for n in names], 3)
            for i, name in enumerate(names):
                value = values(2, 2) + np.float32(ord(layer) * 16 + i)
                group.create_dataset(name, data=value)
                expected.append((f"{layer}/w:0" if name == "w:0" else name, value))
    manifest.sample("split.h5", "Keras HDF5", expected, "Keras 2.3.1")


def keras_weights(path, tensors, write, **options):
    """Weights of one layer "l" whose datasets write(group, name, value) makes."""
    with h5py.File(path, "w", **options) as f:
        f.attrs["layer_names"] = np.asarray([b"l"])
        f.attrs["keras_version"] = np.bytes_("2.4.0")
        group = f.create_group("l")
        group.attrs["weight_names"] = np.asarray([name.encode() for name, _ in tensors])
        for name, value in tensors:
            write(group, name, value)


def compact(group, name, value):
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    kind = h5py.h5t.py_create(value.dtype)
    made = h5py.h5d.create(group.id, name.encode(), kind, h5py.h5s.create_simple(value.shape), plist)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(value))


def layout_samples(folder, manifest):
    tensors = [("k", values(5, 7, 3)), ("b", values(9)), ("i", values(4, 5, dtype=np.int64)),
               # As many bytes as leave no unused space in the file: nothing in the format notices an address that is
               # changed to lead there.
               ("u", values(384))]
    packed = dict(compression="gzip", shuffle=True)
    for name, options in {"chunked.h5": {}, "chunked-v108.h5": dict(libver=("v108", "v108")),
                          "chunked-latest.h5": dict(libver="latest")}.items():
        ways = {"k": dict(chunks=(2, 4, 3), **packed), "b": dict(chunks=(4,), fletcher32=True),
                "i": dict(chunks=(4, 5), compression="gzip", fletcher32=True), "u": {}}
        keras_weights(folder / name, tensors,
                      lambda group, n, v: group.create_dataset(n, data=v, **ways[n]), **options)
        manifest.sample(name, "Keras HDF5", tensors, "Keras 2.4.0")
    keras_weights(folder / "compact.h5", tensors, compact)
    manifest.sample("compact.h5", "Keras HDF5", tensors, "Keras 2.4.0")
    keras_weights(folder / "compact-latest.h5", tensors, compact, libver="latest")
    manifest.sample("compact-latest.h5", "Keras HDF5", tensors, "Keras 2.4.0")

    # A member a line of the index: B-tree of version 2, two growing axes; fixed array with pages, and without
    # filters; chunks one behind the other; one chunk.
    big = values(40, 60, dtype=np.uint8)
    with h5py.File(folder / "indexes.h5", "w", libver="latest") as f:
        f.create_dataset("grown", data=values(6, 6), chunks=(2, 2), maxshape=(None, None), **packed)
        f.create_dataset("grown-plain", data=values(6, 6), chunks=(2, 2), maxshape=(None, None))
        f.create_dataset("paged", data=big, chunks=(1, 2))
        f.create_dataset("plain", data=values(6, 5), chunks=(2, 2))
        f.create_dataset("limited", data=values(6, 5), chunks=(2, 2), maxshape=(6, 8), **packed)
        f.create_dataset("single", data=values(3, 3), chunks=(3, 3))
        f.create_dataset("single-packed", data=values(3, 3), chunks=(3, 3), **packed)
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((2, 2))
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        made = h5py.h5d.create(f.id, b"implicit", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((5, 3)), plist)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, values(5, 3))
    manifest.sample("indexes.h5", "HDF5", sorted([
        ("grown", values(6, 6)), ("grown-plain", values(6, 6)), ("implicit", values(5, 3)),
        ("limited", values(6, 5)), ("paged", big), ("plain", values(6, 5)), ("single", values(3, 3)),
        ("single-packed", values(3, 3))]))


def plain_samples(folder, manifest):
    kinds = ["f2", "f4", "f8", "i1", "u1", "i2", "i4", "i8"]
    with h5py.File(folder / "types.h5", "w") as f:
        for kind in kinds:
            f[f"numbers/{kind}"] = values(3, 2, dtype=np.dtype(kind))
            f[f"turned/{kind}"] = values(3, 2, dtype=np.dtype(kind)).astype(">" + kind)
        f["scalar"] = np.float32(2.5)
        f["empty"] = np.zeros((0, 3), np.float32)
        f["text"] = "words"
        f["unsigned"] = np.arange(3, dtype=np.uint32)
        f["pair"] = np.zeros(2, [("a", "f4"), ("b", "i4")])
        f["nothing"] = h5py.Empty("f4")
    expected = [(f"numbers/{k}", values(3, 2, dtype=np.dtype(k))) for k in kinds]
    expected += [(f"turned/{k}", values(3, 2, dtype=np.dtype(k))) for k in ("i1", "u1")]
    expected += [("empty", np.zeros((0, 3), np.float32)), ("scalar", np.float32(2.5))]
    turned = [f"turned/{k}: big-endian {'floats' if k[0] == 'f' else 'integers'} of {k[1]} bytes"
              for k in sorted(kinds) if k[1] != "1"]
    manifest.sample("types.h5", "HDF5", sorted(expected), "", (), [
        "nothing: floats of 4 bytes", "pair: compound", "text: text", *turned,
        "unsigned: unsigned integers of 4 bytes"])

    # Enough members for a B-tree of two levels.
    with h5py.File(folder / "many.h5", "w") as f:
        for i in range(150):
            f[f"t{i:03}"] = np.float32(i)
    manifest.sample("many.h5", "HDF5", [(f"t{i:03}", np.float32(i)) for i in range(150)])

    # Links and attributes in fractal heaps: direct and indirect blocks, and attributes too large for either.
    names = [f"layer_{i:02}_{'x' * 60}" for i in range(60)]
    with h5py.File(folder / "dense.h5", "w", libver="latest") as f:
        f.attrs["layer_names"] = np.asarray([n.encode() for n in names])
        f.attrs["keras_version"] = "2.4.0"
        for i in range(12):
            f.attrs[f"note{i}"] = "n" * 20 * i
        for i, name in enumerate(names):
            group = f.create_group(name)
            group.attrs["weight_names"] = np.asarray([f"w{i}".encode()])
            compact(group, f"w{i}", np.asarray([i], np.float32))
    manifest.sample("dense.h5", "Keras HDF5", [(f"w{i}", np.asarray([i], np.float32)) for i in range(60)],
                    "Keras 2.4.0")

    # Links and attributes in the order in which they were made; pages of the file, which its superblock tells of.
    with h5py.File(folder / "ordered.h5", "w", libver="latest", track_order=True, fs_strategy="page",
                   fs_page_size=512) as f:
        for i in range(10):
            f.attrs[f"z{9 - i}"] = i
            compact(f, f"w{9 - i}", np.asarray([i], np.float32))
    manifest.sample("ordered.h5", "HDF5", [(f"w{i}", np.asarray([9 - i], np.float32)) for i in range(10)])


def refused_samples(folder):
    """Files that h5py reads and that are refused: most of them would have another file opened."""
    data = values(4, 4)

    def write(name, make, **options):
        with h5py.File(folder / f"{name}.h5", "w", **options) as f:
            make(f)

    folder.mkdir(exist_ok=True)
    for form in ("", "-latest"):
        options = dict(libver="latest") if form else {}
        write("soft-link" + form, lambda f: f.__setitem__("s", h5py.SoftLink("/elsewhere")), **options)
        write("external-link" + form,
              lambda f: f.__setitem__("e", h5py.ExternalLink("other.h5", "/d")), **options)
        write("hard-link" + form, lambda f: (f.create_group("a"), f.__setitem__("b", f["a"])), **options)
    write("cycle", lambda f: f.create_group("a").__setitem__("up", f))
    write("external-data", lambda f: f.create_dataset("d", (4,), "f4", external=[("other.bin", 0, 16)]))

    def virtual(f):
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "d", (4,))
        f.create_virtual_dataset("d", layout)

    write("virtual", virtual, libver="latest")
    write("lzf", lambda f: f.create_dataset("d", data=data, compression="lzf"))
    write("scale-offset", lambda f: f.create_dataset("d", data=data, scaleoffset=2))
    write("unwritten", lambda f: f.create_dataset("d", (4, 4), "f4", fillvalue=1))
    write("zeros", lambda f: f.create_dataset("d", data=np.zeros(40 << 20, np.uint8), chunks=(40 << 20,),
                                              compression="gzip", compression_opts=9))
    write("unwritten-chunks", lambda f: f.create_dataset("d", (1 << 40,), "f4", chunks=(1 << 20,)))
    write("absent-chunk", lambda f: f.create_dataset("d", (8,), "f4", chunks=(4,)).__setitem__(slice(0, 4), 1))
    write("extensible", lambda f: f.create_dataset("d", data=data, maxshape=(None, 4), chunks=(2, 2)),
          libver="latest")

    def twice(f):
        """The names of a and b get the layer in front, and c has such a name already."""
        f.attrs["layer_names"] = np.asarray([b"a", b"b", b"c"])
        for layer, name in zip("abc", ("w", "w", "a/w")):
            group = f.create_group(layer)
            group.attrs["weight_names"] = np.asarray([name.encode()])
            compact(group.require_group("a") if layer == "c" else group, "w", data)

    write("twice", twice, libver="latest")

    def shared(f):
        f["t"] = np.dtype("f4")
        f.create_dataset("d", data=data, dtype=f["t"])

    write("shared-type", shared)
    write("named-type", lambda f: f.__setitem__("t", np.dtype("f4")))
    write("rank-9", lambda f: f.create_dataset("d", data=np.zeros((1,) * 9, np.float32)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(folder)
    for make in (keras2_samples, keras3_samples, h5py2_samples, layout_samples, plain_samples):
        make(folder, manifest)
    refused_samples(folder / "refused")
    manifest.write()


if __name__ == "__main__":
    main()
