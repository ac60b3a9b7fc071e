"""People in plain view, drawn: the figures of ``make bench-people`` that every run of the tests holds."""

import pytest

from tests.benchmarks.contenders import Ours, OursWithNetwork
from tests.benchmarks.crowd import CROWD, drawn, twenty
from tests.benchmarks.people import in_crowd
from tests.device.detect.network import needs_cascades, needs_network

pytestmark = needs_cascades


@pytest.fixture(scope="module")
def crowd():
    """Six who come, cross each other and leave; two of them small, one tilted."""
    return drawn("crowd", CROWD, 7.0)


@pytest.fixture(scope="module")
def many():
    return drawn("twenty", twenty(), 2.5)


def test_the_cascades_see_everyone_in_plain_view_and_nobody_else(crowd):
    seen = in_crowd(crowd, Ours())
    assert seen.held >= 0.85
    assert seen.false_tracks == 0
    assert max(seen.confirmed_s) <= 2.6


@needs_network
def test_the_network_sees_everyone_in_plain_view_at_once_and_nobody_else(crowd):
    seen = in_crowd(crowd, OursWithNetwork())
    assert seen.held >= 0.95
    assert seen.false_tracks == 0
    assert max(seen.confirmed_s) <= 0.8


def test_of_twenty_faces_each_is_there_within_two_seconds_and_keeps_its_id(many):
    seen = in_crowd(many, Ours())
    assert max(seen.confirmed_s) <= 2.0
    assert (seen.switches, seen.false_tracks) == (0, 0)


@needs_network
def test_the_network_has_twenty_within_a_second(many):
    seen = in_crowd(many, OursWithNetwork())
    assert max(seen.confirmed_s) <= 1.0
    assert (seen.switches, seen.false_tracks) == (0, 0)
