"""Explorers: one picture and a few knobs each, alive with and without a kernel."""

from vgcourse.explorers.chain import Chain
from vgcourse.explorers.initialization import Initialization
from vgcourse.explorers.linear_chain import LinearChain
from vgcourse.explorers.rectifiers import Rectifiers
from vgcourse.explorers.saturation import Saturation
from vgcourse.explorers.turning import bars, dots, heat, line, turn

LARGE = (Chain, Initialization, LinearChain, Rectifiers, Saturation)
__all__ = [
    "Chain",
    "Initialization",
    "LinearChain",
    "Rectifiers",
    "Saturation",
    "bars",
    "dots",
    "heat",
    "line",
    "turn",
]
