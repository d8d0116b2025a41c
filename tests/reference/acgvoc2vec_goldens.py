"""Exports DistilBERT with a mean and a dense layer to TensorFlow, as acgvoc2vec was, at a reduced size.

    python tests/reference/acgvoc2vec_goldens.py

Needs tensorflow, tf_keras and transformers 4.46, the last with classes for TensorFlow. Writes the checkpoint of the
SavedModel to tests/goldens/tensorflow/acgvoc2vec and tests/goldens/transformers/acgvoc2vec.txt
(transformer_golden.py says how). The exact result is the same in float64 without a framework; the float32 error is
TensorFlow's.
"""

import os
import shutil
import tempfile
from math import erf, sqrt
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tf_keras
from transformers import DistilBertConfig, TFDistilBertModel

import made_up_weights
from transformer_golden import Golden, token_ids

GOLDENS = Path(__file__).resolve().parents[1] / "goldens"
SIZES = dict(vocab_size=12, max_position_embeddings=10, n_layers=1, n_heads=1, dim=64, hidden_dim=16)
DENSE = 8


def built():
    """acgvoc2vec's model_to_tf.py: last_hidden_state, masked mean, dense."""
    bert = TFDistilBertModel(DistilBertConfig(**SIZES))
    ids = tf_keras.layers.Input((None,), dtype=tf.int32, name="input_ids")
    mask = tf_keras.layers.Input((None,), dtype=tf.int32, name="attention_mask")
    rows = bert(ids, attention_mask=mask).last_hidden_state
    weights = tf.cast(tf.expand_dims(mask, -1), tf.float32)
    mean = tf.reduce_sum(rows * weights, 1) / tf.maximum(tf.reduce_sum(weights, 1), 1e-9)
    return tf_keras.Model([ids, mask], tf_keras.layers.Dense(DENSE, activation="tanh", name="dense")(mean))


def exact(weights, texts):
    """The same in numpy and float64, from the weights by TensorFlow's names."""
    w = {name.split("distilbert/")[-1]: value.astype(np.float64) for name, value in weights.items()}

    def norm(name, x):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * w[f"{name}/gamma"] + w[f"{name}/beta"]

    def linear(name, x):
        return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]

    results = []
    for ids in texts:
        x = w["embeddings/word_embeddings/weight"][ids] + w["embeddings/position_embeddings/embeddings"][: len(ids)]
        x = norm("embeddings/LayerNorm", x)
        layer = "transformer/layer_._0/"
        q, k, v = (linear(f"{layer}attention/{part}_lin", x) for part in "qkv")
        scores = q @ k.T / sqrt(SIZES["dim"])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        attended = linear(f"{layer}attention/out_lin", scores / scores.sum(-1, keepdims=True) @ v)
        x = norm(f"{layer}sa_layer_norm", attended + x)
        up = linear(f"{layer}ffn/lin1", x)
        up = up * 0.5 * (1 + np.vectorize(erf)(up / sqrt(2)))
        x = norm(f"{layer}output_layer_norm", linear(f"{layer}ffn/lin2", up) + x)
        results.append(np.tanh(linear("dense", x.mean(0))))
    return results


def main():
    model = built()
    weights = {}
    for variable in model.variables:
        name = variable.name.removesuffix(":0")
        weights[name] = made_up_weights.weights(name, tuple(variable.shape))
        variable.assign(weights[name])
    texts = [[2, *token_ids(f"acgvoc2vec {n}", n, 4, 12), 3] for n in (0, 5, 8)]
    single = [model([np.array([ids]), np.ones((1, len(ids)), np.int32)])[0].numpy() for ids in texts]
    kept = GOLDENS / "tensorflow" / "acgvoc2vec"
    with tempfile.TemporaryDirectory() as folder:
        model.save(folder)
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for file in Path(folder, "variables").iterdir():
            shutil.copy(file, kept)
    golden = Golden(GOLDENS / "transformers" / "acgvoc2vec.txt")
    golden.tokens(texts)
    golden.output("text", exact(weights, texts), single)
    golden.write()


if __name__ == "__main__":
    main()
