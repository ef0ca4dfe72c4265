"""Write the repository's address wherever it stands, from the one place that knows it.

    python tools/address.py                                 take it from pyproject.toml
    python tools/address.py https://github.com/me/vgcourse  set it there first

The version in pyproject.toml goes the same way: links point to the tag of this edition.
Needs nothing but Python, so a workflow can run it before anything is installed.
"""

import json
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = "OWNER/vgcourse"

# Files of plain text that may hold the address, beside the notebooks.
TEXTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "CITATION.cff",
    "book/_config.yml",
    "book/*.md",
    ".github/workflows/*.yml",
)
# Where the two generated cells stand in every notebook.
BADGES, INSTALL = 1, 3

Cell = dict[str, Any]


@dataclass(frozen=True)
class Address:
    """Where this edition of the course lives: ``owner/repository`` and a tag."""

    slug: str
    tag: str

    @property
    def url(self) -> str:
        """The page of the repository."""
        return f"https://github.com/{self.slug}"

    @property
    def site(self) -> str:
        """The published book."""
        owner, repository = self.slug.split("/")
        return f"https://{owner}.github.io/{repository}"

    @property
    def is_placeholder(self) -> bool:
        """Whether nobody has published the course yet."""
        return self.slug == PLACEHOLDER

    def colab(self, name: str) -> str:
        """The notebook `name` (a file stem) in Colab."""
        return (
            "https://colab.research.google.com/github/"
            f"{self.slug}/blob/{self.tag}/notebooks/{name}.ipynb"
        )

    def binder(self, name: str) -> str:
        """The notebook `name` in JupyterLab on Binder."""
        return (
            f"https://mybinder.org/v2/gh/{self.slug}/{self.tag}"
            f"?urlpath=lab/tree/notebooks/{name}.ipynb"
        )


def parse(url: str) -> str:
    """Return ``owner/repository`` of a GitHub address."""
    match = re.fullmatch(r"https://github\.com/([\w-]+/[\w.-]+?)(?:\.git)?/?", url)
    if match is None:
        message = f"an address looks like https://github.com/OWNER/NAME, got {url!r}"
        raise ValueError(message)
    return match[1]


def read(root: Path = ROOT) -> Address:
    """Read the address from ``pyproject.toml``."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return Address(parse(project["urls"]["Repository"]), f"v{project['version']}")


def badges_cell(name: str, address: Address | None = None) -> Cell:
    """Return the cell with the Colab and Binder badges of the notebook `name`."""
    address = address or read()
    colab = "https://colab.research.google.com/assets/colab-badge.svg"
    binder = "https://mybinder.org/badge_logo.svg"
    source = (
        f"[![Open in Colab]({colab})]({address.colab(name)})\n"
        f"[![Launch on Binder]({binder})]({address.binder(name)})"
    )
    return {
        "cell_type": "markdown",
        "id": "badges",
        "metadata": {"tags": ["remove-cell"]},
        "source": source.splitlines(keepends=True),
    }


def install_cell(address: Address | None = None) -> Cell:
    """Return the cell that installs the helper package, in Colab only."""
    address = address or read()
    if address.is_placeholder:
        body = 'print("vgcourse has no public address yet: Colab cannot install it.")'
    else:
        body = (
            f'COURSE = "git+{address.url}@{address.tag}"\n'
            '    %pip install -q --no-deps "vgcourse @ {COURSE}"'
        )
    source = f'import sys\n\nif "google.colab" in sys.modules:\n    {body}'
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "install",
        "metadata": {"tags": ["remove-cell"]},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def dump(notebook: dict[str, Any]) -> str:
    """Return the text of a notebook, laid out as nbformat lays it out."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _place(cells: list[Cell], new: Cell, position: int) -> None:
    """Put `new` at its position, over the cell with its id where there is one."""
    for index, cell in enumerate(cells):
        if cell.get("id") == new["id"]:
            new = {**cell, "metadata": new["metadata"], "source": new["source"]}
            del cells[index]
            break
    cells.insert(position, new)


