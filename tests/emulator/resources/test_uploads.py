from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any

import pytest
from emulator.harness import BASE, TOKEN, EmulatorClient
from emulator.resources.api_writer import ApiWriter, detail
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.emulator.app import Request
from pytest_asc.emulator.resources.images import image_size
from pytest_asc.emulator.resources.uploads import split_into_parts
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.uploads import is_uploaded

if TYPE_CHECKING:
    from emulator.harness import Answer

FILE = b"hello, world"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1290, 2796) + b"rest"
JPEG = b"\xff\xd8\xff\xe0\0\x06meta\xff\xc0\0\x11\x08" + struct.pack(">HH", 920, 640) + b"rest"
WEEK = 7 * 24 * 3600.0


@pytest.fixture
def screenshot_set(emulator_client: EmulatorClient) -> Any:
    return emulator_client.emulator.add("appScreenshotSets", screenshotDisplayType="APP_IPHONE_67")


def reserve(api_writer: ApiWriter, screenshot_set: Any, content: bytes = FILE, name: str = "shot.png") -> Any:
    return api_writer.create(
        "appScreenshots", {"fileName": name, "fileSize": len(content)}, appScreenshotSet=screenshot_set
    )


def put(emulator_client: EmulatorClient, operation: Any, content: bytes) -> Answer:
    headers = {header["name"]: header["value"] for header in operation["requestHeaders"]}
    part = content[operation["offset"] : operation["offset"] + operation["length"]]
    return emulator_client.send(operation["method"], operation["url"], headers=headers, body=part)


def put_all(emulator_client: EmulatorClient, file: Any, content: bytes) -> None:
    for operation in file["attributes"]["uploadOperations"]:
        assert put(emulator_client, operation, content).status == 200


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def upload(api_writer: ApiWriter, screenshot_set: Any, content: bytes = FILE, name: str = "shot.png") -> Any:
    """Upload and commit a file."""
    file = reserve(api_writer, screenshot_set, content, name)
    put_all(api_writer.emulator_client, file, content)
    assert api_writer.patch(file, uploaded=True, sourceFileChecksum=md5(content)).status == 200
    return file


# Successful uploads.


def test_a_reservation_returns_upload_operations(api_writer: ApiWriter, screenshot_set: Any) -> None:
    attributes = reserve(api_writer, screenshot_set)["attributes"]
    (operation,) = attributes["uploadOperations"]
    assert operation["method"] == "PUT"
    assert (operation["offset"], operation["length"]) == (0, len(FILE))
    assert operation["requestHeaders"] == [{"name": "Content-Type", "value": "image/png"}]
    assert attributes["assetDeliveryState"] == {"errors": [], "warnings": [], "state": "AWAITING_UPLOAD"}
    assert attributes["assetToken"].endswith("shot.png")
    assert attributes["assetType"] == "SCREENSHOT"
    assert attributes["sourceFileChecksum"] is attributes["imageAsset"] is None


def test_a_committed_file_is_processed_after_some_time(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any
) -> None:
    file = upload(api_writer, screenshot_set, PNG)
    committed = api_writer.get(file)
    assert committed["assetDeliveryState"]["state"] == "UPLOAD_COMPLETE"
    assert committed["uploadOperations"] is None
    assert emulator_client.emulator.advance() == [f"appScreenshots {file['id']}: COMPLETE"]
    done = api_writer.get(file)
    assert done["assetDeliveryState"] == {"errors": [], "warnings": [], "state": "COMPLETE"}
    assert done["sourceFileChecksum"] == md5(PNG)
    assert (done["imageAsset"]["width"], done["imageAsset"]["height"]) == (1290, 2796)
    address = done["imageAsset"]["templateUrl"].format(w=645, h=1398, f="png")
    assert address.endswith("/645x1398bb.png")
    assert emulator_client.send("GET", address, headers={}).body == PNG


