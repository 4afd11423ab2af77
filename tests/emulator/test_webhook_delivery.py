from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from emulator.resources.api_writer import ApiWriter
from emulator.resources.test_asset_packs import upload_file as upload_asset
from emulator.resources.test_build_uploads import create_upload, upload_file

from pytest_asc import Emulator, Request, Response, verify_webhook
from pytest_asc.emulator.resources.webhook_events import EVENT_TYPES
from pytest_asc.emulator.webhook_delivery import DEFAULT_SECRET, RETRY_DELAYS
from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import EmulatorClient

SECRET = "sentinel-of-the-secret"
VERSION_EVENT = "APP_STORE_VERSION_APP_VERSION_STATE_UPDATED"
MILLISECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Receiver:
    """Server of a team that receives notifications. It returns the given responses, and 200 after that."""

    def __init__(self, *responses: Any) -> None:
        self.requests: list[Request] = []
        self.responses = list(responses)

    def __call__(self, request: Request) -> Any:
        self.requests.append(request)
        answer = self.responses.pop(0) if self.responses else None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [json.loads(request.body)["data"] for request in self.requests]

    @property
    def types(self) -> list[str]:
        return [payload["type"] for payload in self.payloads]


@pytest.fixture
def app(emulator: Emulator) -> Mapping[str, Any]:
    return emulator.add("apps", name="Lists", bundleId="com.example.lists")


@pytest.fixture
def api_writer(emulator_client: EmulatorClient) -> ApiWriter:
    return ApiWriter(emulator_client)


def add_webhook(emulator: Emulator, app: Mapping[str, Any], **members: Any) -> Mapping[str, Any]:
    settings = {
        "enabled": True,
        "eventTypes": sorted(EVENT_TYPES),
        "name": "all",
        "url": "https://example.com/hook",
        "secret": SECRET,
    }
    return emulator.add("webhooks", app=app, **{**settings, **members})


@pytest.fixture
def webhook(emulator: Emulator, app: Mapping[str, Any]) -> Mapping[str, Any]:
    return add_webhook(emulator, app)


@pytest.fixture
def receiver(emulator: Emulator) -> Receiver:
    receiver = Receiver()
    emulator.deliver_webhooks_to(receiver)
    return receiver


def deliveries(emulator: Emulator) -> list[Mapping[str, Any]]:
    return [delivery["attributes"] for delivery in emulator.find("webhookDeliveries")]


def test_the_events_are_those_of_the_api_spec() -> None:
    with pytest.raises(ValueError, match="expected one of ") as caught:
        Emulator().add("webhooks", eventTypes=["UNKNOWN"])
    assert set(str(caught.value).partition("expected one of ")[2].split(", ")) == EVENT_TYPES


@pytest.mark.usefixtures("webhook")
def test_a_version_in_review_sends_each_state_as_documented(
    emulator: Emulator, app: Mapping[str, Any], receiver: Receiver
) -> None:
    version = emulator.add_ready_version(app)
    assert receiver.requests == []
    emulator.update(version, appVersionState="READY_FOR_REVIEW")
    (request,) = receiver.requests
    assert (request.method, request.url) == ("POST", "https://example.com/hook")
    assert request.headers["Content-Type"] == "application/json"
    assert verify_webhook(request.body, request.headers, SECRET)
    (data,) = receiver.payloads
    assert re.fullmatch(UUID, data.pop("id"))
    assert re.fullmatch(MILLISECONDS, data["attributes"].pop("timestamp"))
    assert data == {
        "type": "appStoreVersionAppVersionStateUpdated",
        "version": 1,
        "attributes": {"newValue": "READY_FOR_REVIEW", "oldValue": "PREPARE_FOR_SUBMISSION"},
        "relationships": {"instance": {"data": {"type": "appStoreVersions", "id": version["id"]}}},
    }


