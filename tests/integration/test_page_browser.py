"""The page as people see it: in Debian's Chromium, beside a daemon that watches the demo clip."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.brokers import LOOPBACK, free_port, wait_until
from tests.device.page.days import write_day
from tests.integration.chromium import chromium, violations
from tests.integration.processes import Daemon, run_affectd, write_config

pytest.importorskip("microdot", reason="needs microdot: pip install 'affectd[page]'")

pytestmark = [pytest.mark.integration, pytest.mark.slow]

PASSWORD = "correct horse battery"
PATHS = ["/", "/today", "/today?day={yesterday}", "/events", "/configuration", "/doctor"]


class Sensor:
    """A daemon with a page, a password and a memory of yesterday; today it counts itself."""

    def __init__(self, config, process, port, folder):
        self.config, self.process = config, process
        self.at = f"http://{LOOPBACK}:{port}"
        self.folder = folder
        self.yesterday = datetime.now(UTC).astimezone().date() - timedelta(days=1)
        self.visits = write_day(folder / "state", self.yesterday)

    def log_in(self, browser):
        browser.get(f"{self.at}/")
        browser.find_element("id", "password").send_keys(PASSWORD)
        browser.find_element("css selector", "button[type=submit]").click()
        wait_until(lambda: browser.title.startswith("Live"), "the live page")

    @property
    def sees_the_camera(self):
        opened = (link for link in Path(f"/proc/{self.process.process.pid}/fd").iterdir())
        return any(_target(link) == "clip.mkv" for link in opened)


def _target(link):
    try:
        return link.readlink().name
    except FileNotFoundError:
        return None


@pytest.fixture(scope="module")
def sensor(tmp_path_factory):
    """One for all tests here; each leaves its camera on."""
    folder, port = tmp_path_factory.mktemp("sensor"), free_port()
    source = {"uri": "demo", "pace": "real-time", "loop": True}
    config = write_config(folder, 1, source=source, mqtt={"enabled": False}, page={"enabled": True, "port": port})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFFECTD_PAGE_PASSWORD", PASSWORD)
        assert run_affectd("page", "password", "--config", str(config)).returncode == 0
    process = Daemon(config, folder / "stderr")
    try:
        wait_until(lambda: "the page is shown" in process.told, "the page to be there")
        yield Sensor(config, process, port, folder)
    finally:
        process.end()
        print(process.told[-4000:])


@pytest.fixture
def browser(tmp_path):
    with chromium(tmp_path / "profile") as browser:
        yield browser


def shown(browser, selector):
    return browser.find_elements("css selector", selector)


def text_of(browser, selector="body"):
    """What stands there; nothing while the document or the element is being replaced."""
    from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException

    try:
        return browser.find_element("css selector", selector).text
    except (NoSuchElementException, StaleElementReferenceException):
        return ""


def test_a_person_logs_in_sees_a_face_appear_and_closes_the_camera(sensor, browser):
    browser.get(sensor.at)
    assert browser.title.startswith("Log in")
    browser.find_element("id", "password").send_keys("wrong horse battery\n")
    wait_until(lambda: "That is not the password." in text_of(browser), "a word about the wrong password")
    sensor.log_in(browser)
    wait_until(lambda: shown(browser, "#stage .face"), "a face to appear")
    wait_until(
        lambda: "neutral" in text_of(browser, "#summary") or "happy" in text_of(browser, "#summary"), "its emotion"
    )
    assert shown(browser, "img, video, canvas, image") == [], "boxes, never a picture"
    assert sensor.sees_the_camera

    browser.find_element("css selector", "#pause button").click()
    wait_until(lambda: "Camera off" in text_of(browser, "#state"), "the camera to be off")
    assert not sensor.sees_the_camera
    assert not shown(browser, "#stage .face")
    browser.find_element("css selector", "#pause button").click()
    wait_until(lambda: shown(browser, "#stage .face"), "a face after the pause")
    assert sensor.sees_the_camera


def test_what_is_seen_moves_without_loading_the_page_again(sensor, browser):
    sensor.log_in(browser)
    browser.execute_script("window.stays = true")
    wait_until(lambda: shown(browser, "#stage .face"), "a face")
    before = browser.find_element("css selector", "#stage").get_attribute("innerHTML")
    wait_until(lambda: before != browser.find_element("css selector", "#stage").get_attribute("innerHTML"), "a move")
    assert browser.execute_script("return window.stays")
    assert browser.get_log("browser") == []


def test_a_threshold_is_changed_and_taken_and_a_wrong_one_is_refused(sensor, browser):
    sensor.log_in(browser)

    def change(value):
        browser.get(f"{sensor.at}/configuration")
        field = browser.find_element("name", "smoothing.enter_threshold")
        field.clear()
        field.send_keys(value)
        browser.find_element("css selector", "main button").click()

    before = sensor.config.read_text()
    change("7")
    wait_until(lambda: "Not saved:" in text_of(browser), "the refusal")
    assert "expected less than or equal to 1" in text_of(browser)
    assert browser.find_element("name", "smoothing.enter_threshold").get_attribute("value") == "7"
    assert sensor.config.read_text() == before

    change("0,6")
    wait_until(lambda: "Saved." in text_of(browser), "the word that it is saved")
    wait_until(lambda: shown(browser, "[name='smoothing.enter_threshold'][value='0.6']"), "the page with the new value")
    assert "enter_threshold: 0.6" in sensor.config.read_text()
    assert sensor.process.process.poll() is None


def test_the_day_is_told_as_a_picture_and_as_a_table(sensor, browser):
    sensor.log_in(browser)
    browser.find_element("link text", "Today").click()
    browser.find_element("link text", "Day before").click()
    wait_until(lambda: shown(browser, ".chart"), "the day")
    assert str(sensor.visits) in text_of(browser, ".figures")
    assert len(shown(browser, ".column")) == 24
    tallest = max(shown(browser, ".column"), key=lambda one: sum(r.rect["height"] for r in _parts(one)))
    assert tallest.find_element("css selector", ".clock").text == "17"
    assert "paused 55 min" in text_of(browser, "table")
    browser.find_element("link text", "Day before").click()
    wait_until(lambda: "Nothing is known of this day." in text_of(browser), "the day before")


def _parts(column):
    return column.find_elements("css selector", ".part")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(sensor, tmp_path, dark):
    with chromium(tmp_path / "profile", dark=dark) as browser:
        browser.get(f"{sensor.at}/login")
        assert violations(browser) == []
        sensor.log_in(browser)
        wait_until(lambda: shown(browser, "#stage .face"), "a face")
        for path in PATHS:
            browser.get(sensor.at + path.format(yesterday=sensor.yesterday))
            assert violations(browser) == [], path


@pytest.mark.parametrize("width", [320, 768, 3840])
def test_nothing_reaches_over_the_edge_of_the_screen(sensor, tmp_path, width):
    with chromium(tmp_path / "profile", width=width, height=900) as browser:
        sensor.log_in(browser)
        wait_until(lambda: shown(browser, "#stage .face"), "a face")
        for path in PATHS:
            browser.get(sensor.at + path.format(yesterday=sensor.yesterday))
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width, path


def test_without_scripts_all_but_the_moving_boxes_works(sensor, tmp_path):
    with chromium(tmp_path / "profile", scripts=False) as browser:
        sensor.log_in(browser)
        wait_until(lambda: browser.refresh() or shown(browser, "#stage .face"), "a face")
        browser.find_element("css selector", "#pause button").click()
        wait_until(lambda: "Switch the camera on" in text_of(browser, "#pause"), "the switch to be turned")
        assert not sensor.sees_the_camera
        browser.find_element("css selector", "#pause button").click()
        wait_until(lambda: "Pause the camera" in text_of(browser, "#pause"), "the camera to be on again")
        for name in ("Today", "Events", "Configuration", "Doctor"):
            browser.find_element("link text", name).click()
            assert browser.title.startswith(name)
        browser.find_element("css selector", "main button").click()
        wait_until(lambda: "golden answers right" in text_of(browser), "the doctor")


def test_a_keyboard_is_enough(sensor, browser):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    sensor.log_in(browser)
    keyboard = ActionChains(browser)

    def focus():
        return browser.switch_to.active_element

    def focus_says():  # in one step: the stream may replace the element between two
        return browser.execute_script("return document.activeElement.textContent")

    browser.get(f"{sensor.at}/events")
    browser.find_element("tag name", "body").send_keys(Keys.TAB)
    assert focus().text == "Skip to content"
    focus().send_keys(Keys.ENTER)
    assert browser.execute_script("return document.activeElement.id") == "content"
    browser.get(f"{sensor.at}/")
    wait_until(lambda: shown(browser, "#stage .face"), "the stream to run")
    browser.find_element("tag name", "body").send_keys(Keys.TAB, Keys.TAB)
    assert "Pause the camera" in focus_says()
    browser.execute_async_script("setTimeout(arguments[0], 2500)")
    assert "Pause the camera" in focus_says(), "what is updated does not take the focus away"
    keyboard.send_keys(Keys.ENTER).perform()
    wait_until(lambda: "Camera off" in text_of(browser, "#state"), "the camera to be off")
    browser.execute_script("document.querySelector('#pause button').focus()")
    keyboard.send_keys(Keys.SPACE).perform()
    wait_until(lambda: "Camera on" in text_of(browser, "#state"), "the camera to be on again")
