"""App Asset Library: uploads, placements on versions, and requests that are rejected."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from pytest_asc import Emulator, Session

GROUP = "IPHONE_DYNAMIC_ISLAND_LARGE_PROFILE"


def png(width: int, height: int) -> bytes:
    """Return a PNG image with a size and arbitrary pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


PICTURE = png(1290, 2796)


class Library:
    """A client of the asset library of one app."""

    def __init__(self, session: Session, emulator: Emulator) -> None:
        self.session = session
        self.emulator = emulator
        self.app = emulator.add("apps", name="Lists", bundleId="com.example.lists")
        self.version = emulator.add("appStoreVersions", app=self.app, versionString="1.1", platform="IOS")
        self.localization = emulator.add("appStoreVersionLocalizations", appStoreVersion=self.version, locale="en-US")
        self.id = self.get(f"/v1/apps/{self.app['id']}/assetLibrary")["id"]

    def get(self, path: str) -> Any:
        response = self.session.get(path)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def post(self, kind: str, attributes: dict[str, Any], **relationships: Any) -> requests.Response:
        data = {
            "type": kind,
            "attributes": attributes,
            "relationships": {name: {"data": linkage} for name, linkage in relationships.items()},
        }
        return self.session.post(f"/v1/{kind}", json={"data": data})

    def patch(self, resource: Any, **attributes: Any) -> requests.Response:
        data = {"type": resource["type"], "id": resource["id"], "attributes": attributes}
        return self.session.patch(f"/v1/{resource['type']}/{resource['id']}", json={"data": data})

    def reserve(self, kind: str = "appAssetLibraryImages", content: bytes = PICTURE, **attributes: Any) -> Any:
        given = {"fileName": "1.png", "fileSize": len(content), "category": "APP_SCREENSHOTS_AND_PREVIEWS"}
        library = {"type": "appAssetLibraries", "id": self.id}
        response = self.post(kind, {**given, **attributes}, assetLibrary=library)
        assert response.status_code == 201, response.text
        return response.json()["data"]

    def upload(self, kind: str = "appAssetLibraryImages", content: bytes = PICTURE, **attributes: Any) -> Any:
        asset = self.reserve(kind, content, **attributes)
        for operation in asset["attributes"]["uploadOperations"]:
            part = content[operation["offset"] : operation["offset"] + operation["length"]]
            headers = {header["name"]: header["value"] for header in operation["requestHeaders"]}
            assert requests.request(operation["method"], operation["url"], data=part, headers=headers, timeout=5).ok
        response = self.patch(asset, uploaded=True)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def complete(self, kind: str = "appAssetLibraryImages", content: bytes = PICTURE, **attributes: Any) -> Any:
        asset = self.upload(kind, content, **attributes)
        self.emulator.advance()
        return self.get(f"/v1/{kind}/{asset['id']}")

    def place(
        self, asset: Any, kind: str = "APP_SCREENSHOT", group: str = GROUP, surface: Any = None
    ) -> requests.Response:
        name = "video" if asset["type"] == "appAssetLibraryVideos" else "image"
        surface = surface or self.localization
        related = {name: asset, surface["type"].removesuffix("s"): surface}
        links = {name: {"type": one["type"], "id": one["id"]} for name, one in related.items()}
        return self.post("appAssetLibraryPlacements", {"placementType": kind, "placementGroup": group}, **links)

    def submit(self, name: str, reviewed: Any) -> Any:
        """Create a review submission with one item, without submitting it."""
        app = {"type": "apps", "id": self.app["id"]}
        submission = self.post("reviewSubmissions", {"platform": "IOS"}, app=app).json()["data"]
        link = {"type": "reviewSubmissions", "id": submission["id"]}
        item = {"reviewSubmission": link, name: {"type": reviewed["type"], "id": reviewed["id"]}}
        response = self.post("reviewSubmissionItems", {}, **item)
        assert response.status_code == 201, response.text
        return submission

    def placements(self, query: str = "") -> list[Any]:
        found: list[Any] = self.get(f"/v1/appStoreVersionLocalizations/{self.localization['id']}/placements{query}")
        return found


@pytest.fixture
def library(asc_session: Session, asc_emulator: Emulator) -> Library:
    return Library(asc_session, asc_emulator)


