"""What encrypts the connection to the broker."""

import ssl
from pathlib import Path

from device.errors import ConfigError
from device.mqtt.settings import MqttSettings


def make_tls(settings: MqttSettings) -> ssl.SSLContext | None:
    """The context as ``settings`` want it; None without TLS. The broker's certificate is checked in any case.

    Raises:
        ConfigError: a file cannot be used.
    """
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"mqtt.ca_file {settings.ca_file} cannot be used: {error}",
            "give the PEM file of the authority that signed the broker's certificate",
        ) from error
    context.check_hostname = not settings.tls_accept_any_server_name_dangerous
    if settings.cert_file:
        _add_certificate(context, settings.cert_file, settings.key_file)
    return context


def _add_certificate(context: ssl.SSLContext, cert_file: Path, key_file: Path | None) -> None:
    try:
        # A passphrase would be asked for at the terminal, and a service has none.
        context.load_cert_chain(cert_file, key_file, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"mqtt.cert_file {cert_file} with mqtt.key_file {key_file} cannot be used: {error}",
            "give this device's certificate and the private key that belongs to it as PEM files, without a passphrase",
        ) from error
