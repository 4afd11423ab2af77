"""Redaction of pytest reports made of any objects."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.plugin.redaction import redact_report
from pytest_asc.secrets import Redactor, SecretStr

SECRET = "c2VudGluZWwtb2YtYS1zZWNyZXQ"


@dataclass(frozen=True)
class Part:
    """Part of a report, with the interface of those of pytest."""

    content: Any

    def toterminal(self) -> None:
        """Do nothing; the method marks an object as part of a report."""


HASHABLE = st.sampled_from([SECRET, SecretStr(SECRET), f"it is {SECRET}!", SECRET.encode(), "text", None, 1, 1.5, True])
VALUES = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.sets(HASHABLE, max_size=3)
        | st.dictionaries(HASHABLE, inner, max_size=3)
        | st.builds(Part, inner)
        | st.builds(SimpleNamespace, content=inner)
    ),
)


@given(VALUES)
def test_secrets_are_redacted_in_every_part_of_a_report(value: Any) -> None:
    redactor = Redactor()
    redactor.add_key(SECRET)
    report = SimpleNamespace(value=value, result=SECRET)
    redact_report(report, redactor)
    assert SECRET not in str(report.value)
    assert report.result == SECRET  # what pytest keeps for the run itself is not checked


def test_a_report_that_contains_itself_is_redacted_without_recursing_forever() -> None:
    redactor = Redactor()
    redactor.add_key(SECRET)
    value: list[Any] = [SECRET]
    value.append(value)
    report = SimpleNamespace(value=value)
    redact_report(report, redactor)
    assert report.value[0] == "***"


@pytest.mark.parametrize("value", [["a", {"b": Part(("c",))}], Part([1]), {}])
def test_a_report_without_a_secret_is_not_changed(value: Any) -> None:
    redactor = Redactor()
    redactor.add_key(SECRET)
    report = SimpleNamespace(value=value)
    redact_report(report, redactor)
    assert report.value is value