def error(response: requests.Response) -> dict[str, Any]:
    found: dict[str, Any] = response.json()["errors"][0]
    return found


def test_the_library_of_an_app_has_the_apps_id(library: Library) -> None:
    assert library.id == library.app["id"]
    assert library.get(f"/v1/apps/{library.app['id']}/relationships/assetLibrary")["id"] == library.id
    assert library.get(f"/v1/appAssetLibraries/{library.id}/images") == []


def test_an_image_is_reserved_uploaded_and_processed(library: Library) -> None:
    image = library.reserve(referenceName="First")
    assert image["attributes"]["state"] == "AWAITING_UPLOAD"
    image = library.upload(referenceName="Second")
    assert (image["attributes"]["state"], image["attributes"]["uploadOperations"]) == ("UPLOAD_COMPLETE", None)
    library.emulator.advance()
    attributes = library.get(f"/v1/appAssetLibraryImages/{image['id']}")["attributes"]
    assert attributes["state"] == "PREPARE_FOR_SUBMISSION"
    assert attributes["imageAsset"]["width"] == 1290
    assert attributes["specId"] == "f56c777c-99ea-5760-97ae-27c5f8cbb884"
    assert attributes["createdDate"]


def test_images_of_a_library_are_filtered_and_sorted(library: Library) -> None:
    first, second = library.reserve(referenceName="B"), library.complete(referenceName="A")
    path = f"/v1/appAssetLibraries/{library.id}/images"
    assert [one["id"] for one in library.get(f"{path}?sort=referenceName")] == [second["id"], first["id"]]
    assert [one["id"] for one in library.get(f"{path}?filter[state]=AWAITING_UPLOAD")] == [first["id"]]
    assert [one["id"] for one in library.get(f"{path}?filter[id]={second['id']}")] == [second["id"]]
    assert [one["id"] for one in library.get(f"{path}?filter[category]=CREATIVE_ASSETS")] == []


def test_the_specification_of_an_asset_cannot_be_set(library: Library) -> None:
    link = {"type": "appAssetLibraries", "id": library.id}
    given = {"fileName": "1.png", "fileSize": 1, "category": "CREATIVE_ASSETS", "specId": "x"}
    response = library.post("appAssetLibraryImages", given, assetLibrary=link)
    assert (response.status_code, error(response)["source"]["pointer"]) == (409, "/data/attributes/specId")


def test_an_image_can_be_placed_on_a_version(library: Library) -> None:
    image = library.complete()
    response = library.place(image)
    assert response.status_code == 201, response.text
    placement = response.json()["data"]
    assert placement["attributes"]["mediaType"] == "IMAGE"
    assert placement["attributes"]["state"] == "PARENT_PREPARE_FOR_SUBMISSION"
    assert [one["id"] for one in library.placements()] == [placement["id"]]
    assert [one["id"] for one in library.placements(f"?filter[image]={image['id']}")] == [placement["id"]]
    assert library.placements("?filter[placementType]=APP_PREVIEW") == []
    used = library.get(f"/v1/appAssetLibraryImages/{image['id']}/placements")
    assert [one["id"] for one in used] == [placement["id"]]


def test_a_video_can_be_placed_as_a_preview(library: Library) -> None:
    video = library.complete("appAssetLibraryVideos", b"video", fileName="1.mp4", previewFrameTimeCode="00:00:05:01")
    assert video["attributes"]["previewFrameImage"]["state"] == "COMPLETE"
    assert library.place(video, "APP_PREVIEW").json()["data"]["attributes"]["mediaType"] == "VIDEO"
    assert error(library.place(video, "APP_SCREENSHOT"))["code"] == "ENTITY_ERROR.ATTRIBUTE.INVALID"


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("APP_SCREENSHOT", "NO_SUCH_PROFILE"),
        ("APP_SCREENSHOT", "DEFAULT_PROFILE"),
        ("APP_PREVIEW", GROUP),
        ("EVENT_CARD_ASSET", "DEFAULT_PROFILE"),
        ("PRODUCT_PAGE_HEADER_ASSET", GROUP),
    ],
)
def test_a_placement_that_the_surface_does_not_support_is_rejected(library: Library, kind: str, group: str) -> None:
    refused = error(library.place(library.complete(), kind, group))
    assert (refused["status"], refused["code"]) == ("409", "ENTITY_ERROR.ATTRIBUTE.INVALID")
    assert refused["detail"] == (
        "The requested 'placementType' and 'placementGroup' combination is not supported for this parent."
    )
    assert refused["source"] == {"pointer": "/data/attributes/placementType"}


