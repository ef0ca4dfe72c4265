"""Explorers: one picture and a few knobs each, alive with and without a kernel.

The engine has a room for each of its ideas: `spec` (how an explorer is described),
`table` (the numbers), `reading` (what a description shows at some position of its
knobs), `words` (numbers in words), `widget`, `rerun`. A large explorer is a module of
its own; `turning` makes an explorer out of a function.
"""

from vgcourse.explorers.chain import Chain
from vgcourse.explorers.initialization import Initialization
from vgcourse.explorers.linear_chain import LinearChain
from vgcourse.explorers.patient import Patient
from vgcourse.explorers.rectifiers import Rectifiers
from vgcourse.explorers.saturation import Saturation
from vgcourse.explorers.turning import bars, dots, heat, line, turn

LARGE = (Chain, Initialization, LinearChain, Patient, Rectifiers, Saturation)
__all__ = [
    "Chain",
    "Initialization",
    "LinearChain",
    "Patient",
    "Rectifiers",
    "Saturation",
    "bars",
    "dots",
    "heat",
    "line",
    "turn",
]
