"""The widget: knobs are traits, browser or matplotlib draw the picture."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import ipywidgets
import traitlets

from vgcourse._checks import FloatArray
from vgcourse.explorers import rerun
from vgcourse.explorers.reading import Reading
from vgcourse.explorers.spec import Knob, Panel, Sentence, Value, plain
from vgcourse.explorers.table import Table

HERE = Path(__file__).parent
BUNDLE = HERE / "explorer.js"
STYLESHEET = HERE / "explorer.css"


class KnobTrait(traitlets.TraitType):
    """A trait that accepts the values of the knob of the same name."""

    info_text = "a value of the knob"

    def validate(self, obj: "Explorer", value: Value) -> Value:
        """Return the knob's own value, or say which there are."""
        knob = obj.knobs.get(self.name or "")
        return value if knob is None else knob.values[knob.position(value)]


def knob(start: Value) -> KnobTrait:
    """A knob that stands at `start` at first."""
    return KnobTrait(start).tag(sync=True)


class Explorer(anywidget.AnyWidget):
    """A picture with knobs, drawn from a table that Python fills.

    A subclass names its knobs (with :func:`knob`), its `title`, `panels` and
    `readout`; `Settings`, a frozen dataclass of what *Re-run* can change; and
    `compute`, a pure function of settings and progress that returns the table.

    Parameters
    ----------
    **knobs
        Where the knobs stand at first.
    """

    _esm = BUNDLE.read_text(encoding="utf-8") + (
        "\nexport default vgcourseExplorer.default;\n"
    )
    _css = STYLESHEET.read_text(encoding="utf-8")
    # ipywidgets 7 would display itself and leave the still picture out.
    _ipython_display_ = None

    spec = traitlets.Dict().tag(sync=True)
    table = traitlets.Bytes().tag(sync=True)

    title: ClassVar[str]
    panels: ClassVar[Sequence[Panel]]
    readout: ClassVar[Sequence[Sentence]]
    Settings: ClassVar[type]
    compute: ClassVar[Callable[..., Table]]
    alt: ClassVar[str] = ""  # of the still picture, before the sentence

    def __init__(self, **knobs: Value) -> None:
        self.knobs: dict[str, Knob] = {}
        super().__init__()
        self.rerun()
        for name in knobs.keys() - self.knobs.keys():
            message = f"{name!r} is no knob; there are {', '.join(self.knobs)}"
            raise TypeError(message)
        for name, value in knobs.items():
            setattr(self, name, value)

    def rerun(
        self, *, progress: Callable[[float], None] = rerun.silent, **settings: Any
    ) -> None:
        """Compute the table anew.

        Parameters
        ----------
        progress : callable, optional
            Is told the fraction done.
        **settings
            Fields of the explorer's `Settings`; its defaults where missing.
        """
        table = type(self).compute(self.Settings(**settings), progress)
        numbers, layouts = table.encode()
        alt = {"alt": self.alt} if self.alt else {}
        spec = alt | {
            "kind": type(self).__name__,
            "title": self.title,
            "knobs": plain(table.knobs),
            "arrays": layouts,
            "panels": plain(self.panels),
            "readout": plain(self.readout),
        }
        with self.hold_sync():
            self.knobs = {}
            for each in table.knobs:
                setattr(self, each.name, each.nearest(getattr(self, each.name)))
            self.knobs = {each.name: each for each in table.knobs}
            self.reading = Reading(spec, numbers)
            self.spec, self.table = spec, numbers

    def positions(self) -> dict[str, int]:
        """Where the knobs stand."""
        return {n: each.position(getattr(self, n)) for n, each in self.knobs.items()}

    def row(self, name: str) -> FloatArray:
        """The numbers of one array at the present knobs, shape (row,)."""
        return self.reading.row(name, self.positions())

    def sentence(self) -> str:
        """What the picture shows at the present knobs, in words and numbers."""
        return self.reading.sentence(self.positions())

    def pictures(self) -> list[tuple[str, dict[str, Any]]]:
        """For each panel that is there, its view and what the view draws."""
        at = self.positions()
        panels = self.reading.panels(at)
        return [(panel["view"], self.reading.picture(panel, at)) for panel in panels]

    def figure(self) -> Any:
        """Draw the present picture with matplotlib.

        Returns
        -------
        matplotlib.figure.Figure
            Not attached to pyplot, so nothing has to be closed.
        """
        from vgcourse import plotting  # noqa: PLC0415 - matplotlib only where drawn

        pictures = self.pictures()
        heights = [
            plotting.ROW if view == "network" else plotting.HEIGHT
            for view, _ in pictures
        ]
        fig, axes = plotting.figure(len(pictures), height=heights)
        for (view, picture), ax in zip(pictures, axes, strict=True):
            plotting.panel(ax, view, picture)
        plotting.close(fig)
        return fig

    def rerun_panel(self) -> ipywidgets.VBox:
        """Controls for `rerun`; they need a kernel. See :func:`rerun.panel`."""
        return rerun.panel(self.Settings, self.rerun)

    def __repr__(self) -> str:
        """Name the explorer and its knobs; the same in every run."""
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.knobs)
        return f"{type(self).__name__}({values})"

    def _repr_mimebundle_(
        self, **_options: object
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Bundle the live view with its still picture and its sentence."""
        from vgcourse import plotting  # noqa: PLC0415 - matplotlib only where drawn

        bundle = super()._repr_mimebundle_()
        data, metadata = ({}, {}) if bundle is None else bundle
        drawn = self.figure()
        data["image/png"] = plotting.png(drawn)
        if (vector := drawn._repr_svg_()) is not None:
            data["image/svg+xml"] = vector
        data["text/plain"] = f"{self!r}\n{self.sentence()}"
        words = {"alt": f"{self.alt} {self.sentence()}".strip()}
        metadata |= {"image/png": words, "image/svg+xml": words}
        return data, metadata
