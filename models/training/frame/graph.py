"""An ONNX graph written node by node, so that it does not depend on which exporter a version of torch has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, checker, helper, numpy_helper
from torch import nn

# source: ONNX 1.12's operators, and the file format that goes with them
OPSET = 17
IR_VERSION = 8


class Graph:
    """Nodes and constants; a value is known by its name."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node, and return the name of what it gives."""
        name = output or f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, values: npt.ArrayLike) -> str:
        """Add a constant, and return its name."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def convolution(self, x: str, layer: nn.Conv1d | nn.Conv2d) -> str:
        """Add a convolution with its padding, stride, dilation and groups."""
        weights = [self.constant(each.detach().float().numpy()) for each in (layer.weight, layer.bias)]
        padding = [int(each) for each in layer.padding]
        return self.add(
            "Conv", x, *weights, strides=list(layer.stride), dilations=list(layer.dilation),
            pads=[*padding, *padding], group=layer.groups,
        )  # fmt: skip

    def linear(self, x: str, layer: nn.Linear) -> str:
        """Add a layer that is linear in the last dimension."""
        weight = self.constant(layer.weight.detach().float().numpy().T.copy())
        return self.add(
            "Add", self.add("MatMul", x, weight), self.constant(layer.bias.detach().float().numpy())
        )

    def write(self, target: Path, inputs: dict[str, list[Any]], outputs: dict[str, list[Any]]) -> None:
        """Check the graph and write it; shapes may hold words for sizes that are open."""
        named = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in each.items()]
            for each in (inputs, outputs)
        ]
        model = helper.make_model(
            helper.make_graph(self._nodes, target.stem, *named, self._constants),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="wavemend",
        )
        checker.check_model(model, full_check=True)
        target.write_bytes(model.SerializeToString(deterministic=True))
