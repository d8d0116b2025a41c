"""The torch module of a model as ONNX, batch and tokens open."""

import logging
import warnings
from pathlib import Path

import torch

OPSET = 18


def write(model, work, folder: Path) -> None:
    folder.mkdir()
    # torch's fused attention comes out with tests for rows that are masked whole; the plain one is faster elsewhere.
    options = {} if model.family == "cnn" else {"attention": "eager"}
    module = model.implementation().load(model, work.checkpoint(model), **options)
    if model.side:
        names, inputs = ["x"], (torch.zeros(2, 3, model.side, model.side),)
        shapes = ({0: "n"},)
    else:
        names = ["ids", "mask"] if model.masked else ["ids"]
        ids = torch.full((2, model.tokens), model.special[1], dtype=torch.int64)
        inputs = (ids, torch.ones(2, model.tokens))[: len(names)]
        shapes = ({0: "n", 1: "tokens"},) * len(names)
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    with torch.inference_mode():
        torch.onnx.export(module, inputs, folder / f"{model.name}.onnx", input_names=names, output_names=["y"],
                          dynamic_shapes=shapes, opset_version=OPSET, external_data=True, verbose=False,
                          dynamo=True)
