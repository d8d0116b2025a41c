"""Writes small folders of transformers and sentence-transformers, and a manifest of their tensors.

    python tests/reference/huggingface_goldens.py --out tests/goldens/huggingface

A line of manifest.txt is `FOLDER NAME DTYPE SHAPE SHA256`: the name as inkstone gives it, the safetensors spelling of
the type, sizes joined by x (- for none), the hash of the row-major bytes. The tensors are those of the living models.
Words and rules of tokenizers are left out of the folders; their models have made-up ones of a few tokens.
"""

import argparse
import collections
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer, models
from transformers import BertTokenizer, DistilBertConfig, DistilBertModel, ViTImageProcessor

DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.int64: "I64"}
KEPT = {"config.json", "modules.json", "preprocessor_config.json", "sentence_bert_config.json", "tokenizer_config.json",
        "config_sentence_transformers.json"}
WEIGHTS = (".safetensors", ".bin", ".index.json")


def lines(folder, state, prefix=""):
    for name, tensor in state.items():
        tensor = tensor.detach().contiguous()
        digest = hashlib.sha256(tensor.reshape(-1).view(torch.uint8).numpy().tobytes()).hexdigest()
        shape = "x".join(map(str, tensor.shape)) or "-"
        yield f"{folder} {prefix}{name} {DTYPES[tensor.dtype]} {shape} {digest}"


def distilbert():
    return DistilBertModel(DistilBertConfig(vocab_size=8, max_position_embeddings=16, dim=8, hidden_dim=16, n_heads=2,
                                            n_layers=2))


def one(out):
    """Half precision in one file, and what an image model says about its pictures."""
    model = distilbert().half()
    model.save_pretrained(out)
    ViTImageProcessor(size={"height": 8, "width": 8}).save_pretrained(out)
    return list(lines("one", model.state_dict()))


def shards(out):
    model = distilbert()
    model.save_pretrained(out, max_shard_size="2KB")
    return list(lines("shards", model.state_dict()))


def torch_shards(out):
    """As transformers saved them before it had safetensors."""
    model = distilbert()
    model.config.save_pretrained(out)
    state, weight_map = model.state_dict(), {}
    names = list(state)
    for i, part in enumerate((names[: len(names) // 2], names[len(names) // 2 :])):
        file = f"pytorch_model-{i + 1:05}-of-00002.bin"
        torch.save(collections.OrderedDict((name, state[name]) for name in part), out / file)
        weight_map.update({name: file for name in part})
    total = sum(tensor.nbytes for tensor in state.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (out / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")
    return list(lines("torch_shards", state))


def torch_file(out):
    model = distilbert()
    model.config.save_pretrained(out)
    torch.save(model.state_dict(), out / "pytorch_model.bin")
    return list(lines("torch_file", model.state_dict()))


def sentence(out):
    with tempfile.TemporaryDirectory() as scratch:
        distilbert().save_pretrained(scratch)
        vocabulary = Path(scratch) / "vocab.txt"
        vocabulary.write_text("\n".join(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c")) + "\n")
        BertTokenizer(str(vocabulary)).save_pretrained(scratch)
        word = models.Transformer(scratch)
        dense = models.Dense(8, 4)
        model = SentenceTransformer(modules=[word, models.Pooling(8), dense, models.Normalize()], device="cpu")
        model.save(str(out), create_model_card=False)
    inner = getattr(word, "auto_model", None) or word.model
    return [*lines("sentence", inner.state_dict()), *lines("sentence", dense.state_dict(), "2_Dense/")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    out = parser.parse_args().out
    torch.manual_seed(7)
    manifest = []
    for make in (one, shards, torch_file, torch_shards, sentence):
        folder = out / make.__name__
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        manifest += make(folder)
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_file() and path.name not in KEPT and not path.name.endswith(WEIGHTS):
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()
            elif path.suffix == ".json" and not path.read_text().endswith("\n"):
                path.write_text(path.read_text() + "\n")
    (out / "manifest.txt").write_text("\n".join(manifest) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
