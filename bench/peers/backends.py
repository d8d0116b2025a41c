"""The peers, each in its best float32 setting. Prepared once, a backend does the same work at each run().

It takes the padded input as NCHW float32 and keeps it resident; result() gives the last output as NCHW.
Each framework is imported only by its own backend, so that a worker's memory is that of one framework.
"""

from pathlib import Path

import numpy as np

# Recorded in the results beside the numbers.
SETTINGS = {
    "ort": "ORT_ENABLE_ALL, sequential, intra_op_num_threads, denormals as zero, I/O binding, static shapes",
    "openvino": "f32 precision, latency hint, INFERENCE_NUM_THREADS, denormals as zero, resident tensors, "
                "static shapes",
    "ncnn": "Winograd, sgemm and packing layout on; fp16, bf16 and int8 off; light mode; "
            "its default (pooled) allocators",
}


def ort_options(threads: int):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return options


def openvino_settings(threads: int) -> dict:
    import openvino
    from openvino import properties
    return {
        properties.hint.inference_precision: openvino.Type.f32,
        properties.hint.performance_mode: properties.hint.PerformanceMode.LATENCY,
        properties.inference_num_threads: threads,
        properties.intel_cpu.denormals_optimization: True,
    }


class Ort:
    def __init__(self, model: Path, threads: int, src: np.ndarray, dst_shape: tuple[int, ...]):
        import onnxruntime
        self.session = onnxruntime.InferenceSession(str(model), ort_options(threads),
                                                    providers=["CPUExecutionProvider"])
        self.src = onnxruntime.OrtValue.ortvalue_from_numpy(src)
        self.dst = onnxruntime.OrtValue.ortvalue_from_shape_and_type(list(dst_shape), np.float32)
        self.binding = self.session.io_binding()
        self.binding.bind_ortvalue_input(self.session.get_inputs()[0].name, self.src)
        self.binding.bind_ortvalue_output(self.session.get_outputs()[0].name, self.dst)

    def run(self) -> None:
        self.session.run_with_iobinding(self.binding)

    def result(self) -> np.ndarray:
        return self.dst.numpy()


class OpenVino:
    def __init__(self, model: Path, threads: int, src: np.ndarray, dst_shape: tuple[int, ...]):
        import openvino
        self.compiled = openvino.Core().compile_model(str(model), "CPU", openvino_settings(threads))
        self.src, self.dst = src, np.empty(dst_shape, np.float32)
        self.request = self.compiled.create_infer_request()
        self.request.set_input_tensor(openvino.Tensor(self.src, shared_memory=True))
        self.request.set_output_tensor(openvino.Tensor(self.dst, shared_memory=True))

    def run(self) -> None:
        self.request.infer()

    def result(self) -> np.ndarray:
        return self.dst


class Ncnn:
    def __init__(self, model: Path, threads: int, src: np.ndarray, dst_shape: tuple[int, ...]):
        import ncnn
        self.net = ncnn.Net()
        options = self.net.opt
        options.num_threads = threads
        options.lightmode = True
        options.use_vulkan_compute = False
        options.use_winograd_convolution = True
        options.use_sgemm_convolution = True
        options.use_packing_layout = True
        for name in dir(options):
            if name.startswith(("use_fp16_", "use_bf16_", "use_int8_")):
                setattr(options, name, False)
        weights = model.with_suffix(".bin")
        if self.net.load_param(str(model)) != 0 or self.net.load_model(str(weights)) != 0:
            raise RuntimeError(f"ncnn cannot load {model}")
        self.input, self.output = self.net.input_names()[0], self.net.output_names()[0]
        # A Mat made of an array only points at it; src outlives this line, a temporary copy would not.
        self.src, self.dst = ncnn.Mat(src[0]).clone(), None

    def run(self) -> None:
        self.dst = None
        extractor = self.net.create_extractor()
        extractor.input(self.input, self.src)
        status, self.dst = extractor.extract(self.output)
        if status != 0:
            raise RuntimeError(f"ncnn stopped with {status}")

    def result(self) -> np.ndarray:
        return np.array(self.dst)[None]


BACKENDS = {"ort": Ort, "openvino": OpenVino, "ncnn": Ncnn}