@pytest.mark.usefixtures("webhook")
def test_advance_sends_at_the_time_of_each_event_with_the_account_in_that_state(
    emulator: Emulator, app: Mapping[str, Any], api_writer: ApiWriter
) -> None:
    version = emulator.add_ready_version(app)
    seen: list[tuple[str, str]] = []

    def receive(request: Request) -> None:
        state = json.loads(request.body)["data"]["attributes"]["newValue"]
        seen.append((state, api_writer.get(version)["appVersionState"]))

    emulator.deliver_webhooks_to(receive)
    submission = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    api_writer.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)
    assert api_writer.patch(submission, submitted=True).status == 200
    emulator.advance()
    states = [state for state, _ in seen]
    assert states[:3] == ["READY_FOR_REVIEW", "WAITING_FOR_REVIEW", "IN_REVIEW"]
    assert all(state == shown for state, shown in seen)
    times = [delivery["sentDate"] for delivery in deliveries(emulator)]
    assert times == sorted(times)
    assert len(set(times)) > 2


@pytest.mark.usefixtures("webhook")
def test_builds_send_the_states_of_external_testing(
    emulator: Emulator, app: Mapping[str, Any], api_writer: ApiWriter, receiver: Receiver
) -> None:
    upload = create_upload(api_writer, dict(app))
    upload_file(api_writer, upload)
    emulator.advance()
    uploads = [data for data in receiver.payloads if data["type"] == "buildUploadStateUpdated"]
    assert [data["attributes"] for data in uploads] == [{"newState": "PROCESSING"}, {"newState": "COMPLETE"}]
    assert uploads[0]["relationships"] == {"instance": {"data": {"type": "buildUploads", "id": upload["id"]}}}
    (build,) = emulator.find("builds")
    states = [data["attributes"] for data in receiver.payloads if "newExternalBuildState" in data["attributes"]]
    assert [(one["oldExternalBuildState"], one["newExternalBuildState"]) for one in states] == [
        ("PROCESSING", "READY_FOR_BETA_SUBMISSION"),
    ]
    assert receiver.payloads[-1]["relationships"]["instance"]["data"]["type"] == "buildBetaDetails"
    assert api_writer.patch(build, expired=True).status == 200
    assert receiver.payloads[-1]["attributes"]["newExternalBuildState"] == "EXPIRED"


@pytest.mark.usefixtures("webhook")
@pytest.mark.parametrize("kind", ["Screenshot", "Crash"])
def test_feedback_that_a_test_adds_is_sent_with_a_link(
    emulator: Emulator, app: Mapping[str, Any], receiver: Receiver, kind: str
) -> None:
    build = emulator.add_testflight_build(app)
    feedback = emulator.add(f"betaFeedback{kind}Submissions", build=build)
    (data,) = receiver.payloads
    assert data["type"] == f"betaFeedback{kind}SubmissionCreated"
    assert re.fullmatch(MILLISECONDS, data["attributes"]["timestamp"])
    assert data["relationships"]["instance"] == {
        "data": {"type": feedback["type"], "id": feedback["id"]},
        "links": {"self": f"https://api.appstoreconnect.apple.com/v1/{feedback['type']}/{feedback['id']}"},
    }


@pytest.mark.usefixtures("webhook")
@pytest.mark.parametrize("outcome", ["COMPLETE", "FAILED"])
def test_asset_packs_send_a_release_or_the_failure(
    emulator: Emulator, app: Mapping[str, Any], api_writer: ApiWriter, receiver: Receiver, outcome: str
) -> None:
    pack = api_writer.create("backgroundAssets", {"assetPackIdentifier": "levels"}, app=app)
    version = api_writer.create("backgroundAssetVersions", backgroundAsset=pack)
    upload_asset(api_writer, version, "ASSET")
    emulator.decide(upload_asset(api_writer, version, "MANIFEST"), outcome)
    emulator.advance()
    (data,) = receiver.payloads
    assert "version" not in data
    timestamp = data["attributes"].pop("timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", timestamp)
    instance = data["relationships"]["instance"]
    assert instance["links"]["self"].endswith(f"/v1/{instance['type']}/{instance['id']}")
    if outcome == "FAILED":
        assert data["type"] == "backgroundAssetVersionStateUpdated"
        assert data["attributes"] == {"newState": "FAILED", "oldState": "PROCESSING"}
        assert (instance["type"], instance["id"]) == ("backgroundAssetVersions", version["id"])
    else:
        assert data["type"] == "backgroundAssetVersionInternalBetaReleaseCreated"
        assert instance["type"] == "backgroundAssetVersionInternalBetaReleases"


