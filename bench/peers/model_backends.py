"""The peers of the model families, each in its best float32 setting.

A backend gives candidates: ways to do the same work, of which a worker keeps the fastest. A candidate is made with
all that is resident; run() does the work, result() gives the last rows [n, d].
Each framework is imported only by its own backend, so that a worker's memory is that of one framework.
"""

import functools
import os
from pathlib import Path

import numpy as np

from backends import openvino_settings, ort_options
from model_feeds import Feed, feeds, fixed_shape, in_order
from zoo.catalog import Case, Work

# Recorded in the results beside the numbers.
SETTINGS = {
    "ort": "ORT_ENABLE_ALL, sequential, intra_op_num_threads, denormals as zero, I/O binding; shapes fixed "
           "(free_dimension_override) for pictures and padded texts, open for texts at their real length; "
           "ResNet101V2 without Pad_Fusion, which makes its result wrong",
    "openvino": "f32 precision (bf16 off), latency hint, INFERENCE_NUM_THREADS, denormals as zero, resident tensors; "
                "reshaped to the fixed shape for pictures and padded texts, open for texts at their real length",
    "torch": "eager, inference_mode, set_num_threads, flush_denormal, float32 matrix products and convolutions "
             "(bf16 and tf32 off), scaled dot product attention; for pictures through convolutions NCHW and "
             "channels_last, the faster",
}


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


def ort_session(case: Case, work: Work, threads: int, fixed: dict[str, int], optimised: Path | None = None,
                entries: dict[str, str] | None = None):
    """optimised: where the graph is left as this machine optimises it; read from there if it is there already."""
    import onnxruntime
    file = work.onnx(case.model)
    options = ort_options(threads)
    for name, value in (entries or {}).items():
        options.add_session_config_entry(name, value)
    for name, size in fixed.items():
        options.add_free_dimension_override_by_name(name, size)
    if optimised and optimised.exists():
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        file = optimised
    elif optimised:
        optimised.parent.mkdir(parents=True, exist_ok=True)
        options.optimized_model_filepath = str(optimised)
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name",
                                         f"{optimised.name}.data")
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"],
                                        disabled_optimizers=list(case.model.ort_without))


def ort_candidates(case: Case, work: Work, threads: int):
    ways = feeds(case, work)
    session = ort_session(case, work, threads, fixed_shape(case, ways[0][1][0]))
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
    core = openvino.Core()
    model = core.read_model(str(file))
    if fixed:
        sizes = [fixed["n"]] + ([fixed["tokens"]] if "tokens" in fixed else [])
        model.reshape({port: openvino.PartialShape(sizes + list(port.get_partial_shape())[len(sizes):])
                       for port in model.inputs})
    return core.compile_model(model, "CPU", openvino_settings(threads))


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


def cold_ort(case: Case, work: Work, threads: int, way: str):
    calls = feeds(case, work)[0][1]
    optimised = None if way == "onnx" else work.optimised(case) / f"{case.model.name}.onnx"
    # Packing pays only from the second run on.
    entries = {"session.disable_prepacking": "1"} if way == "optimised, not packed" else {}
    return Ort(ort_session(case, work, threads, fixed_shape(case, calls[0]), optimised, entries), calls)


def cold_openvino(case: Case, work: Work, threads: int, way: str):
    import openvino
    calls = feeds(case, work)[0][1]
    blob = work.optimised(case) / f"openvino-{threads}.blob"
    if way == "compiled" and blob.exists():
        # Mapped, not read.
        tensor = openvino.tensor_from_file(str(blob))
        return OpenVino(openvino.Core().import_model(tensor, "CPU", openvino_settings(threads)), calls)
    compiled = openvino_model(work.onnx(case.model), threads, fixed_shape(case, calls[0]))
    if way == "compiled":
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(compiled.export_model().getvalue())
    return OpenVino(compiled, calls)


# For one result of a new process, the ways to get there. What a way leaves in the work folder it makes the first time.
COLD = {"ort": (cold_ort, ("onnx", "optimised", "optimised, not packed")),
        "openvino": (cold_openvino, ("onnx", "compiled"))}
FRAMEWORKS = {"ort": "onnxruntime", "openvino": "openvino"}
CANDIDATES = {"ort": ort_candidates, "openvino": openvino_candidates, "torch": torch_candidates}
