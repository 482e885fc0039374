"""A recogniser that hears how loud each second is, installed as packages install theirs."""

PARROT = """
import numpy as np

class Parrot:
    sample_rate = 8000
    longest_s = 4.0

    def __init__(self, model=None, language=None):
        self.model = model or "grey"
        self.identity = {"parrot": "1.0", "model": self.model, "language": language or "any"}

    def recognise(self, sound):
        assert sound.dtype == np.float32 and sound.ndim == 1 and len(sound) <= 32000
        if self.model == "ill":
            raise RuntimeError("no seeds left")
        for at in range(0, len(sound), 8000):
            second = sound[at : at + 8000]
            loud = int(100 * np.sqrt(np.mean(second**2)))
            yield at / 8000, (at + len(second)) / 8000, f" {self.model} parrot, Naïve & {loud} loud "
"""


def install(folder, source=PARROT, offer="parrot = parrots:Parrot", module="parrots"):
    """Install one module with one offer into a folder on the path."""
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[wavemend.recognisers]\n{offer}\n")
