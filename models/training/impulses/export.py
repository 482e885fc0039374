"""The judge as an ONNX file: normalisation folded into the convolutions, the operators written out by hand.

Written node by node, so that the file does not depend on which exporter a version of torch has.
"""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from .network import HIDDEN, OUTPUTS, TOWERS, Judge, Layer

# source: ONNX 1.12's operators, and the file format that goes with them
OPSET = 17
IR_VERSION = 8
INPUTS = ("near", "ring", "far")


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, values: np.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def layer(self, x: str, layer: Layer) -> str:
        constants = [self.constant(values.astype(np.float32)) for values in _folded(layer)]
        padding = [layer.padding, layer.padding]
        return self.add("Relu", self.add("Conv", x, *constants, strides=[layer.stride], pads=padding))

    def linear(self, x: str, linear: torch.nn.Linear) -> str:
        weight, bias = (values.detach().numpy() for values in (linear.weight, linear.bias))
        return self.add("Gemm", x, self.constant(weight), self.constant(bias), transB=1)


def _folded(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    norm = layer.normalisation
    mean, variance = (values.double() for values in (norm.running_mean, norm.running_var))
    factor = norm.weight.detach().double() / torch.sqrt(variance + norm.eps)
    weight = layer.convolution.weight.detach().double() * factor[:, None, None]
    return weight.numpy(), (norm.bias.detach().double() - mean * factor).numpy()


def export(judge: Judge, target: Path) -> None:
    """Write the judge: looks to ``probability``, (candidates,), and coded ``offsets``, (candidates, 2)."""
    graph = _Graph()
    heard = []
    for name, tower in zip(INPUTS, judge.towers, strict=True):
        heard.append(graph.add("Flatten", reduce(graph.layer, tower, name)))
    before = graph.linear(graph.add("Concat", *heard, axis=1), judge.hidden)
    hidden = graph.add("Relu", before, output="hidden")
    told = graph.linear(hidden, judge.last)
    logit, offsets = (graph.constant(np.array(which, np.int64)) for which in (0, [1, 2]))
    graph.add("Sigmoid", graph.add("Gather", told, logit, axis=1), output="probability")
    graph.add("Gather", told, offsets, axis=1, output="offsets")
    shapes = {name: ["candidates", *tower[:2]] for name, tower in zip(INPUTS, TOWERS, strict=True)}
    outputs = {
        "probability": ["candidates"],
        "offsets": ["candidates", OUTPUTS - 1],
        "hidden": ["candidates", HIDDEN],
    }
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "impulses",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name, shape in outputs.items()
            ],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="wavemend",
    )
    onnx.checker.check_model(model)
    target.write_bytes(model.SerializeToString(deterministic=True))
