"""A phase diagram of 200 × 200 settings, against the time the course promises.

Processor time, so that what else runs on the machine does not count.
"""

import statistics
import sys
import time

import numpy as np

from vgcourse.phases import phase_diagram

SIDE, ROUNDS, AT_MOST = 200, 5, 1.0


def main() -> int:
    """Print how long fixed points, factors and depth scales take; fail above 1 s."""
    sigma_w = np.linspace(0.5, 4.0, SIDE)
    sigma_b = np.linspace(0.0, 1.5, SIDE)[:, None]
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        found = phase_diagram(activation="tanh", sigma_w=sigma_w, sigma_b=sigma_b)
        times.append(time.process_time() - start)
    took = statistics.median(times)
    chaotic = np.mean(found.phase == "chaotic")
    print(f"tanh, {SIDE} x {SIDE} settings, {chaotic:.0%} of them chaotic:")
    print(f"  {took:.2f} s of one core, at most {AT_MOST:g}")
    return 0 if took <= AT_MOST else 1


if __name__ == "__main__":
    sys.exit(main())
