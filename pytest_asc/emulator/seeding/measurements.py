"""Validation and creation of the measurements that a test records."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.app_lookup import app_of, related
from pytest_asc.emulator.account.ledger import Measurement
from pytest_asc.emulator.reports.performance import CATEGORIES, DEFAULTS, MEMBERS, METRIC
from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pytest_asc.emulator.account.store import Resource, Store


def make_measurement(
    store: Store, resource: Resource, metric: str, day: date, members: Mapping[str, Any]
) -> Measurement:
    """Create a measurement of a resource.

    Raises:
        ValueError: The type of the resource has no such metric, or a member is not valid.
    """
    __tracebackhide__ = True
    metrics = metrics_of(resource.type)
    if metric not in metrics:
        offered = ", ".join(sorted(metrics)) or "nothing"
        raise ValueError(f"{metric!r} cannot be measured for {resource.type!r}; expected one of {offered}")
    unknown = members.keys() - metrics[metric]
    if unknown:
        expected = ", ".join(sorted(metrics[metric]))
        raise ValueError(f"{metric!r} has no member {', '.join(sorted(unknown))}; its members are {expected}")
    given = {name: value["id"] if isinstance(value, dict) else value for name, value in members.items()}
    for name in given.keys() & _numbers():
        if type(given[name]) not in {int, float} or not math.isfinite(given[name]):
            raise ValueError(f"{name}: got {given[name]!r}, expected a number")
    filled = _with_defaults(store, resource, given) if metric == METRIC else given
    return Measurement(metric, day, {**filled, resource.type: resource.id})


@depends_on_spec
@cache
def _numbers() -> frozenset[str]:
    """Return the names of the measured values of all metrics, which must be numbers."""
    return frozenset({"value"}.union(*(metrics["values"] for metrics in api_spec().metrics.values())))


@depends_on_spec
@cache
def metrics_of(resource_type: str) -> Mapping[str, frozenset[str]]:
    """Return the names of values and dimensions of a resource type's metrics, by the name of the metric."""
    found = {
        path.rpartition("/")[2]: frozenset({*metrics["values"], *metrics["dimensions"]})
        for path, metrics in api_spec().metrics.items()
        if path.split("/")[2] == resource_type
    }
    return {**found, METRIC: MEMBERS} if resource_type in {"apps", "builds"} else found


def _with_defaults(store: Store, resource: Resource, given: dict[str, Any]) -> dict[str, Any]:
    """Add defaults to the members of a performance measurement, and the app and version of a measured build."""
    if given.get("metricType") not in CATEGORIES or "value" not in given:
        raise ValueError(f"{METRIC!r} needs a value, and as metricType one of {', '.join(CATEGORIES)}")
    version = related(store, resource, "preReleaseVersion") if resource.type == "builds" else None
    app = app_of(store, resource)
    known = {"version": version.attributes["version"]} if version else {}
    return {**DEFAULTS, **known, **given, **({"apps": app.id} if app else {})}