def test_parts_can_be_sent_in_any_order_and_repeatedly(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any
) -> None:
    emulator_client.emulator.part_size = 5
    file = reserve(api_writer, screenshot_set)
    operations = file["attributes"]["uploadOperations"]
    assert [(one["offset"], one["length"]) for one in operations] == [(0, 5), (5, 5), (10, 2)]
    assert put(emulator_client, operations[1], b"wrong" * 4).status == 200
    for operation in reversed(operations):
        tag = put(emulator_client, operation, FILE).headers["ETag"]
        assert tag == f'"{md5(FILE[operation["offset"] :][: operation["length"]]).upper()}"'
    assert api_writer.patch(file, uploaded=True, sourceFileChecksum=md5(FILE)).status == 200
    emulator_client.emulator.advance()
    assert api_writer.get(file)["assetDeliveryState"]["state"] == "COMPLETE"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.PNG", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.mp4", "video/mp4"),
        ("a.geojson", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_the_content_type_of_parts_follows_the_file_name(
    api_writer: ApiWriter, screenshot_set: Any, name: str, content_type: str
) -> None:
    (operation,) = reserve(api_writer, screenshot_set, name=name)["attributes"]["uploadOperations"]
    assert operation["requestHeaders"] == [{"name": "Content-Type", "value": content_type}]


@pytest.mark.parametrize("upper", [False, True])
def test_a_checksum_may_be_upper_case(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any, *, upper: bool
) -> None:
    file = reserve(api_writer, screenshot_set)
    put_all(emulator_client, file, FILE)
    api_writer.patch(file, uploaded=True, sourceFileChecksum=md5(FILE).upper() if upper else md5(FILE))
    emulator_client.emulator.advance()
    assert api_writer.get(file)["sourceFileChecksum"] == md5(FILE)


def test_a_second_commit_has_no_effect(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any
) -> None:
    file = upload(api_writer, screenshot_set)
    assert api_writer.patch(file, uploaded=True, sourceFileChecksum=md5(FILE)).status == 200
    assert len(emulator_client.emulator.advance()) == 1


# Failures.


def test_a_wrong_checksum_fails_and_cannot_be_corrected(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any
) -> None:
    file = reserve(api_writer, screenshot_set)
    put_all(emulator_client, file, FILE)
    assert api_writer.patch(file, uploaded=True, sourceFileChecksum=md5(b"other")).status == 200
    emulator_client.emulator.advance()
    state = api_writer.get(file)["assetDeliveryState"]
    assert state["state"] == "FAILED"
    assert [error["code"] for error in state["errors"]] == ["CHECKSUM_MISMATCH"]
    assert api_writer.patch(file, uploaded=True, sourceFileChecksum=md5(FILE)).status == 200
    emulator_client.emulator.advance()
    assert api_writer.get(file)["assetDeliveryState"]["state"] == "FAILED"
    assert api_writer.delete(file).status == 204


def test_a_file_fails_if_a_test_has_chosen_this_outcome(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any
) -> None:
    file = upload(api_writer, screenshot_set)
    emulator_client.emulator.decide(file, "FAILED")
    assert emulator_client.emulator.advance() == [f"appScreenshots {file['id']}: FAILED"]
    (error,) = api_writer.get(file)["assetDeliveryState"]["errors"]
    assert error["code"] == "IMAGE_INCORRECT_DIMENSIONS"


def test_an_incomplete_file_cannot_be_committed(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any
) -> None:
    emulator_client.emulator.part_size = 5
    file = reserve(api_writer, screenshot_set)
    put(emulator_client, file["attributes"]["uploadOperations"][2], FILE)
    answer = api_writer.patch(file, uploaded=True, sourceFileChecksum=md5(FILE))
    assert answer.status == 409
    assert detail(answer) == "The upload cannot be committed: 2 of 12 bytes have been received."
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/attributes/uploaded"}
    assert api_writer.get(file)["assetDeliveryState"]["state"] == "AWAITING_UPLOAD"


def test_a_file_with_more_bytes_than_reserved_cannot_be_committed(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any
) -> None:
    file = reserve(api_writer, screenshot_set)
    (operation,) = file["attributes"]["uploadOperations"]
    put(emulator_client, {**operation, "length": 100}, FILE + b"!")
    answer = api_writer.patch(file, uploaded=True)
    assert detail(answer) == "The upload cannot be committed: 13 of 12 bytes have been received."


@pytest.mark.parametrize("elapse", ["clock", "advance"])
def test_a_reservation_expires_after_a_week(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any, elapse: str
) -> None:
    file = reserve(api_writer, screenshot_set)
    (operation,) = file["attributes"]["uploadOperations"]
    put(emulator_client, operation, FILE)
    assert f"Expires={int(emulator_client.clock.now + WEEK)}" in operation["url"]
    if elapse == "clock":
        emulator_client.clock.now += WEEK
        late = put(emulator_client, operation, FILE)
    else:
        emulator_client.emulator.advance(WEEK)
        late = put(emulator_client, operation, FILE)
        assert detail(api_writer.patch(file, uploaded=True)).startswith("The reservation has expired.")
    assert (late.status, b"Request has expired" in late.body) == (403, True)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "image/png", "Authorization": f"Bearer {TOKEN}"}, 400, b"InvalidArgument"),
        ({}, 403, b"SignatureDoesNotMatch"),
        ({"Content-Type": "application/octet-stream"}, 403, b"SignatureDoesNotMatch"),
    ],
)
def test_a_part_with_wrong_headers_is_rejected(
    emulator_client: EmulatorClient,
    api_writer: ApiWriter,
    screenshot_set: Any,
    headers: dict[str, str],
    status: int,
    code: bytes,
) -> None:
    (operation,) = reserve(api_writer, screenshot_set)["attributes"]["uploadOperations"]
    answer = emulator_client.send("PUT", operation["url"], headers=headers, body=FILE)
    assert (answer.status, code in answer.body) == (status, True)


