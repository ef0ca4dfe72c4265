"""*Re-run with your own numbers*: controls beside an explorer, where a kernel is."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import ipywidgets

PATIENCE = 0.5  # seconds until a bar shows


def silent(_fraction: float) -> None:
    """Report to nobody."""


def option(label: str, default: Any, choices: Sequence[str] | None = None) -> Any:
    """A field of an explorer's `Settings`: its label, default and choices."""
    return field(default=default, metadata={"label": label, "choices": choices})


@dataclass
class Progress:
    """Shows a bar once a computation has taken half a second."""

    bar: ipywidgets.FloatProgress
    started: float = field(default_factory=time.monotonic)

    def __call__(self, fraction: float) -> None:
        """Say that this fraction of the work is done."""
        if time.monotonic() - self.started > PATIENCE:
            self.bar.layout.visibility = "visible"
        self.bar.value = fraction


def panel(settings: type, run: Callable[..., None]) -> ipywidgets.VBox:
    """Controls for the fields of `settings`, and a button that calls `run` with them.

    Returns
    -------
    ipywidgets.VBox
        One control for each setting, the button *Re-run*, a progress bar that shows
        when the computation takes longer than half a second, and a line that says what
        went wrong if something did.
    """
    controls = {each.name: _control(each) for each in fields(settings)}
    button = ipywidgets.Button(description="Re-run", button_style="primary")
    bar = ipywidgets.FloatProgress(min=0.0, max=1.0)
    message = ipywidgets.Label()

    def recompute(_button: object) -> None:
        bar.value, bar.layout.visibility = 0.0, "hidden"
        button.disabled = True
        try:
            chosen = {name: control.value for name, control in controls.items()}
            run(**chosen, progress=Progress(bar))
            message.value = "Done: the picture above shows your numbers."
        except (TypeError, ValueError) as error:
            message.value = f"Not run: {error}."
        finally:
            button.disabled, bar.layout.visibility = False, "hidden"

    bar.layout.visibility = "hidden"
    button.on_click(recompute)
    rows = [*controls.values(), ipywidgets.HBox([button, bar]), message]
    return ipywidgets.VBox(rows)


def _control(setting: Any) -> ipywidgets.Widget:
    """The ipywidgets control that suits a setting's default."""
    layout = ipywidgets.Layout(width="360px")
    style = {"description_width": "180px"}
    kind: Callable[..., ipywidgets.Widget] = ipywidgets.FloatText
    options: dict[str, Any] = {"value": setting.default}
    if setting.metadata["choices"] is not None:
        kind = ipywidgets.Dropdown
        options["options"] = list(setting.metadata["choices"])
    elif isinstance(setting.default, int):
        kind = ipywidgets.IntText
    label = setting.metadata["label"]
    return kind(description=label, layout=layout, style=style, **options)
