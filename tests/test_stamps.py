"""What is up to date is known by content, and by nothing else."""

import os
from pathlib import Path

import pytest
import stamps


def test_a_digest_tells_names_and_contents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "ROOT", tmp_path)
    (tmp_path / "a.md").write_text("one")
    first = stamps.digest(["*.md"])
    os.utime(tmp_path / "a.md", (0, 0))
    assert stamps.digest(["*.md", "*.txt"]) == first
    (tmp_path / "a.md").rename(tmp_path / "b.md")
    assert stamps.digest(["*.md"]) != first
    (tmp_path / "b.md").rename(tmp_path / "a.md")
    (tmp_path / "a.md").write_text("two")
    assert stamps.digest(["*.md"]) != first


def test_a_record_is_of_a_result_that_is_there(tmp_path: Path) -> None:
    result = tmp_path / "course.pdf"
    made_of = ["digest", [True, False]]
    assert stamps.recorded(result) is None
    stamps.record(result, made_of)
    assert stamps.recorded(result) is None
    result.touch()
    assert stamps.recorded(result) == made_of


def test_what_is_made_again_was_made_of_nothing(tmp_path: Path) -> None:
    result = tmp_path / "html"
    result.mkdir()
    stamps.record(result, "digest")
    stamps.remove(result)
    assert not list(tmp_path.iterdir())
    result.mkdir()
    assert stamps.recorded(result) is None
    stamps.remove(tmp_path / "never made")
