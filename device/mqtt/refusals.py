"""Why the broker does not let us in, in words; and whether it is worth to try again soon."""

import ssl
from typing import Any

from device.mqtt.limits import Limits

Explanation = tuple[str, bool]
"""What happened and what to do, and whether it stays so until somebody does it."""

# Reason codes of MQTT 5, to which paho translates those of 3.1.1.
_UNSUPPORTED_PROTOCOL = 0x84
_BAD_CLIENT_ID = 0x85
_BAD_PASSWORD = 0x86
_NOT_AUTHORISED = 0x87
_BANNED = 0x8A
_BAD_AUTHENTICATION = 0x8C
_REMEDIES = {
    _UNSUPPORTED_PROTOCOL: "set mqtt.protocol to the other version",
    _BAD_CLIENT_ID: "set another mqtt.client_id",
    _BAD_PASSWORD: "check mqtt.username and its password",
    _NOT_AUTHORISED: "check mqtt.username, its password and what the broker allows this client",
    _BANNED: "ask whoever keeps the broker",
    _BAD_AUTHENTICATION: "check how the broker wants to be logged in to",
}

UNMET_LIMITS = {0x9A: Limits(retain=False), 0x9B: Limits(qos=0)}
"""What a broker takes that refuses the last will: retain not supported, QoS not supported."""

NEVER_ACCEPTED = frozenset({0x90, 0x95, 0x99})
"""What is wrong with the message itself: topic name invalid, packet too large, payload format invalid."""

# x509_vfy.h
_NOT_YET_VALID = 9
_EXPIRED = 10
_NAME_MISMATCHES = {62, 64}


def explain_refusal(reason: Any) -> Explanation:
    """Explain the reason code of a CONNACK; a broker that is merely busy is not said to refuse."""
    remedy = _REMEDIES.get(reason.value)
    sentence = f"the broker refuses the connection: {reason}"
    return (f"{sentence}; {remedy}", True) if remedy else (sentence, False)


def explain_failure(error: BaseException | None, host: str, *, tls: bool) -> Explanation:
    """Explain why there is no connection at all."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _explain_certificate(error, host)
    if isinstance(error, ssl.SSLError):
        return _explain_tls(error.reason or str(error))
    if tls and isinstance(error, ConnectionResetError):
        return (
            f"the broker cannot be reached: {error}; if it does not speak TLS there, check mqtt.port and mqtt.tls",
            False,
        )
    return f"the broker cannot be reached: {error or 'no reason given'}", False


def explain_end(reason: str, complaint: str, *, accepted: bool) -> Explanation:
    """Explain why a connection has ended, by what the client library logged; ``accepted`` says whether we were in."""
    if accepted:
        return f"the connection has ended: {reason}", False
    if "alert" in complaint:
        return _explain_tls(complaint.partition("[SSL: ")[2].partition("]")[0] or complaint)
    return f"the broker has ended the connection before it let us in: {reason}; does it want TLS at that port?", False


def explain_oversized(topic: str, length: int, largest: int) -> Explanation:
    """Explain why we have ended a connection at a message that nobody can mean."""
    where = f"on {topic} " if topic else ""
    return f"a message of {length} bytes came {where}and was not read: nothing longer than {largest} is expected", False


def _explain_certificate(error: ssl.SSLCertVerificationError, host: str) -> Explanation:
    why = f"certificate verify failed: {error.verify_message}"
    if error.verify_code in _NAME_MISMATCHES:
        remedy = f"set mqtt.host to a name in the certificate, or have one made for {host}"
        return f"the broker's certificate is for another name, {why}; {remedy}", True
    if error.verify_code in {_NOT_YET_VALID, _EXPIRED}:
        # Before its clock is set a device may find every certificate to be of the future.
        refused = error.verify_code == _EXPIRED
        return f"the broker's certificate is out of date, {why}; check the clock of this device first", refused
    return f"the broker's certificate is not trusted, {why}; set mqtt.ca_file to the authority that signed it", True


def _explain_tls(why: str) -> Explanation:
    spoken = why.replace("_", " ").lower()
    if "wrong version number" in spoken:
        return f"the broker does not speak TLS at that port ({spoken}); check mqtt.port and mqtt.tls", True
    if "alert" in spoken:
        return f"the broker refuses this device's certificate ({spoken}); check mqtt.cert_file and mqtt.key_file", True
    return f"TLS with the broker fails: {spoken}", False
