from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any

import pytest
from emulator.harness import BASE, TOKEN, Bench
from emulator.workflows.desk import Desk, detail
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.emulator.api import Request
from pytest_asc.emulator.catalogue import catalogue
from pytest_asc.emulator.workflows.images import size_of
from pytest_asc.emulator.workflows.uploads import is_uploaded, split

if TYPE_CHECKING:
    from emulator.harness import Answer

FILE = b"hello, world"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1290, 2796) + b"rest"
JPEG = b"\xff\xd8\xff\xe0\0\x06meta\xff\xc0\0\x11\x08" + struct.pack(">HH", 920, 640) + b"rest"
WEEK = 7 * 24 * 3600.0


@pytest.fixture
def shots(bench: Bench) -> Any:
    return bench.emulator.add("appScreenshotSets", screenshotDisplayType="APP_IPHONE_67")


def reserve(desk: Desk, shots: Any, content: bytes = FILE, name: str = "shot.png") -> Any:
    return desk.made("appScreenshots", {"fileName": name, "fileSize": len(content)}, appScreenshotSet=shots)


def put(bench: Bench, operation: Any, content: bytes) -> Answer:
    headers = {header["name"]: header["value"] for header in operation["requestHeaders"]}
    part = content[operation["offset"] : operation["offset"] + operation["length"]]
    return bench.send(operation["method"], operation["url"], headers=headers, body=part)


def put_all(bench: Bench, file: Any, content: bytes) -> None:
    for operation in file["attributes"]["uploadOperations"]:
        assert put(bench, operation, content).status == 200


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def upload(desk: Desk, shots: Any, content: bytes = FILE, name: str = "shot.png") -> Any:
    """A file that was sent and committed."""
    file = reserve(desk, shots, content, name)
    put_all(desk.bench, file, content)
    assert desk.change(file, uploaded=True, sourceFileChecksum=md5(content)).status == 200
    return file


# The whole way.


def test_a_reservation_says_what_to_send(desk: Desk, shots: Any) -> None:
    attributes = reserve(desk, shots)["attributes"]
    (operation,) = attributes["uploadOperations"]
    assert operation["method"] == "PUT"
    assert (operation["offset"], operation["length"]) == (0, len(FILE))
    assert operation["requestHeaders"] == [{"name": "Content-Type", "value": "image/png"}]
    assert attributes["assetDeliveryState"] == {"errors": [], "warnings": [], "state": "AWAITING_UPLOAD"}
    assert attributes["assetToken"].endswith("shot.png")
    assert attributes["assetType"] == "SCREENSHOT"
    assert attributes["sourceFileChecksum"] is attributes["imageAsset"] is None


def test_a_file_is_processed_in_time(bench: Bench, desk: Desk, shots: Any) -> None:
    file = upload(desk, shots, PNG)
    committed = desk.get(file)
    assert committed["assetDeliveryState"]["state"] == "UPLOAD_COMPLETE"
    assert committed["uploadOperations"] is None
    assert bench.emulator.advance() == [f"appScreenshots {file['id']}: COMPLETE"]
    done = desk.get(file)
    assert done["assetDeliveryState"] == {"errors": [], "warnings": [], "state": "COMPLETE"}
    assert done["sourceFileChecksum"] == md5(PNG)
    assert (done["imageAsset"]["width"], done["imageAsset"]["height"]) == (1290, 2796)
    address = done["imageAsset"]["templateUrl"].format(w=645, h=1398, f="png")
    assert address.endswith("/645x1398bb.png")
    assert bench.send("GET", address, headers={}).body == PNG


def test_parts_come_in_any_order_and_again(bench: Bench, desk: Desk, shots: Any) -> None:
    bench.emulator.part_size = 5
    file = reserve(desk, shots)
    operations = file["attributes"]["uploadOperations"]
    assert [(one["offset"], one["length"]) for one in operations] == [(0, 5), (5, 5), (10, 2)]
    assert put(bench, operations[1], b"wrong" * 4).status == 200
    for operation in reversed(operations):
        tag = put(bench, operation, FILE).headers["ETag"]
        assert tag == f'"{md5(FILE[operation["offset"] :][: operation["length"]]).upper()}"'
    assert desk.change(file, uploaded=True, sourceFileChecksum=md5(FILE)).status == 200
    bench.emulator.advance()
    assert desk.get(file)["assetDeliveryState"]["state"] == "COMPLETE"


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
def test_what_parts_are_sent_as(desk: Desk, shots: Any, name: str, content_type: str) -> None:
    (operation,) = reserve(desk, shots, name=name)["attributes"]["uploadOperations"]
    assert operation["requestHeaders"] == [{"name": "Content-Type", "value": content_type}]


@pytest.mark.parametrize("upper", [False, True])
def test_a_checksum_may_be_of_capitals(bench: Bench, desk: Desk, shots: Any, *, upper: bool) -> None:
    file = reserve(desk, shots)
    put_all(bench, file, FILE)
    desk.change(file, uploaded=True, sourceFileChecksum=md5(FILE).upper() if upper else md5(FILE))
    bench.emulator.advance()
    assert desk.get(file)["sourceFileChecksum"] == md5(FILE)


