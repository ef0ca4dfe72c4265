"""Start a kernel in which ``google.colab`` has been imported, as it has in Colab."""

import sys
from types import ModuleType, SimpleNamespace

from ipykernel.kernelapp import launch_new_instance

MANAGER = "https://ssl.gstatic.com/colaboratory-static/widgets/colab-cdn-widget-manager"


def google_colab() -> dict[str, ModuleType]:
    """Return stand-ins for the modules of Colab that the course and anywidget ask."""
    names = ("google", "google.colab", "google.colab.output")
    google, colab, output = modules = [ModuleType(name) for name in names]
    google.colab, colab.output = colab, output
    output._widgets = SimpleNamespace(_installed_url=None)

    def enable_custom_widget_manager() -> None:
        output._widgets._installed_url = MANAGER

    output.enable_custom_widget_manager = enable_custom_widget_manager
    return dict(zip(names, modules, strict=True))


if __name__ == "__main__":
    sys.modules.update(google_colab())
    launch_new_instance()
