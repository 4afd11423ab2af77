"""The logs of a diagnostic signature: one made-up log, after what the signature says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_asc.emulator.account.app_lookup import owner, related
from pytest_asc.emulator.http_models import Response
from pytest_asc.emulator.jsonapi.negotiation import DIAGNOSTIC_LOGS

if TYPE_CHECKING:
    from pytest_asc.emulator.reports.report_request import ReportRequest


def logs(asked: ReportRequest) -> Response:
    """One log whose call stack ends in the signature."""
    signature = asked.start()
    build = owner(asked.account.store, "builds", "diagnosticSignatures", signature)
    app, version = (related(asked.account.store, build, name) for name in ("app", "preReleaseVersion"))
    told = signature.attributes
    name = str(told.get("signature") or "main")
    frame = {"sampleCount": 1, "isBlameFrame": True, "symbolName": name, "rawFrame": name, "subFrames": []}
    log = {
        "callStackTree": [{"callStackPerThread": False, "callStacks": [{"callStackRootFrames": [frame]}]}],
        "diagnosticMetaData": {
            "bundleId": str(app.attributes.get("bundleId")) if app else "",
            "event": str(told.get("diagnosticType") or ""),
            "osVersion": "iPhone OS 18.0 (22A3354)",
            "appVersion": str(version.attributes.get("version")) if version else "",
            "deviceType": "iPhone15_4",
            "platformArchitecture": "arm64e",
            "buildVersion": str(build.attributes.get("version")) if build else "",
        },
    }
    insight = told.get("insight") or {}
    found = {"signatureId": signature.id, "diagnosticInsights": [], "diagnosticLogs": [log]}
    if insight:
        found["diagnosticInsights"] = [{"insightsString": str(insight.get("insightType", ""))}]
    document = {"version": "1.0", "productData": [found]}
    return Response(200, {"Content-Type": DIAGNOSTIC_LOGS}, json.dumps(document).encode())
