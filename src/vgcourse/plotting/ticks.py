"""Where an axis has its ticks; the twin of ``js/explorers/ticks.js``.

Both choose by the same rules: ``tests/test_plotting.py`` compares the two.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import Formatter, Locator, MaxNLocator
from numpy.typing import ArrayLike

from vgcourse.plotting.theme import power_of_ten

WIDE = 2.5  # decades, from which on whole ones are enough
FEWEST = 3  # ticks that tell a scale
DIGITS = ((1, 3), (1, 2, 5))  # of each decade, where whole ones are too few


class Places(Locator):
    """Ticks of an axis that counts: whole numbers, where there are enough of them."""

    def __call__(self) -> Sequence[float]:
        """The ticks of the present view."""
        assert self.axis is not None
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """The ticks between two numbers."""
        whole = _inside(MaxNLocator(integer=True).tick_values(vmin, vmax), vmin, vmax)
        if len(whole) >= FEWEST:
            return whole
        return _inside(MaxNLocator(8).tick_values(vmin, vmax), vmin, vmax)


class Sizes(Places):
    """Ticks of an axis of log10 values: decades, or sizes between if these are few."""

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """The ticks between two powers of ten."""
        if vmax - vmin > WIDE:
            return MaxNLocator(6, integer=True).tick_values(vmin, vmax)
        decades = np.arange(np.floor(vmin), vmax + 1.0)
        for digits in DIGITS:
            found = _inside(np.add.outer(decades, np.log10(digits)), vmin, vmax)
            if len(found) >= FEWEST:
                return found
        sizes = MaxNLocator(5).tick_values(10.0**vmin, 10.0**vmax)
        return _inside(np.log10([size for size in sizes if size > 0]), vmin, vmax)


class SizeLabels(Formatter):
    """Labels of `Sizes`: powers of ten far apart, plain numbers close together."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The label of a tick."""
        assert self.axis is not None
        low, high = self.axis.get_view_interval()
        if high - low > WIDE or abs(x) >= 4:
            return power_of_ten(x)
        return np.format_float_positional(float(f"{10.0**x:.4g}"), trim="-")


def _inside(ticks: ArrayLike, low: float, high: float) -> list[float]:
    return [tick for tick in np.ravel(ticks).tolist() if low <= tick <= high]
