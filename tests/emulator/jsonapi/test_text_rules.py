from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from emulator.resources.api_writer import ApiWriter, detail

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient

BAD_SYMBOLS = ["😀", "✓", "⭐", "─", "❤️", "\ufffd", "\ue000"]
GOOD_TEXTS = ["Käse → ™ © ® ▶ ● ⌘ •", "a < b & c > d\nnext", "", "■【】※"]


@pytest.fixture
def writer(emulator_client: EmulatorClient) -> ApiWriter:
    return ApiWriter(emulator_client)


def _localization(writer: ApiWriter, resource_type: str, **members: str) -> dict[str, str]:
    return dict(writer.emulator_client.emulator.add(resource_type, **members))


@pytest.mark.parametrize(
    ("resource_type", "attribute", "most", "words"),
    [
        ("betaBuildLocalizations", "whatsNew", 4000, "What to Test cannot be longer than 4000 characters."),
        ("appStoreVersionLocalizations", "keywords", 100, "Keywords cannot be longer than 100 characters."),
        (
            "appStoreVersionLocalizations",
            "promotionalText",
            170,
            "Promotional Text cannot be longer than 170 characters.",
        ),
        ("appInfoLocalizations", "subtitle", 30, "Subtitle cannot be longer than 30 characters."),
        (
            "inAppPurchaseLocalizations",
            "description",
            55,
            "The field (DESCRIPTION) is too long. Max number of characters is (55).",
        ),
        (
            "gameCenterAchievementLocalizations",
            "name",
            50,
            "The provided entity contains a field 'name' whose value is too long. It cannot exceed 50 characters.",
        ),
    ],
)
def test_a_text_that_is_too_long_is_rejected(
    writer: ApiWriter, resource_type: str, attribute: str, most: int, words: str
) -> None:
    localization = _localization(writer, resource_type, locale="en-US")
    assert writer.patch(localization, **{attribute: "a" * most}).status == 200
    answer = writer.patch(localization, **{attribute: "a" * (most + 1)})
    assert (answer.status, answer.codes) == (409, ["ENTITY_ERROR.ATTRIBUTE.INVALID.TOO_LONG"])
    assert answer.json["errors"][0]["source"] == {"pointer": f"/data/attributes/{attribute}"}
    assert detail(answer) == words


@pytest.mark.parametrize("symbol", BAD_SYMBOLS)
def test_symbols_in_what_to_test_are_rejected_and_listed_once(writer: ApiWriter, symbol: str) -> None:
    localization = _localization(writer, "betaBuildLocalizations", locale="en-US")
    answer = writer.patch(localization, whatsNew=f"New {symbol} and {symbol}")
    assert answer.json["errors"][0]["title"] == "An attribute value has invalid text."
    assert detail(answer) == f"Text for whatsNew contains invalid characters:'[{', '.join(symbol)}]'"


@pytest.mark.parametrize("text", GOOD_TEXTS)
def test_arrows_signs_and_shapes_are_accepted_in_what_to_test(writer: ApiWriter, text: str) -> None:
    assert writer.patch(_localization(writer, "betaBuildLocalizations", locale="en-US"), whatsNew=text).status == 200
    store = _localization(writer, "appStoreVersionLocalizations", locale="en-US")
    assert writer.patch(store, description=text).status == 200


def test_box_drawing_characters_in_app_store_descriptions_are_rejected(writer: ApiWriter) -> None:
    answer = writer.patch(_localization(writer, "appStoreVersionLocalizations", locale="en-US"), description="a ─ b")
    assert answer.codes == ["ENTITY_ERROR.ATTRIBUTE.INVALID.INVALID_CHARACTERS"]
    assert detail(answer) == "Description can't contain the following character(s): ─"


@pytest.mark.parametrize(
    ("text", "taken"),
    [("a > b &lt; c\n", True), ("Tiếng Việt हिंदी", True), ("a<b", False), ("Cafe\u0301", False), ("😀", False)],
)
def test_markup_combining_accents_and_emoji_in_beta_descriptions_are_rejected(
    writer: ApiWriter, text: str, taken: bool
) -> None:
    answer = writer.patch(_localization(writer, "betaAppLocalizations", locale="en-US"), description=text)
    assert answer.status == (200 if taken else 409)
    if not taken:
        assert detail(answer) == "Text contains invalid characters/formats."


@pytest.mark.parametrize("locale", ["nb", "it-IT", "xx", "tr-TR"])
def test_an_unknown_locale_is_rejected(writer: ApiWriter, locale: str) -> None:
    emulator = writer.emulator_client.emulator
    for resource_type, parent in (("betaAppLocalizations", "apps"), ("betaBuildLocalizations", "builds")):
        answer = writer.post(resource_type, {"locale": locale}, **{parent[:-1]: emulator.add(parent)})
        assert (answer.status, answer.codes) == (409, ["ENTITY_ERROR.ATTRIBUTE.INVALID"])
        assert detail(answer) == "The 'locale' value is invalid."


def test_an_invalid_locale_of_game_center_has_its_own_code(writer: ApiWriter) -> None:
    achievement = writer.emulator_client.emulator.add("gameCenterAchievements")
    texts = {"name": "Won", "beforeEarnedDescription": "Win", "afterEarnedDescription": "You won"}
    answer = writer.post(
        "gameCenterAchievementLocalizations", {**texts, "locale": "it-IT"}, gameCenterAchievement=achievement
    )
    assert answer.codes == ["ENTITY_ERROR.LOCALE_INVALID"]


@pytest.mark.parametrize("locale", ["en-US", "EN-us"])
def test_a_second_beta_localization_of_a_locale_is_rejected_ignoring_case(writer: ApiWriter, locale: str) -> None:
    app = writer.emulator_client.emulator.add("apps")
    writer.create("betaAppLocalizations", {"locale": "en-US"}, app=app)
    answer = writer.post("betaAppLocalizations", {"locale": locale}, app=app)
    assert (answer.status, answer.codes) == (409, ["ENTITY_ERROR.ATTRIBUTE.INVALID"])
    assert detail(answer) == "There is an entity with same 'locale'"
    other = writer.emulator_client.emulator.add("apps")
    assert writer.post("betaAppLocalizations", {"locale": locale}, app=other).status == 201


def test_all_errors_about_texts_are_reported_together(writer: ApiWriter) -> None:
    localization = _localization(writer, "appStoreVersionLocalizations", locale="en-US")
    answer = writer.patch(localization, keywords="a" * 101, description="😀" * 4001)
    pointers = [error["source"]["pointer"].rpartition("/")[2] for error in json.loads(answer.body)["errors"]]
    assert pointers == ["keywords", "description", "description"]
