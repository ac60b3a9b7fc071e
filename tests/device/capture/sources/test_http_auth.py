"""Digests as RFC 7616 reckons them."""

import pytest

from device.capture.sources.http_auth import Login

# RFC 7616, 3.9.1: the same request answered with both algorithms.
RFC = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
OWN_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.fixture
def login(monkeypatch):
    monkeypatch.setattr("secrets.token_hex", lambda _: OWN_NONCE)
    return Login("Mufasa", "Circle of Life")


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_answers_are_the_standards(login, algorithm, response):
    assert login.learn([RFC.format(algorithm=algorithm)])
    told = login.header("GET", "/dir/index.html")
    assert f'response="{response}"' in told
    assert f"algorithm={algorithm}, qop=auth, nc=00000001" in told


def test_the_better_of_several_challenges_is_answered(login):
    assert login.learn(['Basic realm="x"', RFC.format(algorithm="MD5"), RFC.format(algorithm="SHA-256")])
    assert "algorithm=SHA-256" in login.header("GET", "/")


def test_an_old_server_without_qualities_or_algorithm_is_answered_as_rfc_2069_has_it(login):
    assert login.learn(['Digest realm="testrealm@host.com", nonce="abc"'])
    told = login.header("GET", "/")
    assert "cnonce" not in told
    assert "algorithm=MD5" in told


def test_every_answer_to_the_same_nonce_has_its_own_number(login):
    login.learn([RFC.format(algorithm="MD5")])
    numbers = [login.header("GET", "/").rpartition("nc=")[2] for _ in range(3)]
    assert numbers == ["00000001", "00000002", "00000003"]


def test_nothing_is_told_before_a_challenge_and_none_that_is_not_known_is_answered(login):
    assert login.header("GET", "/") is None
    assert not login.learn(["Negotiate", 'Digest realm="x", nonce="y", algorithm=SHA-512-256'])
    assert login.learn(['Basic realm="x"'])
    assert login.header("GET", "/") == "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl"
