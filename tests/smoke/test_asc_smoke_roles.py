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
    "bundle ids",
    "Xcode Cloud products",
    "sales reports",
    "finance reports",
    "customer reviews",
    "analytics",
]


def refused(status: int, code: str, detail: str) -> Reply:
    return Reply(status, json.dumps({"errors": [{"status": str(status), "code": code, "detail": detail}]}).encode())


CLOSED = refused(403, "FORBIDDEN_ERROR", "The API key in use does not allow this request")
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


def doors(apple: Apple, replies: dict[str, Reply]) -> None:
    """Have the server answer the paths that hold a word so, and the others with success."""

    def answer(request: Sent) -> Reply:
        return next((reply for word, reply in replies.items() if word in request.path), Reply(200, APPS))

    apple.answer = answer


def opens(report: dict[str, Any]) -> dict[str, bool | None]:
    return {look["area"]: look["opens"] for look in report["roles"]}


def test_what_a_key_opens_and_what_not(smoke: Smoke, apple: Apple) -> None:
    doors(apple, {"/users": CLOSED, "finance": CLOSED, "sales": VENDOR, "ciProducts": Reply(503, b"")})
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
            "  opens    apps, bundle ids, sales reports, customer reviews, analytics",
            "  closed   users (open to Admin and App Manager)",
            "           finance reports (open to Admin and Finance)",
            "  unknown  Xcode Cloud products: 503",
        ]
    )


def test_without_an_app_there_are_no_reviews_to_ask_for(smoke: Smoke, apple: Apple) -> None:
    apple.answer = lambda _: Reply()
    _, report = smoke()
    assert [look["words"] for look in report["roles"][-2:]] == ["not asked (no app is visible)"] * 2
    assert len(apple.requests) == 6


def test_the_rate_limit_ends_it(smoke: Smoke, apple: Apple) -> None:
    doors(apple, {"/users": Reply(429, b"{}")})
    result, report = smoke()
    assert (result.ret, len(apple.requests)) == (0, 2)
    assert {look["words"] for look in report["roles"][2:]} == {"not asked (the rate limit is reached)"}
    assert set(opens(report).values()) == {True, None}


def test_a_second_try_takes_one_request_of_the_eight(smoke: Smoke, apple: Apple) -> None:
    apple.replies = [Reply(401, REFUSED)]
    result, report = smoke()
    assert (result.ret, len(apple.requests)) == (0, 8)
    assert report["roles"][0]["opens"] is True
    assert report["roles"][-1]["words"] == "not asked (a run makes at most 8 requests)"


def test_a_key_that_is_no_good_is_tried_at_no_door(smoke: Smoke, apple: Apple) -> None:
    apple.answer = lambda _: Reply(401, REFUSED)
    result, report = smoke()
    assert (result.ret, report["roles"]) == (1, [])


def test_a_key_without_a_role_for_apps_is_good_all_the_same(smoke: Smoke, apple: Apple) -> None:
    doors(apple, {"/v1/apps": CLOSED, "finance": VENDOR, "sales": VENDOR})
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "role-insufficient")
    assert opens(report)["apps"] is False
    assert opens(report)["sales reports"] is True


def test_a_scope_is_kept_to(
    smoke: Smoke, apple: Apple, make_token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_TOKEN", make_token(scope=["GET /v1/apps", "GET /v1/users"]))
    _, report = smoke()
    assert [request.path for request in apple.requests] == ["/v1/apps?limit=1", "/v1/users?limit=1"]
    assert {look["words"] for look in report["roles"][2:]} == {"not asked (the token's scope does not cover it)"}


def test_nobody_asked_nobody_knows(pytester: pytest.Pytester, apple: Apple, smoke: Smoke) -> None:
    del smoke
    pytester.runpytest("--asc-smoke", f"--asc-base-url={apple.url}", "--asc-report=report.json")
    assert json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))["roles"] == []
    assert len(apple.requests) == 1


def test_the_emulator_opens_every_area(pytester: pytest.Pytester) -> None:
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


def test_it_goes_before_a_suite_as_well(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(): pass")
    result = pytester.runpytest("--asc-smoke-first", "--asc-smoke-roles", "--asc-mode=emulator")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["  opens    apps, users,*"])


def test_it_belongs_to_the_smoke_check(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke-roles")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --asc-smoke-roles belongs to the smoke check: add --asc-smoke or *"])


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
def test_the_emulator_opens_what_a_role_opens(pytester: pytest.Pytester, role: str, closed: set[str]) -> None:
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
