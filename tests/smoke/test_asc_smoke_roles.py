from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from loopback import APPS, ISSUER_ID, KEY_ID, REFUSED, Apple, Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from loopback import Sent

    Smoke: TypeAlias = Callable[..., tuple[pytest.RunResult, dict[str, Any]]]

AREAS = [
    "apps",
    "users",
    "bundle IDs",
    "Xcode Cloud products",
    "sales reports",
    "finance reports",
    "customer reviews",
    "analytics",
]


def refused(status: int, code: str, detail: str) -> Reply:
    return Reply(status, json.dumps({"errors": [{"status": str(status), "code": code, "detail": detail}]}).encode())


FORBIDDEN = refused(403, "FORBIDDEN_ERROR", "The API key in use does not allow this request")
VENDOR = refused(400, "PARAMETER_ERROR.INVALID", "Invalid vendor number specified")


@pytest.fixture
def smoke(pytester: pytest.Pytester, apple: Apple, key_text: str, monkeypatch: pytest.MonkeyPatch) -> Smoke:
    """Run the smoke check with roles against the server; return the result and the report."""
    monkeypatch.setenv("ASC_KEY_ID", KEY_ID)
    monkeypatch.setenv("ASC_ISSUER_ID", ISSUER_ID)
    monkeypatch.setenv("ASC_PRIVATE_KEY", key_text)

    def smoke(*options: str) -> tuple[pytest.RunResult, dict[str, Any]]:
        result = pytester.runpytest(
            "--asc-smoke",
            "--asc-smoke-roles",
            f"--asc-base-url={apple.url}",
            "--asc-report=report.json",
            "-W",
            "error",
            *options,
        )
        assert len(apple.requests) <= 8
        assert {request.method for request in apple.requests} == {"GET"}
        return result, json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))

    return smoke


def set_replies(apple: Apple, replies: dict[str, Reply]) -> None:
    """Set the server's reply for paths that contain a text; the others succeed."""

    def answer(request: Sent) -> Reply:
        return next((reply for word, reply in replies.items() if word in request.path), Reply(200, APPS))

    apple.answer = answer


def opens(report: dict[str, Any]) -> dict[str, bool | None]:
    return {look["area"]: look["opens"] for look in report["roles"]}


def test_role_access_is_read_from_each_response(smoke: Smoke, apple: Apple) -> None:
    set_replies(apple, {"/users": FORBIDDEN, "finance": FORBIDDEN, "sales": VENDOR, "ciProducts": Reply(503, b"")})
    result, report = smoke()
    assert (result.ret, report["ok"]) == (0, True)
    result.assert_outcomes(passed=5)
    assert [look["area"] for look in report["roles"]] == AREAS
    assert opens(report) == {
        **dict.fromkeys(AREAS, True),
        "users": False,
        "finance reports": False,
        "Xcode Cloud products": None,
    }
    assert report["roles"][1] == {
        "area": "users",
        "method": "GET",
        "path": "/v1/users?limit=1",
        "status": 403,
        "opens": False,
        "words": "The API key in use does not allow this request",
    }
    assert len(apple.requests) == 8
    assert "/v1/apps/1/customerReviews?limit=1" in [request.path for request in apple.requests]
    result.stdout.fnmatch_lines(
        [
            "  allowed  apps, bundle IDs, sales reports, customer reviews, analytics",
            "  denied   users (allowed for Admin and App Manager)",
            "           finance reports (allowed for Admin and Finance)",
            "  unknown  Xcode Cloud products: 503",
        ]
    )


def test_areas_of_an_app_are_skipped_without_an_app(smoke: Smoke, apple: Apple) -> None:
    apple.answer = lambda _: Reply()
    _, report = smoke()
    assert [look["words"] for look in report["roles"][-2:]] == ["not tried (no app is visible)"] * 2
    assert len(apple.requests) == 6