def test_an_asset_that_is_being_processed_cannot_be_placed(library: Library) -> None:
    assert error(library.place(library.upload()))["code"] == "STATE_ERROR.ASSET_IN_POST_PROCESSING"


def test_exactly_one_asset_and_one_surface_are_required(library: Library) -> None:
    image = library.complete()
    link = {"type": image["type"], "id": image["id"]}
    given = {"placementType": "APP_SCREENSHOT", "placementGroup": GROUP}
    assert library.post("appAssetLibraryPlacements", given, image=link).status_code == 409
    surface = {"type": "appStoreVersionLocalizations", "id": library.localization["id"]}
    assert library.post("appAssetLibraryPlacements", given, appStoreVersionLocalization=surface).status_code == 409


def test_a_second_surface_in_a_request_is_rejected(library: Library) -> None:
    image = library.upload()
    page = library.emulator.add("appCustomProductPageLocalizations")
    surfaces = {
        "appStoreVersionLocalization": {"type": "appStoreVersionLocalizations", "id": library.localization["id"]},
        "appCustomProductPageLocalization": {"type": "appCustomProductPageLocalizations", "id": page["id"]},
    }
    attributes = {"placementType": "APP_SCREENSHOT", "placementGroup": GROUP}
    linkage = {"type": image["type"], "id": image["id"]}
    refused = error(library.post("appAssetLibraryPlacements", attributes, image=linkage, **surfaces))
    assert refused["code"] == "ENTITY_ERROR.RELATIONSHIP.NOT_ALLOWED"
    assert "can not be included in a 'CREATE' operation" in refused["detail"]


def test_the_number_of_placements_in_a_group_is_limited(library: Library) -> None:
    image = library.complete()
    assert [library.place(image).status_code for _ in range(11)] == [201] * 10 + [409]
    header = library.complete(content=png(3840, 1646), category="CREATIVE_ASSETS")
    statuses = [library.place(header, "PRODUCT_PAGE_HEADER_ASSET", "DEFAULT_PROFILE").status_code for _ in range(2)]
    assert statuses == [201, 409]


def test_placements_cannot_change_in_closed_states_of_the_parent(library: Library) -> None:
    image = library.complete()
    page = library.emulator.add("appCustomProductPages", app=library.app, name="Sale")
    version = library.emulator.add("appCustomProductPageVersions", appCustomProductPage=page, state="APPROVED")
    surface = library.emulator.add(
        "appCustomProductPageLocalizations", appCustomProductPageVersion=version, locale="en-US"
    )
    refused = error(library.place(image, surface=surface))
    assert (refused["status"], refused["code"]) == ("409", "STATE_ERROR.INVALID_STATE")
    assert refused["title"] == "Creating a placement is not permitted in AppCustomProductPageVersion's current state"
    assert refused["meta"] == {"state": "approved", "feature": "ASC_FEATURE_CUSTOM_PRODUCT_PAGES"}
    placement = library.place(image).json()["data"]
    library.emulator.update(library.version, appVersionState="WAITING_FOR_REVIEW")
    assert library.session.delete(f"/v1/appAssetLibraryPlacements/{placement['id']}").status_code == 409


def test_an_asset_with_placements_cannot_be_deleted(library: Library) -> None:
    image = library.complete()
    placement = library.place(image).json()["data"]
    path = f"/v1/appAssetLibraryImages/{image['id']}"
    refused = error(library.session.delete(path))
    assert (refused["status"], refused["code"]) == ("409", "STATE_ERROR.ASSET_HAS_PLACEMENTS")
    assert library.session.delete(f"/v1/appAssetLibraryPlacements/{placement['id']}").status_code == 204
    assert library.session.delete(path).status_code == 204
    assert library.session.get(path).status_code == 404