@pytest.mark.usefixtures("webhook")
@pytest.mark.parametrize("kind", ["ExternalBeta", "AppStore"])
def test_releases_of_asset_packs_send_their_states(
    emulator: Emulator, app: Mapping[str, Any], receiver: Receiver, kind: str
) -> None:
    pack = emulator.add("backgroundAssets", app=app)
    version = emulator.add("backgroundAssetVersions", backgroundAsset=pack)
    release = emulator.add(f"backgroundAssetVersion{kind}Releases", backgroundAssetVersion=version, state="IN_REVIEW")
    emulator.update(release, state="REJECTED")
    (data,) = receiver.payloads
    assert data["type"] == f"backgroundAssetVersion{kind}ReleaseStateUpdated"
    assert data["attributes"]["newState"] == "REJECTED"
    assert data["attributes"]["oldState"] == "IN_REVIEW"


def test_webhooks_are_sent_about_marketplace_packages_and_territories(
    emulator: Emulator, app: Mapping[str, Any], receiver: Receiver
) -> None:
    market = emulator.add("apps", name="Market", bundleId="com.example.market")
    add_webhook(emulator, market)
    version = emulator.add_ready_version(app)
    territory = emulator.add("territoryAvailabilities", territory="DEU", available=True)
    emulator.update(emulator.get("appAvailabilities", app["id"]), territoryAvailabilities=[territory])
    package = emulator.add("alternativeDistributionPackages", appStoreVersion=version)
    package_version = emulator.add("alternativeDistributionPackageVersions", alternativeDistributionPackage=package)
    emulator.update(version, appVersionState="READY_FOR_DISTRIBUTION")
    emulator.update(territory, available=False)
    created, available, territories = receiver.payloads
    assert created["type"] == "alternativeDistributionPackageVersionCreated"
    assert created["relationships"]["instance"]["data"]["id"] == package_version["id"]
    assert available["type"] == "alternativeDistributionPackageAvailableUpdated"
    assert available["attributes"]["available"] is True
    assert available["attributes"]["territories"] == ["DEU"]
    assert available["relationships"]["instance"]["data"] == {"type": package["type"], "id": package["id"]}
    assert territories["type"] == "alternativeDistributionTerritoryAvailabilityUpdated"
    assert territories["attributes"]["available"] is False
    assert territories["attributes"]["territories"] == ["DEU"]
    assert "instance" not in territories["relationships"]
    for data in receiver.payloads:
        assert data["attributes"]["appId"] == app["id"]
        assert re.fullmatch(r".*\.\d{6}Z", data["attributes"]["timestamp"])
        assert data["relationships"]["marketplaceApp"] == {
            "data": {"type": "apps", "id": market["id"]},
            "links": {"self": f"https://api-appstoreconnect.itunes.apple.com/v1/apps/{market['id']}"},
        }


def test_an_event_is_sent_to_the_apps_enabled_webhooks_that_subscribe_to_it(
    emulator: Emulator, app: Mapping[str, Any], receiver: Receiver
) -> None:
    other = emulator.add("apps", name="Other", bundleId="com.example.other")
    add_webhook(emulator, app, url="https://example.com/1", eventTypes=[VERSION_EVENT])
    add_webhook(emulator, app, url="https://example.com/2", enabled=False)
    add_webhook(emulator, app, url="https://example.com/3", eventTypes=["BUILD_UPLOAD_STATE_UPDATED"])
    add_webhook(emulator, other, url="https://example.com/4")
    add_webhook(emulator, app, url="https://example.com/5")
    emulator.update(emulator.add("appStoreVersions", app=app), appVersionState="IN_REVIEW")
    assert [request.url[-1] for request in receiver.requests] == ["1", "5"]
    assert receiver.payloads[0] == receiver.payloads[1]
    assert len(emulator.find("webhookEvents")) == 1


@pytest.mark.usefixtures("webhook")
def test_adding_and_loading_resources_sends_no_webhooks(
    emulator: Emulator, app: Mapping[str, Any], receiver: Receiver
) -> None:
    emulator.add("appStoreVersions", app=app, appStoreState="READY_FOR_SALE")
    emulator.add_released_app()
    emulator.add_testflight_build(app)
    emulator.load({"data": [{"type": "betaFeedbackCrashSubmissions", "id": "1"}]})
    assert receiver.requests == []
    assert emulator.find("webhookDeliveries") == []


