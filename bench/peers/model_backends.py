"""The peers of the model families, each in its best float32 setting.

A backend gives candidates: ways to do the same work, of which a worker keeps the fastest. A candidate is made with
all that is resident; run() does the work, result() gives the last rows [n, d].
Each framework is imported only by its own backend, so that a worker's memory is that of one framework.
"""

import functools
import os
from pathlib import Path

import numpy as np

from zoo.catalog import Case, Work

# Recorded in the results beside the numbers.
SETTINGS = {
    "ort": "ORT_ENABLE_ALL, sequential, intra_op_num_threads, denormals as zero, I/O binding; shapes fixed "
           "(free_dimension_override) for pictures and padded texts, open for texts at their real length",
    "openvino": "f32 precision (bf16 off), latency hint, INFERENCE_NUM_THREADS, denormals as zero, resident tensors; "
                "reshaped to the fixed shape for pictures and padded texts, open for texts at their real length",
    "torch": "eager, inference_mode, set_num_threads, flush_denormal, float32 matrix products and convolutions "
             "(bf16 and tf32 off), scaled dot product attention; for pictures through convolutions NCHW and "
             "channels_last, the faster",
}
# Sentences in a padded bucket of a sorted batch; the fastest is taken.
BUCKETS = (4, 8, 16, 64)


class Feed:
    """What one call of a peer takes, and which rows of the result it gives."""

    def __init__(self, arrays: dict[str, np.ndarray], rows: list[int]):
        self.arrays, self.rows = arrays, rows


def _texts(case: Case, texts: list[np.ndarray], names: tuple[str, ...], rows: list[int]) -> Feed:
    width = max(case.pad, *(len(texts[row]) for row in rows))
    ids = np.full((len(rows), width), case.model.special[2], np.int64)
    mask = np.zeros((len(rows), width), np.float32)
    for at, row in enumerate(rows):
        ids[at, : len(texts[row])] = texts[row]
        mask[at, : len(texts[row])] = 1
    return Feed(dict(zip(names, (ids, mask))), rows)


def feeds(case: Case, work: Work) -> list[tuple[str, list[Feed]]]:
    """Ways to hand a case to a peer, with their names."""
    given = work.read_input(case)
    if case.kind == "pictures":
        return [("", [Feed({"x": np.ascontiguousarray(given.transpose(0, 3, 1, 2))}, list(range(case.batch)))])]
    names = ("ids", "mask") if case.model.masked else ("ids",)
    if case.kind != "mixed":
        return [("", [_texts(case, given, names, list(range(len(given))))])]
    order = sorted(range(len(given)), key=lambda row: len(given[row]))
    return [(f"buckets of {size}",
             [_texts(case, given, names, order[at:at + size]) for at in range(0, len(order), size)])
            for size in BUCKETS]


def in_order(parts: list[tuple[list[int], np.ndarray]]) -> np.ndarray:
    """Rows of several calls, put where they belong."""
    whole = np.empty((sum(len(rows) for rows, _ in parts), parts[0][1].shape[1]), np.float32)
    for rows, values in parts:
        whole[rows] = values
    return whole


def fixed_shape(case: Case, feed: Feed) -> dict[str, int]:
    """Dimensions that may be fixed beforehand, by name; none for texts at their real length."""
    if case.kind == "pictures":
        return {"n": case.batch}
    if case.kind in ("padded", "full"):
        return {"n": 1, "tokens": feed.arrays["ids"].shape[1]}
    return {}


class Ort:
    def __init__(self, session, calls: list[Feed]):
        import onnxruntime
        self.session, self.bindings = session, []
        for feed in calls:
            binding = session.io_binding()
            for name, array in feed.arrays.items():
                binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
            binding.bind_output("y")
            self.bindings.append((feed.rows, binding))

    def run(self) -> None:
        for _, binding in self.bindings:
            self.session.run_with_iobinding(binding)

    def result(self) -> np.ndarray:
        return in_order([(rows, binding.get_outputs()[0].numpy()) for rows, binding in self.bindings])


def ort_session(file: Path, threads: int, fixed: dict[str, int]):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    for name, size in fixed.items():
        options.add_free_dimension_override_by_name(name, size)
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def ort_candidates(case: Case, work: Work, threads: int):
    ways = feeds(case, work)
    session = ort_session(work.onnx(case.model), threads, fixed_shape(case, ways[0][1][0]))
    for name, calls in ways:
        yield name, functools.partial(Ort, session, calls)


class OpenVino:
    def __init__(self, compiled, calls: list[Feed]):
        import openvino
        self.requests = []
        for feed in calls:
            request = compiled.create_infer_request()
            for name, array in feed.arrays.items():
                request.set_tensor(name, openvino.Tensor(array, shared_memory=True))
            self.requests.append((feed, request))

    def run(self) -> None:
        for _, request in self.requests:
            request.infer()

    def result(self) -> np.ndarray:
        return in_order([(feed.rows, request.get_output_tensor().data) for feed, request in self.requests])


def openvino_model(file: Path, threads: int, fixed: dict[str, int]):
    import openvino
    from openvino import properties
    core = openvino.Core()
    model = core.read_model(str(file))
    if fixed:
        sizes = [fixed["n"]] + ([fixed["tokens"]] if "tokens" in fixed else [])
        model.reshape({port: openvino.PartialShape(sizes + list(port.get_partial_shape())[len(sizes):])
                       for port in model.inputs})
    return core.compile_model(model, "CPU", {
        properties.hint.inference_precision: openvino.Type.f32,
        properties.hint.performance_mode: properties.hint.PerformanceMode.LATENCY,
        properties.inference_num_threads: threads,
        properties.intel_cpu.denormals_optimization: True,
    })


def openvino_candidates(case: Case, work: Work, threads: int):
    ways = feeds(case, work)
    compiled = openvino_model(work.onnx(case.model), threads, fixed_shape(case, ways[0][1][0]))
    for name, calls in ways:
        yield name, functools.partial(OpenVino, compiled, calls)


class Torch:
    def __init__(self, module, calls: list[Feed], memory_format):
        import torch
        self.torch = torch
        self.module = module.to(memory_format=memory_format)
        self.calls, self.outputs = [], []
        for feed in calls:
            inputs = [torch.from_numpy(array) for array in feed.arrays.values()]
            if memory_format == torch.channels_last:
                inputs = [value.contiguous(memory_format=memory_format) for value in inputs]
            # Without padding there is nothing to mask.
            if "mask" in feed.arrays and feed.arrays["mask"].all():
                inputs = inputs[:1]
            self.calls.append((feed.rows, inputs))

    def run(self) -> None:
        with self.torch.inference_mode():
            self.outputs = [self.module(*inputs) for _, inputs in self.calls]

    def result(self) -> np.ndarray:
        return in_order([(rows, output.numpy()) for (rows, _), output in zip(self.calls, self.outputs)])


def torch_candidates(case: Case, work: Work, threads: int):
    # Before the import: machines with bf16 matrix units may otherwise use them for float32.
    os.environ["ONEDNN_DEFAULT_FPMATH_MODE"] = "STRICT"
    import torch
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("highest")
    torch.set_flush_denormal(True)
    module = case.model.implementation().load(case.model, work.checkpoint(case.model))
    for name, calls in feeds(case, work):
        yield name or "NCHW", functools.partial(Torch, module, calls, torch.contiguous_format)
        if case.model.family == "cnn":
            yield "channels_last", functools.partial(Torch, module, calls, torch.channels_last)


CANDIDATES = {"ort": ort_candidates, "openvino": openvino_candidates, "torch": torch_candidates}
