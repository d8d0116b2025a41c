"""Writes checkpoints of transformers in their released sizes and forms, and what the originals make of them.

    python tests/reference/full_size_transformers.py NAME --out DIR [--clip CLIP_REPOSITORY]

Needs torch, transformers 5 and sentence-transformers; the forms of OpenAI a checkout of the original CLIP. DIR is not
for the repository: a checkpoint takes 0.3 to 1.7 GB. The expected results go to
tests/goldens/transformers/full_NAME.txt; the test compares what it finds in DIR:

    INKSTONE_TEST_TRANSFORMERS=DIR transformers_test --gtest_filter='FullSize*'
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
import transformers as tf

import openai_clip_goldens
import transformers_goldens as small
from transformer_golden import Golden, tensors, token_ids

START, END = 49406, 49407
TEXTS = [[START, *token_ids(f"full {n}", n, 0, START), END] for n in (0, 8, 18, 75)]


def clip_config(text, vision, projection):
    return tf.CLIPConfig(text_config=dict(text, eos_token_id=2, projection_dim=projection),
                         vision_config=dict(vision, projection_dim=projection), projection_dim=projection)


def clip_l14(out, _):
    text = dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12)
    vision = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, patch_size=14)
    small.clip("full_clip_l14", clip_config(text, vision, 768), TEXTS, 224, keep=out)


def clip_b32(out, _):
    """As sentence-transformers has it: the model in a part of its own, in a file of torch."""
    part = out / "0_CLIPModel"
    small.clip("full_clip_b32", clip_config({}, {}, 512), TEXTS, 224, keep=part)
    model = tf.CLIPModel.from_pretrained(part)
    torch.save(model.state_dict(), part / "pytorch_model.bin")
    (part / "model.safetensors").unlink()
    modules = [{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}]
    (out / "modules.json").write_text(json.dumps(modules))


def openai_model(repository):
    module = openai_clip_goldens.original(repository)
    sizes = dict(embed_dim=512, image_resolution=224, vision_layers=12, vision_width=768, vision_patch_size=32,
                 context_length=77, vocab_size=49408, transformer_width=512, transformer_heads=8, transformer_layers=12)
    return openai_clip_goldens.made_up(module, sizes)


def openai_golden(name, model):
    golden = Golden(small.FOLDER / f"{name}.txt", files=False)
    golden.tokens(TEXTS)
    pictures = torch.from_numpy(golden.pictures(name, 2, 224, -2, 2)).permute(0, 3, 1, 2)
    single = openai_clip_goldens.run(model, TEXTS, pictures)
    exact = openai_clip_goldens.run(model.double(), TEXTS, pictures)
    golden.output("text", exact[0], single[0])
    golden.output("image", exact[1], single[1])
    golden.write()


def openai_b32(out, repository):
    """TorchScript, with 16 bits where the release has them."""
    model, state = openai_model(repository)
    openai_golden("full_openai_b32", model)
    model.float()
    out.mkdir(parents=True)
    pixels, ids = torch.zeros(1, 3, 224, 224), torch.zeros(1, 77, dtype=torch.int64)
    traced = torch.jit.trace(model, (pixels, ids), check_trace=False)
    for name, value in list(traced.named_parameters()):
        value.data = value.data.to(state[name].dtype)
    torch.jit.save(traced, out / "ViT-B-32.pt")


def dclip_b32(out, repository):
    """A training checkpoint of DCLIP's form, in 32 bits."""
    model, state = openai_model(repository)
    out.mkdir(parents=True)
    state = {name: value.float() for name, value in state.items()}
    torch.save({"epoch": 3, "model_state_dict": state, "optimizer_state_dict": {"state": {}, "param_groups": []},
                "loss": torch.tensor(0.5)}, out / "model.pt")
    openai_golden("full_dclip_b32", model)


def distiluse(out, _):
    import distiluse_goldens as made

    made.CONFIG.update(dim=768, hidden_dim=3072, n_heads=12, n_layers=6, max_position_embeddings=512, vocab_size=119547)
    made.POOLING.update(word_embedding_dimension=768)
    made.DENSE.update(in_features=768, out_features=512)
    texts = [[101, *token_ids(f"full {n}", n, 106, 119547), 102] for n in (0, 14, 126, 510)]
    made.main("full_distiluse", texts, keep=out)


def vit_l16(out, _):
    config = tf.ViTConfig(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)
    small.pictures_only("full_vit_l16", tf.ViTModel(config), None, 224, small.class_row, keep=out)


def dinov2_base(out, _):
    config = tf.Dinov2Config(image_size=518)
    small.pictures_only("full_dinov2_base", tf.Dinov2Model(config), None, 224, small.class_row, keep=out)


def qformer(out, _):
    """The released widths, two layers of the image tower, and next to no language model."""
    language = tf.OPTConfig(vocab_size=20, hidden_size=8, ffn_dim=8, num_hidden_layers=1, num_attention_heads=1,
                            word_embed_proj_dim=8, max_position_embeddings=8)
    config = tf.Blip2Config(vision_config=tf.Blip2VisionConfig(num_hidden_layers=2),
                            qformer_config=tf.Blip2QFormerConfig(), text_config=language)
    model = tf.Blip2ForConditionalGeneration(config)
    small.pictures_only("full_qformer", model, None, 224, small.first_query, keep=out)


MAKERS = (clip_l14, clip_b32, openai_b32, dclip_b32, distiluse, vit_l16, dinov2_base, qformer)
ALL = {made.__name__: made for made in MAKERS}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=ALL)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clip")
    arguments = parser.parse_args()
    folder = arguments.out / arguments.name
    shutil.rmtree(folder, ignore_errors=True)
    ALL[arguments.name](folder, arguments.clip)


if __name__ == "__main__":
    main()
