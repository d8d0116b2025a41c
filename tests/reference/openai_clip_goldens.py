"""Runs OpenAI's CLIP code at a reduced size, with its weights in 16 bits where the releases have them so.

    python tests/reference/openai_clip_goldens.py CLIP_REPOSITORY

CLIP_REPOSITORY: a checkout of the original, outside of this repository. Writes tests/goldens/transformers/openai.txt
(transformer_golden.py says how).
"""

import importlib.util
import sys
from pathlib import Path

import torch

from transformer_golden import Golden, tensors, token_ids

FOLDER = Path(__file__).resolve().parents[1] / "goldens" / "transformers"
SIZES = dict(embed_dim=48, image_resolution=40, vision_layers=2, vision_width=64, vision_patch_size=8,
             context_length=20, vocab_size=120, transformer_width=128, transformer_heads=2, transformer_layers=2)


def original(repository):
    spec = importlib.util.spec_from_file_location("clip_model", f"{repository}/clip/model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # The original computes norms in float32, which would round what is to be exact.
    module.LayerNorm.forward = torch.nn.LayerNorm.forward
    return module


def made_up(module, sizes):
    model = module.CLIP(**sizes).eval()
    halves = module.CLIP(**sizes)
    module.convert_weights(halves)
    types = {name: value.dtype for name, value in halves.state_dict().items()}
    state = tensors(model.state_dict(), lambda name: types[name])
    model.load_state_dict(state)
    return model, state


def run(model, texts, pictures):
    """Both towers' vectors, in the model's type."""
    length = model.context_length
    padded = torch.tensor([ids + [0] * (length - len(ids)) for ids in texts])
    with torch.no_grad():
        return model.encode_text(padded).numpy(), model.encode_image(pictures.to(model.dtype)).numpy()


def main(repository):
    golden = Golden(FOLDER / "openai.txt")
    model, state = made_up(original(repository), SIZES)
    # Saved beside the weights by the original.
    for name, value in {"input_resolution": 40, "context_length": 20, "vocab_size": 120}.items():
        state[name] = torch.tensor(value)
    texts = [[118, *token_ids(f"openai {n}", n, 0, 118), 119] for n in (0, 3, 18)]
    golden.state("model.safetensors", state)
    golden.tokens(texts)
    pictures = torch.from_numpy(golden.pictures("openai", 2, 40, -2, 2)).permute(0, 3, 1, 2)
    single = run(model, texts, pictures)
    exact = run(model.double(), texts, pictures)
    golden.output("text", exact[0], single[0])
    golden.output("image", exact[1], single[1])
    golden.write()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])
