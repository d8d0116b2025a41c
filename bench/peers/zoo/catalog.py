"""The models, and the work that is timed on each. Imports no framework: every worker reads this."""

import importlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import made_up_weights

FAMILIES = ("cnn", "image", "text")
MIXED_TEXTS = 64


class PrepareError(Exception):
    """What a model or its work needs is not there."""


@dataclass(frozen=True)
class Model:
    name: str
    family: str
    module: str      # in this package; writes the checkpoint, loads the torch module
    checkpoint: str  # file or folder, as inkstone reads it
    result: str = ""  # of inkstone's outputs; empty: the default
    side: int = 0     # of the pictures, 0 where texts go in
    values: tuple[float, float] = (-2.0, 2.0)  # of preprocessed pixels
    # Of texts: tokens of an everyday one and of the fixed length of the released export, most in the mixed
    # batch; ids that begin, end and fill a text; the range of the others.
    tokens: int = 0
    padded: int = 0
    mixed: int = 0
    special: tuple[int, int, int] = (0, 0, 0)
    ids: tuple[int, int] = (0, 0)
    masked: bool = False  # takes a mask of the tokens beside them
    # onnxruntime fuses a padding of zeros into a maximum as if it were none, which changes the result.
    ort_without: tuple[str, ...] = ()

    def implementation(self):
        return importlib.import_module(f"zoo.{self.module}")


def _cnn(name, module, checkpoint, result, side, values=(-2.0, 2.0), **more):
    return Model(name, "cnn", module, checkpoint, result, side, values, **more)


def _image(name, module, checkpoint):
    return Model(name, "image", module, checkpoint, side=224)


MODELS = {model.name: model for model in (
    _cnn("resnet50", "torchvision_nets", "resnet50.pth", "logits", 224),
    _cnn("deepdanbooru", "keras_resnets", "deepdanbooru.h5", "tags", 512, (0.0, 1.0)),
    _cnn("resnet101v2", "keras_resnets", "resnet101v2.h5", "features", 224, (-1.0, 1.0),
         ort_without=("Pad_Fusion",)),
    _cnn("efficientnet-b0", "efficientnets", "efficientnet-b0", "logits", 224),
    _cnn("efficientnet-b7", "efficientnets", "efficientnet-b7", "logits", 600),
    _image("vit-l14", "clip", "clip-l14"),
    _image("vit-l16", "vits", "vit-l16"),
    _image("dinov2-base", "vits", "dinov2-base"),
    Model("clip-text-l14", "text", "clip", "clip-l14", tokens=20, padded=77, mixed=46,
          special=(49406, 49407, 0), ids=(0, 49406)),
    Model("distiluse", "text", "distiluse", "distiluse", tokens=16, padded=128, mixed=60,
          special=(101, 102, 0), ids=(106, 119547), masked=True),
)}


@dataclass(frozen=True)
class Case:
    """A batch of pictures, or texts of the given lengths, which peers fill up to `pad` tokens where it is set."""
    model: Model
    kind: str  # pictures, real, padded, full, mixed
    batch: int = 1

    @property
    def lengths(self) -> tuple[int, ...]:
        model = self.model
        if self.kind == "pictures":
            return ()
        if self.kind == "mixed":
            # Many short ones, few long ones, in no order.
            spread = made_up_weights.unit(f"lengths {model.name}", MIXED_TEXTS)
            return tuple(int(5 + (model.mixed - 4) * ((u + 1) / 2) ** 2) for u in spread)
        return (model.padded if self.kind == "full" else model.tokens,)

    @property
    def pad(self) -> int:
        return self.model.padded if self.kind == "padded" else 0

    @property
    def key(self) -> str:
        return f"{self.model.name}-{self.kind}" + (f"-{self.batch}" if self.kind == "pictures" else "")

    @property
    def label(self) -> str:
        lengths = self.lengths
        if self.kind == "pictures":
            return f"batch {self.batch}"
        if self.kind == "mixed":
            return f"{len(lengths)} texts of {min(lengths)} to {max(lengths)} tokens"
        return f"{lengths[0]} tokens" + (f", peers padded to {self.pad}" if self.pad else "")

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the input file, where all texts have one length."""
        if self.kind == "pictures":
            return (self.batch, self.model.side, self.model.side, 3)
        return (len(self.lengths), self.lengths[0])

    def make_input(self) -> np.ndarray:
        """float32 [n, h, w, 3], or the ids of all texts one after the other, int32."""
        model = self.model
        if self.kind == "pictures":
            return made_up_weights.pictures(model.name, self.batch, model.side, model.side, *model.values)
        start, end, _ = model.special
        low, high = model.ids
        ids = []
        for number, length in enumerate(self.lengths):
            drawn = made_up_weights.unit(f"{self.key} {number}", length - 2)
            ids += [start, *(int(low + (u + 1) / 2 * (high - low)) for u in drawn), end]
        return np.array(ids, np.int32)


def cases(model: Model, kinds: list[str], batches: list[int]) -> list[Case]:
    if model.family == "text":
        return [Case(model, kind) for kind in kinds]
    return [Case(model, "pictures", batch) for batch in batches]


TEXT_KINDS = ("real", "padded", "full", "mixed")


@dataclass(frozen=True)
class Work:
    """Where everything that is made lies; kept, so that the next run finds it."""
    folder: Path

    def checkpoint(self, model: Model) -> Path:
        return self.folder / model.checkpoint

    def onnx(self, model: Model) -> Path:
        return self.folder / f"{model.name}-onnx" / f"{model.name}.onnx"

    def optimised(self, case: Case) -> Path:
        """A folder for what peers make of the ONNX file, for this work on this machine."""
        return self.folder / "optimised" / case.key

    def input(self, case: Case) -> Path:
        return self.folder / "inputs" / f"{case.key}.bin"

    def reference(self, case: Case) -> Path:
        return self.folder / "references" / f"{case.key}.npz"

    def read_input(self, case: Case) -> np.ndarray | list[np.ndarray]:
        """Pictures, or a list of texts."""
        if case.kind == "pictures":
            return np.fromfile(self.input(case), np.float32).reshape(case.shape)
        return np.split(np.fromfile(self.input(case), np.int32), np.cumsum(case.lengths)[:-1])