def test_a_second_commit_changes_nothing(bench: Bench, desk: Desk, shots: Any) -> None:
    file = upload(desk, shots)
    assert desk.change(file, uploaded=True, sourceFileChecksum=md5(FILE)).status == 200
    assert len(bench.emulator.advance()) == 1


# What goes wrong.


def test_a_wrong_checksum_fails_for_good(bench: Bench, desk: Desk, shots: Any) -> None:
    file = reserve(desk, shots)
    put_all(bench, file, FILE)
    assert desk.change(file, uploaded=True, sourceFileChecksum=md5(b"other")).status == 200
    bench.emulator.advance()
    state = desk.get(file)["assetDeliveryState"]
    assert state["state"] == "FAILED"
    assert [error["code"] for error in state["errors"]] == ["CHECKSUM_MISMATCH"]
    assert desk.change(file, uploaded=True, sourceFileChecksum=md5(FILE)).status == 200
    bench.emulator.advance()
    assert desk.get(file)["assetDeliveryState"]["state"] == "FAILED"
    assert desk.delete(file).status == 204


def test_a_test_decides_that_it_fails(bench: Bench, desk: Desk, shots: Any) -> None:
    file = upload(desk, shots)
    bench.emulator.decide(file, "FAILED")
    assert bench.emulator.advance() == [f"appScreenshots {file['id']}: FAILED"]
    (error,) = desk.get(file)["assetDeliveryState"]["errors"]
    assert error["code"] == "IMAGE_INCORRECT_DIMENSIONS"


def test_what_has_not_come_cannot_be_committed(bench: Bench, desk: Desk, shots: Any) -> None:
    bench.emulator.part_size = 5
    file = reserve(desk, shots)
    put(bench, file["attributes"]["uploadOperations"][2], FILE)
    answer = desk.change(file, uploaded=True, sourceFileChecksum=md5(FILE))
    assert answer.status == 409
    assert detail(answer) == "The upload cannot be committed: 2 of 12 bytes have been received."
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/attributes/uploaded"}
    assert desk.get(file)["assetDeliveryState"]["state"] == "AWAITING_UPLOAD"


def test_nor_can_more_than_was_reserved(bench: Bench, desk: Desk, shots: Any) -> None:
    file = reserve(desk, shots)
    (operation,) = file["attributes"]["uploadOperations"]
    put(bench, {**operation, "length": 100}, FILE + b"!")
    answer = desk.change(file, uploaded=True)
    assert detail(answer) == "The upload cannot be committed: 13 of 12 bytes have been received."


@pytest.mark.parametrize("turn", ["clock", "advance"])
def test_a_reservation_ends_after_a_week(bench: Bench, desk: Desk, shots: Any, turn: str) -> None:
    file = reserve(desk, shots)
    (operation,) = file["attributes"]["uploadOperations"]
    put(bench, operation, FILE)
    assert f"Expires={int(bench.clock.now + WEEK)}" in operation["url"]
    if turn == "clock":
        bench.clock.now += WEEK
        late = put(bench, operation, FILE)
    else:
        bench.emulator.advance(WEEK)
        late = put(bench, operation, FILE)
        assert detail(desk.change(file, uploaded=True)).startswith("The reservation has expired.")
    assert (late.status, b"Request has expired" in late.body) == (403, True)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "image/png", "Authorization": f"Bearer {TOKEN}"}, 400, b"InvalidArgument"),
        ({}, 403, b"SignatureDoesNotMatch"),
        ({"Content-Type": "application/octet-stream"}, 403, b"SignatureDoesNotMatch"),
    ],
)
def test_how_parts_must_not_be_sent(
    bench: Bench, desk: Desk, shots: Any, headers: dict[str, str], status: int, code: bytes
) -> None:
    (operation,) = reserve(desk, shots)["attributes"]["uploadOperations"]
    answer = bench.send("PUT", operation["url"], headers=headers, body=FILE)
    assert (answer.status, code in answer.body) == (status, True)


def test_an_address_is_for_one_part_and_one_method(bench: Bench, desk: Desk, shots: Any) -> None:
    (operation,) = reserve(desk, shots)["attributes"]["uploadOperations"]
    moved = {**operation, "url": operation["url"].replace("partNumber=1", "partNumber=2")}
    assert put(bench, moved, FILE).status == 403
    assert put(bench, {**operation, "method": "POST"}, FILE).status == 405
    assert put(bench, {**operation, "method": "GET"}, FILE).status == 405


@pytest.mark.parametrize("end", ["commit", "delete"])
def test_parts_are_taken_until_the_end(bench: Bench, desk: Desk, shots: Any, end: str) -> None:
    file = reserve(desk, shots)
    put_all(bench, file, FILE)
    assert (desk.change(file, uploaded=True) if end == "commit" else desk.delete(file)).status in {200, 204}
    late = put(bench, file["attributes"]["uploadOperations"][0], FILE)
    assert (late.status, b"NoSuchUpload" in late.body) == (404, True)