def test_only_an_approved_asset_can_be_archived(library: Library) -> None:
    image = library.complete()
    refused = error(library.patch(image, archived=True))
    assert (refused["status"], refused["code"]) == ("409", "STATE_ERROR.INVALID_ASSET_STATE")
    assert refused["detail"] == "Only an approved asset can be archived."
    library.emulator.update(image, state="APPROVED")
    assert library.patch(image, archived=True).json()["data"]["attributes"]["state"] == "ARCHIVED"
    assert error(library.place(image))["code"] == "STATE_ERROR.INVALID_ASSET_STATE"


def test_an_ordering_request_orders_the_placements_of_a_group(library: Library) -> None:
    image = library.complete()
    first, second, third = (library.place(image).json()["data"]["id"] for _ in range(3))
    other = library.place(image, group="IPAD_13_PROFILE").json()["data"]["id"]
    surface = {"type": "appStoreVersionLocalizations", "id": library.localization["id"]}

    def order(*ids: str) -> requests.Response:
        ordered = [{"type": "appAssetLibraryPlacements", "id": one} for one in ids]
        return library.post(
            "appAssetLibraryPlacementOrderingRequests",
            {"placementGroup": GROUP},
            orderedPlacements=ordered,
            appStoreVersionLocalization=surface,
        )

    assert order(third, first, second).status_code == 201
    query = f"?filter[placementGroup]={GROUP}&sort=placementGroupPosition"
    assert [one["id"] for one in library.placements(query)] == [third, first, second]
    assert {one["id"] for one in library.placements()} == {first, second, third, other}
    assert order(third, first).status_code == 409
    assert order(third, first, second, other).status_code == 409


def test_placements_follow_the_state_of_the_version(library: Library) -> None:
    library.emulator.review_requirements = frozenset()
    library.place(library.complete())

    def state() -> str:
        found: str = library.placements()[0]["attributes"]["state"]
        return found

    submission = library.submit("appStoreVersion", library.version)
    assert state() == "PARENT_READY_FOR_REVIEW"
    library.patch(submission, submitted=True)
    assert state() == "PARENT_WAITING_FOR_REVIEW"
    library.emulator.advance(hours=12)
    assert state() == "PARENT_IN_REVIEW"
    library.emulator.advance()
    assert state() == "ACTIVE"


def test_an_image_is_reviewed_without_a_version(library: Library) -> None:
    library.emulator.update(library.version, appVersionState="READY_FOR_DISTRIBUTION")
    image = library.complete(category="CREATIVE_ASSETS")
    submission = library.submit("appAssetLibraryImage", image)
    assert library.patch(submission, submitted=True).status_code == 200
    assert library.get(f"/v1/appAssetLibraryImages/{image['id']}")["attributes"]["state"] == "WAITING_FOR_REVIEW"
    library.emulator.advance()
    assert library.get(f"/v1/appAssetLibraryImages/{image['id']}")["attributes"]["state"] == "APPROVED"


def test_the_reference_data_is_one_resource(library: Library) -> None:
    (datum,) = library.get("/v1/appAssetLibraryRefData")
    specs = {one["shortName"]: one for one in datum["attributes"]["imageSpecs"]}
    assert specs["i1290x2796a0"]["id"] == "f56c777c-99ea-5760-97ae-27c5f8cbb884"
    assert GROUP in {one["placementGroup"] for one in datum["attributes"]["placementProfileGroups"]}
    assert library.get(f"/v1/appAssetLibraryRefData/{datum['id']}") == datum


@pytest.mark.parametrize("query", ["filter[features]=APP_STORE_VERSIONS", "filter[placementTypes]=APP_SCREENSHOT", ""])
def test_the_reference_data_can_be_filtered(library: Library, query: str) -> None:
    assert len(library.get(f"/v1/appAssetLibraryRefData?{query}")) == 1


def test_retention_messages_get_501(library: Library) -> None:
    for path in ("/v1/retentionMessages", "/v1/retentionOffers/1"):
        response = library.session.get(path)
        assert (response.status_code, error(response)["code"]) == (501, "PYTEST_ASC.NOT_EMULATED")
        assert "retention" in error(response)["detail"]
