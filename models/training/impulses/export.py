"""The network as an ONNX file: normalisation folded into the convolutions, the operators written out by hand.

Written node by node, so that the file does not depend on which exporter a version of torch has.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from .network import ROWS, STRIDE, ImpulseNetwork, Layer

OPSET = 17
IR_VERSION = 8


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, values: np.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def convolution(self, x: str, weight: np.ndarray, bias: np.ndarray, dilation: int = 1) -> str:
        reach = dilation * (weight.shape[2] // 2)
        constants = (self.constant(weight.astype(np.float32)), self.constant(bias.astype(np.float32)))
        return self.add("Conv", x, *constants, dilations=[dilation], pads=[reach, reach])

    def layer(self, x: str, layer: Layer) -> str:
        weight, bias = _folded(layer)
        return self.add("Relu", self.convolution(x, weight, bias, layer.convolution.dilation[0]))


def _folded(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    norm = layer.normalisation
    mean, variance = (values.double() for values in (norm.running_mean, norm.running_var))
    factor = norm.weight.detach().double() / torch.sqrt(variance + norm.eps)
    weight = layer.convolution.weight.detach().double() * factor[:, None, None]
    return weight.numpy(), (norm.bias.detach().double() - mean * factor).numpy()


def export(network: ImpulseNetwork, target: Path) -> None:
    """Write the network: ``features`` of shape (channels, 3, n) to ``probability`` of shape (channels, n)."""
    graph = _Graph()
    shape = graph.constant(np.array([0, ROWS, -1, STRIDE], np.int64))
    frames = graph.add("Transpose", graph.add("Reshape", "features", shape), perm=[0, 1, 3, 2])
    frames = graph.add("Reshape", frames, graph.constant(np.array([0, ROWS * STRIDE, -1], np.int64)))
    x = graph.layer(frames, network.first)
    for layer in network.layers:
        x = graph.add("Add", x, graph.layer(x, layer))
    merged = graph.layer(graph.add("Concat", x, frames, axis=1), network.merge)
    last = network.last
    logits = graph.convolution(merged, last.weight.detach().numpy(), last.bias.detach().numpy())
    samples = graph.add("Transpose", logits, perm=[0, 2, 1])
    samples = graph.add("Reshape", samples, graph.constant(np.array([0, -1], np.int64)))
    graph.nodes.append(helper.make_node("Sigmoid", [samples], ["probability"]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "impulses",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["channels", ROWS, "samples"])],
            [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["channels", "samples"])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="wavemend",
    )
    onnx.checker.check_model(model)
    target.write_bytes(model.SerializeToString(deterministic=True))