def test_what_is_deleted_is_not_processed(bench: Bench, desk: Desk, shots: Any) -> None:
    file = upload(desk, shots)
    desk.delete(file)
    assert bench.emulator.advance() == []


@pytest.mark.parametrize("size", [0, -1])
def test_an_empty_file_is_refused(desk: Desk, shots: Any, size: int) -> None:
    answer = desk.create("appScreenshots", {"fileName": "a.png", "fileSize": size}, appScreenshotSet=shots)
    assert answer.status == 409
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/attributes/fileSize"}


def test_a_part_is_not_smaller_than_a_byte(bench: Bench) -> None:
    with pytest.raises(ValueError, match="1 byte or more, got 0"):
        bench.emulator.part_size = 0


def test_there_is_one_screenshot_for_review(bench: Bench, desk: Desk) -> None:
    product = bench.emulator.add("inAppPurchases")
    attributes = {"fileName": "a.png", "fileSize": 3}
    first = desk.made("inAppPurchaseAppStoreReviewScreenshots", attributes, inAppPurchaseV2=product)
    again = desk.create("inAppPurchaseAppStoreReviewScreenshots", attributes, inAppPurchaseV2=product)
    assert again.status == 409
    desk.delete(first)
    desk.made("inAppPurchaseAppStoreReviewScreenshots", attributes, inAppPurchaseV2=product)


# Every type.

UPLOADED = [
    (schema.version, kind) for kind in filter(is_uploaded, catalogue().types) for schema in catalogue().schemas_of(kind)
]


def test_the_types_are_found_by_what_they_have() -> None:
    kinds = {kind for _, kind in UPLOADED}
    assert kinds > {"appPreviews", "appScreenshots", "buildUploadFiles", "routingAppCoverages", "subscriptionImages"}
    assert not kinds & {"appScreenshotSets", "buildUploads", "analyticsReportSegments"}


@pytest.mark.parametrize(("version", "kind"), UPLOADED)
def test_every_type_is_uploaded_alike(bench: Bench, version: str, kind: str) -> None:
    create = catalogue().operation("POST", f"/{version}/{kind}")
    assert create is not None
    form = catalogue().bodies[create.body or ""]
    given = {"fileName": "file.png", "fileSize": len(PNG)}
    enums = {name: values[0] for name, code in form["attributes"].items() if (values := catalogue().enum(code))}
    parents = {
        name: bench.emulator.add(target)
        for name, target in form["relationships"].items()
        if f"relationships.{name}" in form["required"]
    }
    desk = Desk(bench, version)
    file = desk.made(kind, {**given, **enums}, **parents)
    put_all(bench, file, PNG)
    assert desk.change(file, uploaded=True).status == 200
    bench.emulator.advance()
    done = bench.get(f"/{version}/{kind}/{file['id']}")
    if done.status == 403:  # what only its parent shows
        return
    attributes = done.json["data"]["attributes"]
    state = attributes.get("state") or attributes["assetDeliveryState"]["state"]
    assert state == ("PREPARE_FOR_SUBMISSION" if "state" in attributes else "COMPLETE")
    for name in {"videoUrl", "downloadUrl"} & {*attributes}:
        assert bench.send("GET", attributes[name], headers={}).body == PNG
    if "videoDeliveryState" in attributes:
        assert attributes["videoDeliveryState"]["state"] == "COMPLETE"


# Elsewhere than at Apple's address.


def test_the_storage_is_where_the_emulator_is(bench: Bench, shots: Any) -> None:
    desk = Desk(bench, base="http://127.0.0.1:4321")
    file = reserve(desk, shots)
    (operation,) = file["attributes"]["uploadOperations"]
    assert operation["url"].startswith("http://127.0.0.1:4321/object-storage/")
    put_all(bench, file, FILE)
    desk.change(file, uploaded=True)
    bench.emulator.advance()
    assert desk.get(file)["imageAsset"]["templateUrl"].startswith("http://127.0.0.1:4321/object-storage/")


# Parts and images.


@given(st.integers(1, 10**12), st.integers(10**4, 10**9) | st.just(5 * 2**20))
def test_parts_cover_the_file(size: int, part_size: int) -> None:
    parts = list(split(size, part_size))
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
def test_sizes_of_images(content: bytes, size: tuple[int, int]) -> None:
    assert size_of(content) == size


@given(st.sampled_from([PNG[:12], JPEG[:2], JPEG[:13]]), st.binary(max_size=40))
def test_no_image_is_too_odd(begin: bytes, rest: bytes) -> None:
    width, height = size_of(begin + rest)
    assert min(width, height) >= 0


def test_odd_requests_to_the_storage(bench: Bench) -> None:
    for url in (
        f"{BASE.replace('api.appstoreconnect', 'northamerica-1.object-storage')}/key?partNumber=x&X-Amz-Date=y",
        f"{BASE}/object-storage/key",
    ):
        response = bench.emulator.handle(Request("PUT", url, {}, b""))
        assert response.crash is None
        assert response.status in {401, 403, 404}