def test_an_upload_url_is_only_valid_for_its_part_and_for_put(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any
) -> None:
    (operation,) = reserve(api_writer, screenshot_set)["attributes"]["uploadOperations"]
    moved = {**operation, "url": operation["url"].replace("partNumber=1", "partNumber=2")}
    assert put(emulator_client, moved, FILE).status == 403
    assert put(emulator_client, {**operation, "method": "POST"}, FILE).status == 405
    assert put(emulator_client, {**operation, "method": "GET"}, FILE).status == 405


@pytest.mark.parametrize("end", ["commit", "delete"])
def test_parts_are_rejected_after_the_commit_or_deletion_of_a_file(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any, end: str
) -> None:
    file = reserve(api_writer, screenshot_set)
    put_all(emulator_client, file, FILE)
    assert (api_writer.patch(file, uploaded=True) if end == "commit" else api_writer.delete(file)).status in {200, 204}
    late = put(emulator_client, file["attributes"]["uploadOperations"][0], FILE)
    assert (late.status, b"NoSuchUpload" in late.body) == (404, True)


def test_a_deleted_file_is_not_processed(
    emulator_client: EmulatorClient, api_writer: ApiWriter, screenshot_set: Any
) -> None:
    file = upload(api_writer, screenshot_set)
    api_writer.delete(file)
    assert emulator_client.emulator.advance() == []


@pytest.mark.parametrize("size", [0, -1])
def test_an_empty_file_is_rejected(api_writer: ApiWriter, screenshot_set: Any, size: int) -> None:
    answer = api_writer.post("appScreenshots", {"fileName": "a.png", "fileSize": size}, appScreenshotSet=screenshot_set)
    assert answer.status == 409
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/attributes/fileSize"}


def test_part_size_must_be_at_least_one_byte(emulator_client: EmulatorClient) -> None:
    with pytest.raises(ValueError, match="got 0, expected at least 1 byte"):
        emulator_client.emulator.part_size = 0


def test_a_second_review_screenshot_is_rejected(emulator_client: EmulatorClient, api_writer: ApiWriter) -> None:
    product = emulator_client.emulator.add("inAppPurchases")
    attributes = {"fileName": "a.png", "fileSize": 3}
    first = api_writer.create("inAppPurchaseAppStoreReviewScreenshots", attributes, inAppPurchaseV2=product)
    again = api_writer.post("inAppPurchaseAppStoreReviewScreenshots", attributes, inAppPurchaseV2=product)
    assert again.status == 409
    api_writer.delete(first)
    api_writer.create("inAppPurchaseAppStoreReviewScreenshots", attributes, inAppPurchaseV2=product)


# All types.

UPLOADED = [
    (schema.version, resource_type)
    for resource_type in filter(is_uploaded, api_spec().types)
    for schema in api_spec().schemas_of(resource_type)
]