def rewrite_notebook(text: str, name: str, address: Address) -> str:
    """Return the notebook with its two generated cells up to date."""
    notebook = json.loads(text)
    _place(notebook["cells"], badges_cell(name, address), BADGES)
    _place(notebook["cells"], install_cell(address), INSTALL)
    return dump(notebook)


def rewrite_text(text: str, old: str, address: Address) -> str:
    """Return `text` with the slug `old`, and the placeholder, replaced everywhere."""
    for slug in (old, PLACEHOLDER):
        owner, repository = map(re.escape, slug.split("/"))
        site = rf"https://{owner}\.github\.io/{repository}(?![\w-])"
        text = re.sub(site, address.site, text, flags=re.IGNORECASE)
        ours = rf"((?:github\.com|/github|/gh)/){owner}/{repository}(?![\w-])"
        text = re.sub(ours, rf"\g<1>{address.slug}", text)
    # What follows our slug in a link is the tag of this edition.
    ours = re.escape(address.slug)
    tagged = rf"(/gh/{ours}/|/{ours}/blob/)v[\d.]+\d"
    return re.sub(tagged, rf"\g<1>{address.tag}", text)


def rewrite_config(text: str, address: Address) -> str:
    """Return the book's settings with the address and the tag under ``repository``."""
    url, branch = rf"\g<1>{address.url}", rf"\g<1>{address.tag}"
    text = re.sub(r"(?m)^(repository:\n(?:[ \t]+.*\n)*?[ \t]+url:[ \t]*)\S+", url, text)
    return re.sub(
        r"(?m)^(repository:\n(?:[ \t]+.*\n)*?[ \t]+branch:[ \t]*)\S+", branch, text
    )


def rewrite_citation(text: str, address: Address) -> str:
    """Return the citation file with the address and the version of this edition."""
    text = re.sub(r"(?m)^(repository-code: ).*$", rf'\g<1>"{address.url}"', text)
    text = re.sub(r"(?m)^(url: ).*$", rf'\g<1>"{address.site}"', text)
    return re.sub(r"(?m)^(version: ).*$", rf"\g<1>{address.tag[1:]}", text)


def pending(root: Path = ROOT) -> dict[Path, str]:
    """Return the files that disagree with ``pyproject.toml``, and what they should say.

    The address that was written last stands in ``CITATION.cff``; that one is replaced.
    """
    address = read(root)
    citation = (root / "CITATION.cff").read_text("utf-8")
    written = re.search(r'(?m)^repository-code: "?([^"\n]+)"?$', citation)
    old = parse(written[1]) if written else PLACEHOLDER
    changes = {}
    for path in sorted(path for pattern in TEXTS for path in root.glob(pattern)):
        before = path.read_text("utf-8")
        after = rewrite_text(before, old, address)
        if path.name == "CITATION.cff":
            after = rewrite_citation(after, address)
        if path.name == "_config.yml":
            after = rewrite_config(after, address)
        if after != before:
            changes[path] = after
    for path in sorted(root.glob("notebooks/*.ipynb")):
        before = path.read_text("utf-8")
        after = rewrite_notebook(before, path.stem, address)
        if after != before:
            changes[path] = after
    return changes


def set_address(url: str, root: Path = ROOT) -> None:
    """Write `url` into ``pyproject.toml``."""
    clean = f"https://github.com/{parse(url)}"
    path = root / "pyproject.toml"
    text = re.sub(
        r'(?m)^(Repository = )".*"$', rf'\g<1>"{clean}"', path.read_text("utf-8")
    )
    path.write_text(text, "utf-8")


def main(arguments: list[str]) -> int:
    """Rewrite what disagrees, and say what was rewritten."""
    try:
        if arguments:
            set_address(arguments[0])
        changes = pending()
    except ValueError as error:
        print(f"address: {error}", file=sys.stderr)
        return 1
    for path, text in changes.items():
        path.write_text(text, "utf-8")
        print(f"rewrote {path.relative_to(ROOT)}")
    print(f"address: {read().url}, {read().tag}: {len(changes)} files rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