def test_without_a_receiver_deliveries_stay_pending(
    emulator: Emulator, app: Mapping[str, Any], webhook: Mapping[str, Any], api_writer: ApiWriter
) -> None:
    emulator.update(emulator.add("appStoreVersions", app=app), appVersionState="IN_REVIEW")
    (delivery,) = api_writer.related(webhook, "deliveries")
    assert delivery["attributes"]["deliveryState"] == "PENDING"
    assert delivery["attributes"]["sentDate"] is None


def test_a_delivery_has_request_and_response(
    emulator: Emulator, app: Mapping[str, Any], webhook: Mapping[str, Any], api_writer: ApiWriter
) -> None:
    emulator.deliver_webhooks_to(Receiver(Response(202, {}, b"thanks")))
    emulator.update(emulator.add("appStoreVersions", app=app), appVersionState="IN_REVIEW")
    shown = api_writer.emulator_client.get(f"/v1/webhooks/{webhook['id']}/deliveries?include=event").json
    (delivery,), (event,) = shown["data"], shown["included"]
    attributes = delivery["attributes"]
    assert attributes["deliveryState"] == "SUCCEEDED"
    assert attributes["errorMessage"] is None
    assert attributes["redelivery"] is False
    assert attributes["sentDate"] == attributes["createdDate"]
    assert attributes["request"] == {"url": "https://example.com/hook"}
    assert attributes["response"] == {"httpStatusCode": 202, "body": "thanks"}
    assert (event["attributes"]["eventType"], event["attributes"]["ping"]) == (VERSION_EVENT, False)
    assert json.loads(event["attributes"]["payload"])["data"]["id"] == event["id"]


@pytest.mark.usefixtures("webhook")
def test_a_failed_delivery_is_retried_until_it_succeeds(emulator: Emulator, app: Mapping[str, Any]) -> None:
    receiver = Receiver(500, ConnectionRefusedError("nothing listens"))
    emulator.deliver_webhooks_to(receiver)
    emulator.update(emulator.add("appStoreVersions", app=app), appVersionState="IN_REVIEW")
    (first,) = deliveries(emulator)
    assert (first["deliveryState"], first["response"]) == ("FAILED", {"httpStatusCode": 500, "body": ""})
    assert "500" in first["errorMessage"]
    assert emulator.advance(RETRY_DELAYS[0] - 1) == []
    assert len(emulator.advance(1)) == 1
    second = deliveries(emulator)[1]
    assert (second["deliveryState"], second["response"]) == ("FAILED", None)
    assert "nothing listens" in second["errorMessage"]
    emulator.advance(days=1)
    assert [one["deliveryState"] for one in deliveries(emulator)] == ["FAILED", "FAILED", "SUCCEEDED"]
    assert len({request.body for request in receiver.requests}) == 1


def test_a_delivery_is_retried_a_limited_number_of_times(
    emulator: Emulator, app: Mapping[str, Any], webhook: Mapping[str, Any]
) -> None:
    receiver = Receiver(*[404] * 9)
    emulator.deliver_webhooks_to(receiver)
    version = emulator.add("appStoreVersions", app=app)
    emulator.update(version, appVersionState="IN_REVIEW")
    emulator.advance()
    assert len(receiver.requests) == 1 + len(RETRY_DELAYS)
    emulator.update(version, appVersionState="REJECTED")
    emulator.delete(webhook)
    assert emulator.advance(days=1) == []


def test_a_ping_and_a_redelivery_are_sent_once(
    emulator: Emulator, webhook: Mapping[str, Any], api_writer: ApiWriter
) -> None:
    receiver = Receiver(503)
    emulator.deliver_webhooks_to(receiver)
    assert api_writer.post("webhookPings", webhook=webhook).status == 201
    assert receiver.types == ["webhookPingCreated"]
    (failed,) = api_writer.related(webhook, "deliveries")
    assert failed["attributes"]["deliveryState"] == "FAILED"
    assert emulator.advance(days=1) == []
    again = api_writer.create("webhookDeliveries", template=failed)
    assert receiver.payloads[0] == receiver.payloads[1]
    assert verify_webhook(receiver.requests[1].body, receiver.requests[1].headers, SECRET)
    assert api_writer.related(webhook, "deliveries")[1]["attributes"]["deliveryState"] == "SUCCEEDED"
    assert again["attributes"]["redelivery"] is True


