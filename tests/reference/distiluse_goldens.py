"""Runs sentence-transformers' DistilUSE (DistilBERT, mean, dense) at a reduced size.

    python tests/reference/distiluse_goldens.py

Needs sentence-transformers. Writes tests/goldens/transformers/distiluse.txt (transformer_golden.py says how), whose
folder is of the form in which the model was released, and form_*.txt.
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
    width, size = DENSE["in_features"], DENSE["out_features"]
    parts = [models.Transformer(str(bare)), models.Pooling(width, pooling_mode="mean"),
             models.Dense(width, size, activation_function=torch.nn.Tanh())]
    whole = folder / "checkpoint"
    SentenceTransformer(modules=parts, device="cpu").save(str(whole))
    shutil.rmtree(bare)
    for path, text in TEXTS.items():
        (whole / path).write_text(json.dumps(text))
    states = {}
    for path in ["model.safetensors", "2_Dense/model.safetensors"]:
        states[path] = tensors(load_file(whole / path))
        save_file(states[path], whole / path, {"format": "pt"})
    return whole, states


TOKENS = [[2, *token_ids(f"distiluse {n}", n, 5, 60), 3] for n in (0, 1, 6, 17, 38)]


def main(name="distiluse", texts=TOKENS, keep=None):
    """keep: the folder in which the checkpoint is left."""
    golden = Golden(FOLDER / f"{name}.txt", files=keep is None)
    with tempfile.TemporaryDirectory() as temporary, torch.no_grad():
        whole, states = released_folder(Path(keep or temporary))
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


def forms():
    """The same network in the forms of tests/goldens/huggingface, without a dense layer save in `sentence`."""
    texts = [[2, 5, 7, 6, 3], [2, 3]]
    for form in ["one", "shards", "torch_file", "torch_shards", "sentence"]:
        folder = FOLDER.parent / "huggingface" / form
        model = DistilBertModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
        dense = models.Dense.load(str(folder / "2_Dense")) if form == "sentence" else None

        def run():
            rows = []
            for ids in texts:
                row = model(torch.tensor([ids])).last_hidden_state.mean(1)
                if dense is not None:
                    row = dense({"sentence_embedding": row})["sentence_embedding"]
                    row = torch.nn.functional.normalize(row)
                rows.append(row[0].numpy())
            return rows

        with torch.no_grad():
            single = run()
            model.double()
            if dense is not None:
                dense.double()
            exact = run()
        golden = Golden(FOLDER / f"form_{form}.txt")
        golden.tokens(texts)
        golden.output("text", exact, single)
        golden.write()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
    forms()
