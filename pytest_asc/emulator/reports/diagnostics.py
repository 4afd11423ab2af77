"""Logs of a diagnostic signature: one made-up log with the attributes of the signature."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_asc.emulator.account.app_lookup import owner, related
from pytest_asc.emulator.http_models import Response

if TYPE_CHECKING:
    from pytest_asc.emulator.reports.report_request import ReportRequest


def logs(request: ReportRequest) -> Response:
    """Return one log, whose call stack ends in the signature."""
    signature = request.resource()
    build = owner(request.account.store, "builds", "diagnosticSignatures", signature)
    app, version = (related(request.account.store, build, name) for name in ("app", "preReleaseVersion"))
    attributes = signature.attributes
    name = str(attributes.get("signature") or "main")
    frame = {"sampleCount": 1, "isBlameFrame": True, "symbolName": name, "rawFrame": name, "subFrames": []}
    log = {
        "callStackTree": [{"callStackPerThread": False, "callStacks": [{"callStackRootFrames": [frame]}]}],
        "diagnosticMetaData": {
            "bundleId": str(app.attributes.get("bundleId")) if app else "",
            "event": str(attributes.get("diagnosticType") or ""),
            "osVersion": "iPhone OS 18.0 (22A3354)",
            "appVersion": str(version.attributes.get("version")) if version else "",
            "deviceType": "iPhone15_4",
            "platformArchitecture": "arm64e",
            "buildVersion": str(build.attributes.get("version")) if build else "",
        },
    }
    insight = attributes.get("insight") or {}
    product = {"signatureId": signature.id, "diagnosticInsights": [], "diagnosticLogs": [log]}
    if insight:
        product["diagnosticInsights"] = [{"insightsString": str(insight.get("insightType", ""))}]
    document = {"version": "1.0", "productData": [product]}
    return Response(200, {"Content-Type": request.route.operation.media_types[0]}, json.dumps(document).encode())
