"""Writes hashes of the token ids that the original tokenizers give for made-up texts and for every code point.

usage: tokenizer_goldens.py --openai CLIP --out tests/goldens/tokenizers [--only NAME...]

CLIP is a checkout of the repository openai/CLIP: its clip/simple_tokenizer.py is imported, and its vocabulary is
what the files named "released" were made with. A line is the hash of 32 texts, or of 4,096 code points.
"""

import argparse
import gzip
import json
import sys
import tempfile
from pathlib import Path

from transformers import BertTokenizerFast, CLIPTokenizerFast

import tokenizer_texts
from tokenizer_texts import MASK, Texts

TEXTS, BLOCK, SWEEP_BLOCK = 32768, 32, 4096
MERGES, WORDS, ALL_WORDS = 4000, 30000, 119547


class Hash:
    def __init__(self):
        self.value = 0xCBF29CE484222325

    def add(self, ids):
        value = self.value
        for one in [*ids, 0xFFFFFFFF]:
            value = ((value ^ one) * 0x100000001B3) & MASK
        self.value = value


def write(path, encode, texts, block):
    lines, batch = [], []

    def flush():
        if batch:
            value = Hash()
            for ids in encode(batch):
                value.add(ids)
            lines.append(f"{value.value:016x}")
            batch.clear()

    for text in texts:
        batch.append(text)
        if len(batch) == block:
            flush()
    flush()
    path.write_text("\n".join(lines) + "\n")
    print(path.name, len(lines), flush=True)


def sweep():
    return (tokenizer_texts.sweep_text(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)


def openai(module, vocabulary):
    tokenizer = module.SimpleTokenizer(str(vocabulary))
    start, end = tokenizer.encoder["<|startoftext|>"], tokenizer.encoder["<|endoftext|>"]

    def encode(batch):
        for text in batch:
            ids = [start, *tokenizer.encode(text), end]
            tokenizer.cache = {"<|startoftext|>": "<|startoftext|>", "<|endoftext|>": "<|endoftext|>"}
            yield ids if len(ids) <= 77 else [*ids[:76], end]
    return encode


def hugging_face(merges, folder):
    letters = tokenizer_texts.byte_letters()
    own = [b for b in letters if ord(letters[b]) == b]
    order = [letters[b] for b in [*own, *(b for b in letters if b not in own)]]
    tokens = [*order, *(o + "</w>" for o in order), *(a + b for a, b in merges), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(f"{a} {b}" for a, b in merges) + "\n")

    def special(text):
        return {"content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": True}
    (folder / "special_tokens_map.json").write_text(json.dumps({
        "bos_token": special("<|startoftext|>"), "eos_token": special("<|endoftext|>"),
        "unk_token": special("<|endoftext|>"), "pad_token": "<|endoftext|>"}))
    tokenizer = CLIPTokenizerFast.from_pretrained(folder)
    return lambda batch: tokenizer(batch, truncation=True, max_length=77)["input_ids"]


def word_piece(tokens):
    tokenizer = BertTokenizerFast(vocab={t: i for i, t in enumerate(tokens)}, do_lower_case=False)
    return lambda batch: tokenizer(batch, truncation=True, max_length=128)["input_ids"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--openai", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    sys.path.insert(0, str(options.openai / "clip"))
    import simple_tokenizer

    made = Texts()
    texts = [made.text(i) for i in range(TEXTS)]
    released = options.openai / "clip" / "bpe_simple_vocab_16e6.txt.gz"
    lines = gzip.open(released).read().decode().split("\n")
    merges = tokenizer_texts.merges(MERGES, made)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        small = folder / "small.txt.gz"
        small.write_bytes(gzip.compress("\n".join(["made up", *(f"{a} {b}" for a, b in merges)]).encode()))
        originals = {
            "clip-openai": openai(simple_tokenizer, small),
            "clip-openai-released": openai(simple_tokenizer, released),
            "clip-huggingface": hugging_face(merges, folder / "small"),
            "clip-huggingface-released": hugging_face([tuple(m.split()) for m in lines[1:48895]], folder / "released"),
            "word-piece": word_piece(tokenizer_texts.word_list(WORDS, made)),
            "word-piece-119547": word_piece(tokenizer_texts.word_list(ALL_WORDS, made)),
        }
        for name, encode in originals.items():
            if options.only and name not in options.only:
                continue
            write(options.out / f"{name}-texts.txt", encode, texts, BLOCK)
            if name != "word-piece-119547":
                write(options.out / f"{name}-sweep.txt", encode, sweep(), SWEEP_BLOCK)


if __name__ == "__main__":
    main()
