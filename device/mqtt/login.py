"""Who a client is to the broker."""

from device.errors import ConfigError
from device.mqtt.client import Login
from device.mqtt.settings import PASSWORD_VARIABLE, MqttSettings, read_password
from device.mqtt.tls import make_tls


def make_login(settings: MqttSettings, client_id: str, password: str | None = None) -> Login:
    """The login as ``settings`` want it; the password is looked for where ``read_password`` does when left out.

    Raises:
        ConfigError: the password cannot be read or is without a user, or the TLS files are unusable.
    """
    password = password or read_password(settings.password_file)
    if password and not settings.username:
        raise ConfigError(
            "there is a password for the broker and no mqtt.username", f"set it, or unset {PASSWORD_VARIABLE}"
        )
    return Login(client_id, settings.username, password, make_tls(settings))
