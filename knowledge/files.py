"""Reads the data files of the package; a mistake in one is reported with its file and line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Model = TypeVar("Model", bound=BaseModel)


class DataError(Exception):
    """A data file cannot be used as it stands; the message names the file and the line."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path, self.line = path, line


def read_text(path: Path) -> str:
    """The file's text.

    Raises:
        DataError: the file is missing or is not UTF-8.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(path, 1, error.strerror or "cannot be read") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(path, line, "not UTF-8 text") from error


def read_yaml(path: Path, model: type[Model]) -> Model:
    """The file's content as a validated model.

    Raises:
        DataError: the file is missing, is no YAML, or does not have the model's shape.
    """
    text = read_text(path)
    try:
        return model.model_validate(yaml.load(text, Loader=_LOADER))  # noqa: S506 (a safe loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise DataError(path, mark.line + 1 if mark else 1, problem) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise DataError(path, _line_of(text, first["loc"]), f"{place}: {first['msg']}") from error


def _line_of(text: str, location: Sequence[int | str]) -> int:
    """The line on which the value at a pydantic location stands, or its nearest parent's."""
    node = yaml.compose(text, Loader=_LOADER)
    line = 0
    for step in location:
        child = None
        if isinstance(node, yaml.MappingNode):
            child = next((value for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            child = node.value[step] if step < len(node.value) else None
        if child is None:
            break
        node, line = child, child.start_mark.line
    return line + 1
