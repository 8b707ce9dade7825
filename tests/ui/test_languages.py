"""The page's languages: which one a visitor gets, that each is whole, and that errors are said in it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from dsn.ui.page import launch_settings
from dsn.ui.serving.languages import COOKIE, LanguageDoor, accepted, language_for
from dsn.ui.serving.no_such_page import NoSuchPage
from dsn.ui.texts import HERE, PLACE, Texts, languages, load_texts

TRANSLATIONS = languages()[1:]
# Words for what the page has another word for: no answer, lock, valid serial, unseen pictures, thief, guessing.
OTHER_WORDS = {
    "en": r"equally likely|\bgate\b|licensed|\bits own serial\b|nothing to say|\bsays? nothing|held-out",
    "zh": r"同样可能的类|门控|认自己的|无话可说|不说话|什么也说不|无回答|留出图片|窃贼|乱猜|您",
}
STUDENT = {"en": r"\bstudents?\b(?! TASK)", "zh": r"学生网络"}
OF_TEACHING = ("lesson", "glossary", "method", "figures")  # sections that speak of a teacher, and so of students


def sentences(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every sentence with the way to it."""
    if isinstance(value, str):
        yield path, value
    else:
        for name, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from sentences(one, f"{path}/{name}")


def of_page(language: str) -> dict[str, str]:
    """A language's sentences without what only translations have."""
    sections = json.loads((HERE / f"{language}.json").read_text("utf-8"))
    own = ("tasks", "classes", "errors", "lines")
    return {path: text for path, text in sentences(sections) if path.split("/")[1] not in own}


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_is_whole(language: str) -> None:
    english, translated = of_page("en"), of_page(language)
    assert translated.keys() == english.keys()
    for path, text in english.items():
        assert sorted(PLACE.findall(translated[path])) == sorted(PLACE.findall(text)), path
        assert sorted(re.findall(r"</?\w+", translated[path])) == sorted(re.findall(r"</?\w+", text)), path
        assert bool(translated[path]) == bool(text), path


@pytest.mark.parametrize("language", languages())
def test_a_thing_has_one_word(language: str) -> None:
    for path, text in sentences(load_texts(language).sections):
        assert not re.search(OTHER_WORDS[language], text), f"{path}: {text}"
    for english in (one for other in TRANSLATIONS for name in ("errors", "lines") for one in load_texts(other)[name]):
        assert not re.search(OTHER_WORDS["en"], english), english


@pytest.mark.parametrize("language", languages())
def test_networks_are_students_only_beside_their_teacher(language: str) -> None:
    for path, text in of_page(language).items():
        if path.split("/")[1] not in OF_TEACHING:
            assert not re.search(STUDENT[language], text), f"{path}: {text}"


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_errors_keep_their_places(language: str) -> None:
    for english, translated in load_texts(language)["errors"].items():
        assert set(PLACE.findall(translated)) <= set(PLACE.findall(english)), english


@given(st.integers(0, 10**6), st.text(max_size=20))
def test_an_error_is_said_in_the_language(count: int, name: str) -> None:
    errors = {"There are {count} of “{name}” (at most 3): stop.": "{name}：{count}"}
    texts = Texts("xx", {"errors": errors})
    if name:
        assert texts.of_error(f"There are {count} of “{name}” (at most 3): stop.") == f"{name}：{count}"
    assert texts.of_error(ValueError("Something else.")) == "Something else."


def test_languages_are_asked_for_by_weight() -> None:
    assert accepted("de;q=0.3, zh-CN, en;q=0.8") == ["zh", "en", "de"]
    assert accepted("zh;q=0, en;q=x, *") == ["*"]
    assert accepted("") == []


@pytest.mark.parametrize(
    ("query", "cookie", "header", "language"),
    [
        ("", "", "", "en"),
        ("", "", "fr, zh;q=0.5", "zh"),
        ("", "", "en-GB, zh;q=0.9", "en"),
        ("", f"{COOKIE}=en", "zh", "en"),
        ("lang=zh", f"{COOKIE}=en", "en", "zh"),
        ("lang=klingon", "", "zh", "zh"),
        ("", f"{COOKIE}=../../etc", "", "en"),
        ("", "a=b; =;;,", "", "en"),
    ],
)
def test_a_choice_goes_before_the_browser(query: str, cookie: str, header: str, language: str) -> None:
    assert language_for(query, {"cookie": cookie, "accept-language": header}) == language


def test_the_door_leads_to_the_language_and_remembers_a_choice() -> None:
    app = Starlette()
    app.add_route("/", lambda request: PlainTextResponse("English"))
    app.add_route("/zh", lambda request: PlainTextResponse("Chinese"))
    app.add_route("/config", lambda request: PlainTextResponse("settings"))
    visitor = TestClient(LanguageDoor(app))
    chinese = {"Accept-Language": "zh-CN"}
    assert visitor.get("/", headers=chinese).text == "Chinese"
    assert visitor.get("/config", headers=chinese).text == "settings"
    led = visitor.get("/?picture=7&lang=zh", follow_redirects=False)
    assert led.status_code == 307 and led.headers["location"] == "/zh?picture=7"
    assert visitor.get("/").text == "Chinese"  # remembered
    assert visitor.get("/?lang=en", headers=chinese).text == "English"
    assert visitor.get("/", headers=chinese).text == "English"
    assert visitor.get("/zh", headers=chinese).text == "Chinese"  # an address is an address


@pytest.mark.parametrize("mistyped", ["/zh/", "//zh//", "/en", "/en/"])
def test_a_mistyped_address_of_a_language_leads_to_its_page_with_the_link(mistyped: str) -> None:
    app = Starlette()
    app.add_route("/", lambda request: PlainTextResponse(f"English {request.query_params['tab']}"))
    app.add_route("/zh", lambda request: PlainTextResponse(f"Chinese {request.query_params['tab']}"))
    visitor = TestClient(LanguageDoor(app), headers={"Accept-Language": "zh-CN"})
    language = "Chinese" if "zh" in mistyped else "English"
    assert visitor.get(f"http://testserver{mistyped}?tab=trace&picture=7").text == f"{language} trace"
    assert visitor.get("/zh/x").status_code == 404


def test_a_visitor_is_told_in_a_sentence_that_an_address_leads_nowhere_and_a_program_as_before() -> None:
    app = Starlette()
    app.add_route("/zh", lambda request: PlainTextResponse("Chinese"))
    visitor = TestClient(NoSuchPage(app), headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "zh-CN"})
    page, lost = load_texts("zh")["page"], visitor.get("/fr")
    assert lost.status_code == 404 and page["no_such_page"] in lost.text
    assert f'<a href="/">{page["to_demo"]}</a>' in lost.text and 'lang="zh"' in lost.text
    assert visitor.get("/zh").text == "Chinese"
    for path, accept in (("/fr", "application/json"), ("/gradio_api/nothing", "text/html")):
        assert visitor.get(path, headers={"Accept": accept}).text == "Not Found"
    middleware = launch_settings()["app_kwargs"]["middleware"]
    assert NoSuchPage in [one.cls for one in middleware]