def test_the_rate_limit_ends_the_requests_for_role_access(smoke: Smoke, apple: Apple) -> None:
    set_replies(apple, {"/users": Reply(429, b"{}")})
    result, report = smoke()
    assert (result.ret, len(apple.requests)) == (0, 2)
    assert {look["words"] for look in report["roles"][2:]} == {"not tried (the rate limit is reached)"}
    assert set(opens(report).values()) == {True, None}


def test_a_repeated_request_counts_towards_the_limit_of_eight(smoke: Smoke, apple: Apple) -> None:
    apple.replies = [Reply(401, REFUSED)]
    result, report = smoke()
    assert (result.ret, len(apple.requests)) == (0, 8)
    assert report["roles"][0]["opens"] is True
    assert report["roles"][-1]["words"] == "not tried (a run sends at most 8 requests)"


def test_role_access_is_not_requested_with_a_refused_key(smoke: Smoke, apple: Apple) -> None:
    apple.answer = lambda _: Reply(401, REFUSED)
    result, report = smoke()
    assert (result.ret, report["roles"]) == (1, [])


def test_role_access_is_requested_with_a_key_that_has_no_access_to_apps(smoke: Smoke, apple: Apple) -> None:
    set_replies(apple, {"/v1/apps": FORBIDDEN, "finance": VENDOR, "sales": VENDOR})
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "role-insufficient")
    assert opens(report)["apps"] is False
    assert opens(report)["sales reports"] is True


def test_areas_outside_the_tokens_scope_are_skipped(
    smoke: Smoke, apple: Apple, make_token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_TOKEN", make_token(scope=["GET /v1/apps", "GET /v1/users"]))
    _, report = smoke()
    assert [request.path for request in apple.requests] == ["/v1/apps?limit=1", "/v1/users?limit=1"]
    assert {look["words"] for look in report["roles"][2:]} == {"not tried (the token's scope does not cover it)"}


def test_role_access_is_only_requested_with_the_option(pytester: pytest.Pytester, apple: Apple, smoke: Smoke) -> None:
    del smoke
    pytester.runpytest("--asc-smoke", f"--asc-base-url={apple.url}", "--asc-report=report.json")
    assert json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))["roles"] == []
    assert len(apple.requests) == 1


def test_the_emulators_default_role_has_access_to_every_area(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest(
        "--asc-smoke", "--asc-smoke-roles", "--asc-mode=emulator", "--asc-report=report.json", "-W", "error"
    )
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    assert result.ret == 0
    statuses = {look["area"]: (look["status"], look["opens"]) for look in report["roles"]}
    assert statuses == {
        **dict.fromkeys(AREAS, (200, True)),
        "sales reports": (400, True),
        "finance reports": (400, True),
    }


def test_role_access_works_with_asc_smoke_first(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(): pass")
    result = pytester.runpytest("--asc-smoke-first", "--asc-smoke-roles", "--asc-mode=emulator")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["  allowed  apps, users,*"])


def test_asc_smoke_roles_needs_a_smoke_check(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke-roles")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --asc-smoke-roles is for the smoke check: add --asc-smoke or *"])


@pytest.mark.parametrize(
    ("role", "closed"),
    [
        ("ADMIN", set()),
        ("APP_MANAGER", {"sales reports", "finance reports", "analytics"}),
        ("DEVELOPER", {"users", "sales reports", "finance reports", "analytics"}),
        ("SALES", set(AREAS) - {"apps", "sales reports", "analytics"}),
        ("CUSTOMER_SUPPORT", set(AREAS) - {"apps", "customer reviews"}),
    ],
)
def test_the_emulators_role_decides_the_access_to_each_area(
    pytester: pytest.Pytester, role: str, closed: set[str]
) -> None:
    pytester.makeconftest(
        f"""
        import pytest

        @pytest.fixture
        def asc_emulator(asc_emulator):
            asc_emulator.role = {role!r}
            return asc_emulator
        """
    )
    result = pytester.runpytest(
        "--asc-smoke", "--asc-smoke-roles", "--asc-mode=emulator", "--asc-report=report.json", "-W", "error"
    )
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    assert result.ret == 0
    assert {area for area, open_ in opens(report).items() if open_ is False} == closed
