from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_a_file_is_uploaded_through_every_transport(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        import requests

        APPLE = "https://api.appstoreconnect.apple.com"
        STORAGE = "https://northamerica-1.object-storage.apple.com/"

        def upload(session, put, base, emulator):
            group = emulator.add("appScreenshotSets")["id"]
            data = {
                "type": "appScreenshots",
                "attributes": {"fileName": "a.png", "fileSize": 3},
                "relationships": {"appScreenshotSet": {"data": {"type": "appScreenshotSets", "id": group}}},
            }
            made = session.post(f"{base}/v1/appScreenshots", json={"data": data}).json()["data"]
            operation, = made["attributes"]["uploadOperations"]
            sent = put(operation["url"], data=b"png", headers={"Content-Type": "image/png"})
            assert (sent.status_code, sent.content) == (200, b"")
            data = {"type": "appScreenshots", "id": made["id"], "attributes": {"uploaded": True}}
            url = f"{base}/v1/appScreenshots/{made['id']}"
            assert session.patch(url, json={"data": data}).status_code == 200
            emulator.advance()
            image = session.get(url).json()["data"]["attributes"]["imageAsset"]["templateUrl"]
            assert requests.get(image.format(w=1, h=1, f="png"), verify=session.verify, timeout=9).content == b"png"
            return operation["url"]

        def test_the_session(asc_emulator, asc_session):
            assert upload(asc_session, asc_session.put, "", asc_emulator).startswith(STORAGE)

        @pytest.fixture
        def session(asc_token):
            with requests.Session() as session:
                session.headers["Authorization"] = f"Bearer {asc_token}"
                yield session

        def test_any_requests(asc_emulator, session):
            assert upload(session, requests.put, APPLE, asc_emulator).startswith(STORAGE)

        @pytest.mark.parametrize("base_url", ["url", "https_url"])
        def test_the_server(asc_emulator, asc_server, session, base_url):
            session.verify = asc_server.ca_file
            base = getattr(asc_server, base_url)

            def put(url, **arguments):
                return requests.put(url, verify=asc_server.ca_file, timeout=9, **arguments)

            assert upload(session, put, base, asc_emulator).startswith(f"{base}/object-storage/")

        def test_a_token_is_too_much(asc_emulator, session):
            with pytest.raises(AssertionError):
                upload(session, session.put, APPLE, asc_emulator)
            assert [one.status for one in asc_emulator.requests] == [201, 400]
        """
    )
    result = pytester.runpytest("-W", "error", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=5)
