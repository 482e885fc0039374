"""Models run by onnxruntime: those that come along, and those of one's own."""
