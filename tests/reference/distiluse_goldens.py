"""Runs sentence-transformers' DistilUSE (DistilBERT, mean, dense) at a reduced size.

    python tests/reference/distiluse_goldens.py

Needs sentence-transformers. Writes tests/goldens/transformers/distiluse.txt (transformer_golden.py says how); the
folder is of the form in which the model was released.
"""

import json
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer, models
from transformers import DistilBertConfig, DistilBertModel, DistilBertTokenizerFast

from transformer_golden import Golden, tensors, token_ids

FOLDER = Path(__file__).resolve().parents[1] / "goldens" / "transformers"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##c"]
CONFIG = {"activation": "gelu", "architectures": ["DistilBertModel"], "dim": 96, "hidden_dim": 160,
          "max_position_embeddings": 40, "model_type": "distilbert", "n_heads": 3, "n_layers": 2, "vocab_size": 60}
MODULES = [{"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
           for i, (path, kind) in enumerate([("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense")])]
POOLING = {"word_embedding_dimension": 96, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
           "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False}
DENSE = {"in_features": 96, "out_features": 72, "bias": True,
         "activation_function": "torch.nn.modules.activation.Tanh"}
TEXTS = {"modules.json": MODULES, "config.json": CONFIG, "1_Pooling/config.json": POOLING,
         "2_Dense/config.json": DENSE}


def released_folder(folder):
    """A folder as SentenceTransformer writes it, with the texts of the release and made-up values."""
    bare = folder / "bare"
    DistilBertModel(DistilBertConfig(**CONFIG)).save_pretrained(bare)
    (bare / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    DistilBertTokenizerFast(vocab_file=str(bare / "vocab.txt"), do_lower_case=False).save_pretrained(bare)
    parts = [models.Transformer(str(bare)), models.Pooling(96, pooling_mode="mean"),
             models.Dense(96, 72, activation_function=torch.nn.Tanh())]
    whole = folder / "whole"
    SentenceTransformer(modules=parts, device="cpu").save(str(whole))
    shutil.rmtree(bare)
    for path, text in TEXTS.items():
        (whole / path).write_text(json.dumps(text))
    states = {}
    for path in ["model.safetensors", "2_Dense/model.safetensors"]:
        states[path] = tensors(load_file(whole / path))
        save_file(states[path], whole / path, {"format": "pt"})
    return whole, states


def main():
    golden = Golden(FOLDER / "distiluse.txt")
    texts = [[2, *token_ids(f"distiluse {n}", n, 5, 60), 3] for n in (0, 1, 6, 17, 38)]
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        whole, states = released_folder(Path(folder))
        model = SentenceTransformer(str(whole), device="cpu").eval()

        def run():
            rows = []
            for ids in texts:
                ids = torch.tensor([ids])
                found = model({"input_ids": ids, "attention_mask": torch.ones_like(ids)})
                rows.append(found["sentence_embedding"][0].numpy())
            return rows

        single = run()
        model.double()
        exact = run()
    for path, text in TEXTS.items():
        golden.text(path, text)
    for path, state in states.items():
        golden.state(path, state)
    golden.tokens(texts)
    golden.output("text", exact, single)
    golden.write()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
