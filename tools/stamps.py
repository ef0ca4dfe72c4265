"""Know what is up to date: beside a result stands a record of what it was made of.

A record is any JSON; a digest of names and contents says whether a file has changed.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def digest(patterns: Iterable[str]) -> str:
    """Return a digest of the names and contents of the files that match."""
    paths = {path for pattern in patterns for path in ROOT.glob(pattern)}
    whole = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file() and "__pycache__" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return whole.hexdigest()


def beside(result: Path) -> Path:
    """Return where the record of a file or folder stands."""
    return result.with_name(f"{result.name}.made-of.json")


def recorded(result: Path) -> Any:
    """Return what a result was made of, or None where it or its record is missing."""
    record = beside(result)
    there = result.exists() and record.exists()
    return json.loads(record.read_text()) if there else None


def record(result: Path, made_of: object) -> None:
    """Note what a result was made of."""
    beside(result).write_text(json.dumps(made_of))


def remove(folder: Path) -> None:
    """Remove a result, its record first: what is half made is never up to date."""
    beside(folder).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