def test_uploaded_types_are_found_by_their_upload_operations() -> None:
    resource_types = {resource_type for _, resource_type in UPLOADED}
    assert resource_types > {
        "appPreviews",
        "appScreenshots",
        "buildUploadFiles",
        "routingAppCoverages",
        "subscriptionImages",
    }
    assert not resource_types & {"appScreenshotSets", "buildUploads", "analyticsReportSegments"}


@pytest.mark.parametrize(("version", "resource_type"), UPLOADED)
def test_every_uploaded_type_can_be_reserved_committed_and_processed(
    emulator_client: EmulatorClient, version: str, resource_type: str
) -> None:
    create = api_spec().operation("POST", f"/{version}/{resource_type}")
    assert create is not None
    form = api_spec().bodies[create.body or ""]
    given = {"fileName": "file.png", "fileSize": len(PNG)}
    enums = {name: values[0] for name, code in form["attributes"].items() if (values := api_spec().enum(code))}
    parents = {
        name: emulator_client.emulator.add(str(target))
        for name, target in form["relationships"].items()
        if f"relationships.{name}" in form["required"]
    }
    api_writer = ApiWriter(emulator_client, version)
    file = api_writer.create(resource_type, {**given, **enums}, **parents)
    put_all(emulator_client, file, PNG)
    assert api_writer.patch(file, uploaded=True).status == 200
    emulator_client.emulator.advance()
    done = emulator_client.get(f"/{version}/{resource_type}/{file['id']}")
    if done.status == 403:  # types that can only be read through their parent
        return
    attributes = done.json["data"]["attributes"]
    state = attributes.get("state") or attributes["assetDeliveryState"]["state"]
    assert state == ("PREPARE_FOR_SUBMISSION" if "state" in attributes else "COMPLETE")
    for name in {"videoUrl", "downloadUrl"} & {*attributes}:
        assert emulator_client.send("GET", attributes[name], headers={}).body == PNG
    if "videoDeliveryState" in attributes:
        assert attributes["videoDeliveryState"]["state"] == "COMPLETE"


# Other base URLs.


def test_upload_urls_use_the_base_url_of_the_client(emulator_client: EmulatorClient, screenshot_set: Any) -> None:
    api_writer = ApiWriter(emulator_client, base="http://127.0.0.1:4321")
    file = reserve(api_writer, screenshot_set)
    (operation,) = file["attributes"]["uploadOperations"]
    assert operation["url"].startswith("http://127.0.0.1:4321/object-storage/")
    put_all(emulator_client, file, FILE)
    api_writer.patch(file, uploaded=True)
    emulator_client.emulator.advance()
    assert api_writer.get(file)["imageAsset"]["templateUrl"].startswith("http://127.0.0.1:4321/object-storage/")


# Parts and images.


@given(st.integers(1, 10**12), st.integers(10**4, 10**9) | st.just(5 * 2**20))
def test_split_parts_cover_the_file(size: int, part_size: int) -> None:
    parts = list(split_into_parts(size, part_size))
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert len(parts) <= 10_000
    end = 0
    for part in parts:
        assert part.offset == end
        end += part.length
    assert end == size
    assert len({part.length for part in parts[:-1]}) <= 1
    assert 1 <= parts[-1].length <= max(part.length for part in parts)


@pytest.mark.parametrize(("content", "size"), [(PNG, (1290, 2796)), (JPEG, (640, 920)), (FILE, (0, 0)), (b"", (0, 0))])
def test_image_size_reads_png_and_jpeg_headers(content: bytes, size: tuple[int, int]) -> None:
    assert image_size(content) == size


@given(st.sampled_from([PNG[:12], JPEG[:2], JPEG[:13]]), st.binary(max_size=40))
def test_image_size_accepts_any_bytes(begin: bytes, rest: bytes) -> None:
    width, height = image_size(begin + rest)
    assert min(width, height) >= 0


def test_invalid_requests_to_the_storage_are_rejected(emulator_client: EmulatorClient) -> None:
    for url in (
        f"{BASE.replace('api.appstoreconnect', 'northamerica-1.object-storage')}/key?partNumber=x&X-Amz-Date=y",
        f"{BASE}/object-storage/key",
    ):
        response = emulator_client.emulator.handle(Request("PUT", url, {}, b""))
        assert response.crash is None
        assert response.status in {401, 403, 404}
