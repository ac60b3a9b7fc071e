"""Why there is no connection, and whether it stays so until somebody does something."""

import re
import ssl

import pytest

from device.mqtt.refusals import explain_end, explain_failure


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "why"
    return error


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "tls", "said", "stays"),
    [
        (certificate_error(62), True, "for another name, .*: why; set mqtt.host .* made for broker.lan", True),
        (certificate_error(64), True, "for another name", True),
        (certificate_error(10), True, "out of date, .*check the clock of this device first", True),
        (certificate_error(9), True, "out of date, .*check the clock of this device first", False),
        (certificate_error(18), True, "not trusted, .*set mqtt.ca_file", True),
        (tls_error("WRONG_VERSION_NUMBER"), True, "does not speak TLS at that port .*mqtt.port and mqtt.tls", True),
        (tls_error("TLSV1_ALERT_UNKNOWN_CA"), True, "refuses this device's certificate .*mqtt.cert_file", True),
        (tls_error("RECORD_TOO_LARGE"), True, "TLS with the broker fails: record too large", False),
        (ConnectionResetError("reset by peer"), True, "reset by peer; if it does not speak TLS there", False),
        (ConnectionResetError("reset by peer"), False, "cannot be reached: reset by peer$", False),
        (TimeoutError("timed out"), True, "cannot be reached: timed out$", False),
        (None, False, "cannot be reached: no reason given", False),
    ],
)
def test_a_connection_that_does_not_come_about(error, tls, said, stays):
    words, refused = explain_failure(error, "broker.lan", tls=tls)
    assert re.search(said, words)
    assert refused is stays


@pytest.mark.parametrize(
    ("complaint", "accepted", "said", "stays"),
    [
        ("", True, "the connection has ended: gone$", False),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] alert", True, "the connection has ended: gone$", False),
        (
            "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] alert",
            False,
            "certificate .tlsv13 alert certificate required",
            True,
        ),
        ("", False, "before it let us in: gone; does it want TLS at that port", False),
    ],
)
def test_a_connection_that_ends(complaint, accepted, said, stays):
    words, refused = explain_end("gone", complaint, accepted=accepted)
    assert re.search(said, words)
    assert refused is stays