def test_notifications_are_signed_with_the_secret_set_by_the_api(
    emulator: Emulator, app: Mapping[str, Any], api_writer: ApiWriter, receiver: Receiver
) -> None:
    attributes = {"enabled": True, "eventTypes": [VERSION_EVENT], "name": "a", "url": "https://example.com"}
    webhook = api_writer.create("webhooks", {**attributes, "secret": SECRET}, app=app)
    api_writer.post("webhookPings", webhook=webhook)
    assert api_writer.patch(webhook, secret="another sentinel").status == 200
    api_writer.post("webhookPings", webhook=webhook)
    first, second = receiver.requests
    assert verify_webhook(first.body, first.headers, SECRET)
    assert verify_webhook(second.body, second.headers, "another sentinel")
    emulator.update(webhook, secret="a third sentinel")
    api_writer.post("webhookPings", webhook=webhook)
    assert verify_webhook(receiver.requests[2].body, receiver.requests[2].headers, "a third sentinel")
    section = redactor.clean(f"{receiver.requests} {emulator.requests[0].body!r} {emulator.requests[2].body!r}")
    for text in (json.dumps(emulator.dump()), json.dumps(webhook), repr(emulator.requests), section):
        assert "sentinel" not in text
    loaded = Emulator()
    loaded.load(emulator.dump())
    assert loaded.get("webhooks", webhook["id"])["attributes"]["url"] == "https://example.com"


def test_a_webhook_that_was_added_without_a_secret_has_the_default_one(
    emulator: Emulator, app: Mapping[str, Any], api_writer: ApiWriter, receiver: Receiver
) -> None:
    webhook = emulator.add("webhooks", app=app, url="https://example.com")
    api_writer.post("webhookPings", webhook=webhook)
    (request,) = receiver.requests
    assert verify_webhook(request.body, request.headers, DEFAULT_SECRET)
    for secret in ("", 5, None):
        with pytest.raises(ValueError, match="'secret' of 'webhooks'"):
            emulator.add("webhooks", app=app, secret=secret)


@pytest.mark.usefixtures("webhook")
def test_a_change_made_by_a_receiver_is_sent_afterwards(emulator: Emulator, app: Mapping[str, Any]) -> None:
    version = emulator.add("appStoreVersions", app=app)
    log: list[str] = []

    def receive(request: Request) -> int:
        state = json.loads(request.body)["data"]["attributes"]["newValue"]
        log.append(f"begin {state}")
        if state == "IN_REVIEW":
            emulator.update(version, appVersionState="REJECTED")
            emulator.advance(hours=1)
        log.append(f"end {state}")
        return 200

    emulator.deliver_webhooks_to(receive)
    emulator.update(version, appVersionState="IN_REVIEW")
    assert log == ["begin IN_REVIEW", "end IN_REVIEW", "begin REJECTED", "end REJECTED"]
    assert [one["deliveryState"] for one in deliveries(emulator)] == ["SUCCEEDED"] * 2


@pytest.mark.usefixtures("webhook")
def test_an_exception_of_a_receiver_is_raised_in_the_test_after_everything_was_sent(
    emulator: Emulator, app: Mapping[str, Any]
) -> None:
    add_webhook(emulator, app)
    receiver = Receiver(AssertionError("not as expected"))
    emulator.deliver_webhooks_to(receiver)
    version = emulator.add("appStoreVersions", app=app)
    with pytest.raises(AssertionError, match="not as expected"):
        emulator.update(version, appVersionState="IN_REVIEW")
    assert [one["deliveryState"] for one in deliveries(emulator)] == ["FAILED", "SUCCEEDED"]
    receiver.responses = [KeyError("in a write")]
    webhook = {"type": "webhooks", "id": emulator.find("webhooks")[0]["id"]}
    body = {"data": {"type": "webhookPings", "relationships": {"webhook": {"data": webhook}}}}
    headers = {"Authorization": f"Bearer {emulator.token()}", "Content-Type": "application/json"}
    url = "https://api.appstoreconnect.apple.com/v1/webhookPings"
    response = emulator.handle(Request("POST", url, headers, json.dumps(body).encode()))
    assert isinstance(response.crash, KeyError)


class ResponseOfAnotherLibrary:
    status_code = 418
    text = "short and stout"


