"""Run the steps of `make test`, two at a time, and sum up.

    python tools/steps.py lint types unit notebooks , book browser

Each name is a target of the Makefile. A comma parts what may run side by side: the
steps of one side follow each other. What a step prints goes to .make/logs, and to the
screen if it fails; a line of it that begins with "note:" is repeated at the end. A
step whose predecessor failed runs all the same, so that one run tells everything.
"""

import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

LOGS = Path(".make") / "logs"
COLOR = re.compile(r"\x1b\[[0-9;]*m")
CLOSING = re.compile(r"^=+ (?P<counts>\d+ \w+(?:, \d+ \w+)*) in [\d.]+s.* =+$", re.M)


@dataclass(frozen=True)
class Outcome:
    """How one step went."""

    name: str
    seconds: float
    passed: bool
    output: str

    @property
    def closing_lines(self) -> list[str]:
        """The closing lines of the pytest runs in it."""
        return [match[0] for match in CLOSING.finditer(self.output)]

    @property
    def notes(self) -> list[str]:
        """The lines it wants repeated at the end."""
        lines = self.output.splitlines()
        return [line for line in lines if line.startswith("note:")]

    def count(self, *kinds: str) -> int:
        """How many tests ended so, over the pytest runs in it."""
        counts = " ".join(match["counts"] for match in CLOSING.finditer(self.output))
        return sum(
            int(n) for n, kind in re.findall(r"(\d+) (\w+)", counts) if kind in kinds
        )


def run(name: str, beside: str = "") -> Outcome:
    """Run one target, telling it which steps there are, and keep what it prints."""
    # Each step is a make of its own, not a part of the one that called us.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    environment["VGCOURSE_STEPS"] = beside
    start = time.perf_counter()
    result = subprocess.run(
        ["make", "--no-print-directory", name],
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    seconds = time.perf_counter() - start
    output = COLOR.sub("", result.stdout.decode(errors="replace"))
    (LOGS / f"{name}.txt").write_text(output)
    return Outcome(name, seconds, result.returncode == 0, output)


def run_lanes(lanes: list[list[str]]) -> list[Outcome]:
    """Run the lanes side by side, and tell of each step as it ends."""
    outcomes: dict[str, Outcome] = {}
    order = [name for lane in lanes for name in lane]
    telling = threading.Lock()

    def follow(lane: list[str]) -> None:
        for name in lane:
            outcome = run(name, beside=" ".join(order))
            with telling:
                outcomes[name] = outcome
                if not outcome.passed:
                    print(f"\n----- {name}\n{outcome.output.rstrip()}\n-----")
                progress = f"[{len(outcomes)}/{len(order)}] {name}"
                result = "ok" if outcome.passed else "FAILED"
                print(f"{progress:<16} {result} ({outcome.seconds:.0f} s)", flush=True)

    threads = [threading.Thread(target=follow, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes[name] for name in order]


def summary(outcomes: list[Outcome], seconds: float) -> str:
    """Return a line for each step, what they note, and the counts of all tests."""
    lines = [""]
    for outcome in outcomes:
        result = "ok" if outcome.passed else "FAILED"
        lines.append(f"{outcome.name:<10} {outcome.seconds:6.1f} s  {result}")
    lines.append(f"{'together':<10} {seconds:6.1f} s")
    for outcome in outcomes:
        lines += outcome.notes
    for outcome in outcomes:
        lines += outcome.closing_lines
    passed = sum(outcome.count("passed", "xfailed") for outcome in outcomes)
    failed = sum(outcome.count("failed", "error", "errors") for outcome in outcomes)
    skipped = sum(outcome.count("skipped") for outcome in outcomes)
    lines.append(f"tests: {passed} passed, {failed} failed, {skipped} skipped")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run the lanes that the arguments name."""
    lanes = [lane.split() for lane in " ".join(arguments).split(",")]
    LOGS.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    print(
        f"{' and '.join(', '.join(lane) for lane in lanes)}: side by side", flush=True
    )
    outcomes = run_lanes(lanes)
    print(summary(outcomes, time.perf_counter() - start))
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
