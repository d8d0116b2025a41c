"""Runs the original classes of transformers at reduced sizes.

    python tests/reference/transformers_goldens.py [NAME...]

Needs torch and transformers 5. Writes tests/goldens/transformers/NAME.txt (transformer_golden.py says how).
"""

import sys
import tempfile
from pathlib import Path

import torch
import transformers as tf
from safetensors.torch import load_file, save_file

from transformer_golden import Golden, tensors, token_ids

FOLDER = Path(__file__).resolve().parents[1] / "goldens" / "transformers"


def released_form(model, keep=None):
    """The model read back by its own class from a file with the names of releases and made-up values, and these.

    The class has other names in memory; what it writes, and reads, is the released form. keep: where it is left.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or temporary
        model.save_pretrained(folder, max_shard_size="100GB")
        file = f"{folder}/model.safetensors"
        state = tensors(load_file(file))
        save_file(state, file, {"format": "pt"})
        model = type(model).from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    return model.eval(), state


def twice(model, run):
    """What run(model) gives in float64 and in float32, with the same weights."""
    with torch.no_grad():
        single = run(model)
        return run(model.double()), single


def nchw(pictures, dtype):
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).to(dtype)


def of_text(model, texts, run):
    return [run(model, torch.tensor([ids]))[0].numpy() for ids in texts]


def of_pictures(model, pictures, run):
    return [row.numpy() for row in run(model, nchw(pictures, model.dtype))]


def clip(name, config, texts, side, written=None, keep=None):
    golden = Golden(FOLDER / f"{name}.txt", files=keep is None)
    model, state = released_form(tf.CLIPModel(config), keep)
    golden.text("config.json", written or config.to_dict())
    golden.state("model.safetensors", state)
    golden.tokens(texts)
    pictures = golden.pictures(name, 2, side, -2, 2)

    def both(m):
        return (of_text(m, texts, lambda m, ids: m.text_projection(m.text_model(ids).pooler_output)),
                of_pictures(m, pictures, lambda m, x: m.visual_projection(m.vision_model(x).pooler_output)))

    exact, single = twice(model, both)
    golden.output("text", exact[0], single[0])
    golden.output("image", exact[1], single[1])
    golden.write()


def clip_small():
    """Heads and activation in the *_config_dict, which override the objects beside them; the end is the largest id."""
    text = dict(vocab_size=120, hidden_size=96, intermediate_size=200, num_hidden_layers=3, num_attention_heads=4,
                max_position_embeddings=20, eos_token_id=2, projection_dim=48)
    vision = dict(hidden_size=80, intermediate_size=176, num_hidden_layers=2, num_attention_heads=5, image_size=40,
                  patch_size=8, projection_dim=48)
    config = tf.CLIPConfig(text_config=text, vision_config=vision, projection_dim=48)
    written = config.to_dict()
    written["text_config_dict"], written["vision_config_dict"] = text, vision
    written["text_config"] = dict(written["text_config"], num_attention_heads=8)
    written["vision_config"] = dict(written["vision_config"], num_attention_heads=10)
    read = tf.CLIPConfig(**{key: value for key, value in written.items() if key != "model_type"})
    assert read.text_config.num_attention_heads == 4 and read.vision_config.num_attention_heads == 5
    texts = [[118, *token_ids(f"clip {n}", n, 0, 118), 119] for n in (0, 1, 5, 12, 18)]
    texts.append(texts[2] + [119, 0, 3])
    clip("clip", config, texts, 40, written)


def clip_gelu():
    """Another activation, epsilon and end token; a width that is no multiple of a vector."""
    text = dict(vocab_size=50, hidden_size=36, intermediate_size=70, num_hidden_layers=1, num_attention_heads=3,
                max_position_embeddings=9, eos_token_id=7, hidden_act="gelu", layer_norm_eps=1e-3, projection_dim=20)
    vision = dict(hidden_size=44, intermediate_size=90, num_hidden_layers=1, num_attention_heads=2, image_size=64,
                  patch_size=32, hidden_act="gelu", layer_norm_eps=1e-3, projection_dim=20)
    config = tf.CLIPConfig(text_config=text, vision_config=vision, projection_dim=20)
    texts = [[3, 49, 11, 7], [3, 7], [3, 8, 9, 10, 11, 12, 13, 14, 7]]
    clip("clip_gelu", config, texts, 64)


def pictures_only(name, model, written, side, run, keep=None):
    golden = Golden(FOLDER / f"{name}.txt", files=keep is None)
    model, state = released_form(model, keep)
    golden.text("config.json", written)
    golden.state("model.safetensors", state)
    pictures = golden.pictures(name, 2, side, -2, 2)
    exact, single = twice(model, lambda m: of_pictures(m, pictures, run))
    golden.output("image", exact, single)
    golden.write()


def class_row(m, x):
    return m(x).last_hidden_state[:, 0]


def released(config, omitted):
    """The configuration without keys whose values are the class's, as released files have it."""
    return {key: value for key, value in config.to_dict().items() if key not in omitted}


def vit():
    config = tf.ViTConfig(hidden_size=72, num_hidden_layers=3, num_attention_heads=12, intermediate_size=150,
                          image_size=32, patch_size=8)
    written = released(config, ["num_attention_heads", "layer_norm_eps", "hidden_act"])
    pictures_only("vit", tf.ViTModel(config), written, 32, class_row)


def dinov2():
    """Positions of 7 x 7 patches for pictures of 5 x 5."""
    config = tf.Dinov2Config(hidden_size=64, num_hidden_layers=3, num_attention_heads=4, image_size=49, patch_size=7)
    golden_side = 35
    pictures_only("dinov2", tf.Dinov2Model(config), released(config, ["layer_norm_eps"]), golden_side,
                  class_row)


def first_query(m, x):
    rows = m.vision_model(x).last_hidden_state
    return m.qformer(query_embeds=m.query_tokens.expand(len(x), -1, -1), encoder_hidden_states=rows,
                     encoder_attention_mask=None).last_hidden_state[:, 0]


def qformer():
    """The image tower and the Q-Former of BLIP-2; released files leave most of the configuration out."""
    vision = dict(hidden_size=80, intermediate_size=160, num_hidden_layers=2, image_size=42, patch_size=14)
    queries = dict(hidden_size=60, intermediate_size=100, num_hidden_layers=4, encoder_hidden_size=80)
    language = tf.OPTConfig(vocab_size=20, hidden_size=8, ffn_dim=8, num_hidden_layers=1, num_attention_heads=1,
                            word_embed_proj_dim=8, max_position_embeddings=8)
    config = tf.Blip2Config(vision_config=tf.Blip2VisionConfig(**vision),
                            qformer_config=tf.Blip2QFormerConfig(**queries),
                            text_config=language, num_query_tokens=6)
    model = tf.Blip2ForConditionalGeneration(config)

    written = {"model_type": "blip-2", "vision_config": vision, "qformer_config": queries}
    pictures_only("qformer", model, written, 42, first_query)


ALL = {"clip": clip_small, "clip_gelu": clip_gelu, "vit": vit, "dinov2": dinov2, "qformer": qformer}

if __name__ == "__main__":
    torch.set_num_threads(1)
    for wanted in sys.argv[1:] or ALL:
        ALL[wanted]()