@pytest.mark.parametrize(
    ("returned", "status"),
    [(None, 200), (204, 204), (301, 301), (Response(201, {}, b""), 201), (ResponseOfAnotherLibrary(), 418)],
)
def test_a_receiver_may_return_a_status_or_a_response(
    emulator: Emulator, webhook: Mapping[str, Any], api_writer: ApiWriter, returned: Any, status: int
) -> None:
    emulator.deliver_webhooks_to(lambda _request: returned)
    assert api_writer.post("webhookPings", webhook=webhook).status == 201
    (delivery,) = deliveries(emulator)
    assert delivery["response"]["httpStatusCode"] == status
    assert delivery["deliveryState"] == ("SUCCEEDED" if 200 <= status < 300 else "FAILED")


@pytest.mark.usefixtures("webhook")
def test_a_receiver_may_delete_webhooks_with_pending_deliveries(emulator: Emulator, app: Mapping[str, Any]) -> None:
    add_webhook(emulator, app)
    requests: list[Request] = []

    def receive(request: Request) -> int:
        requests.append(request)
        for webhook in emulator.find("webhooks"):
            emulator.delete(webhook)
        return 500

    emulator.deliver_webhooks_to(receive)
    emulator.update(emulator.add("appStoreVersions", app=app), appVersionState="IN_REVIEW")
    assert len(requests) == 1
    assert emulator.advance(days=1) == []


def test_a_disabled_webhook_gets_no_further_attempt(
    emulator: Emulator, app: Mapping[str, Any], webhook: Mapping[str, Any]
) -> None:
    receiver = Receiver(500)
    emulator.deliver_webhooks_to(receiver)
    emulator.update(emulator.add("appStoreVersions", app=app), appVersionState="IN_REVIEW")
    emulator.update(webhook, enabled=False)
    emulator.advance()
    assert len(receiver.requests) == 1


def test_a_keyboard_interrupt_in_a_receiver_leaves_the_emulator_usable(
    emulator: Emulator, app: Mapping[str, Any], webhook: Mapping[str, Any]
) -> None:
    assert webhook
    receiver = Receiver(KeyboardInterrupt())
    emulator.deliver_webhooks_to(receiver)
    version = emulator.add("appStoreVersions", app=app)
    with pytest.raises(KeyboardInterrupt):
        emulator.update(version, appVersionState="IN_REVIEW")
    emulator.update(version, appVersionState="REJECTED")
    assert [one["deliveryState"] for one in deliveries(emulator)] == ["FAILED", "SUCCEEDED"]


def test_a_url_requires_a_transport() -> None:
    program = (
        "import sys\n"
        "from pytest_asc.emulator.app import Emulator\n"
        "assert 'pytest_asc.transports' not in sys.modules\n"
        "Emulator().deliver_webhooks_to('http://127.0.0.1:1/')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "no transport to URLs is loaded: import pytest_asc.transports, or pass a callable" in done.stderr


async def receive_later(_request: Request) -> int:
    return 200


@pytest.mark.parametrize(
    ("receiver", "message"),
    [(lambda _request: "ok", "returned str, expected a status"), (receive_later, "without an event loop")],
)
def test_a_receiver_that_returns_another_object_raises_type_error(
    emulator: Emulator, app: Mapping[str, Any], webhook: Mapping[str, Any], receiver: Any, message: str
) -> None:
    assert webhook
    emulator.deliver_webhooks_to(receiver)
    version = emulator.add("appStoreVersions", app=app)
    with pytest.raises(TypeError, match=message):
        emulator.update(version, appVersionState="IN_REVIEW")


def test_a_receiver_is_a_url_of_this_machine_or_a_callable(emulator: Emulator) -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="got 5, expected a URL on this machine or a callable"):
        emulator.deliver_webhooks_to(wrong)


@pytest.mark.usefixtures("webhook")
def test_reset_and_none_stop_the_deliveries(emulator: Emulator, app: Mapping[str, Any], receiver: Receiver) -> None:
    emulator.deliver_webhooks_to(None)
    emulator.update(emulator.add("appStoreVersions", app=app), appVersionState="IN_REVIEW")
    assert receiver.requests == []
    emulator.deliver_webhooks_to(receiver)
    emulator.reset()
    again = emulator.add("apps", name="Lists", bundleId="com.example.lists")
    add_webhook(emulator, again)
    emulator.update(emulator.add("appStoreVersions", app=again), appVersionState="IN_REVIEW")
    assert receiver.requests == []
