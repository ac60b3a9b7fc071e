"""Whether a daemon would start with a configuration, tried without opening its camera or its spool, nor a broker."""

from collections.abc import Iterator

from device.capture.sources import build_source
from device.classify.modelstore import open_model
from device.config import Config
from device.detect import open_detector
from device.mqtt.login import make_login
from device.system.clock import SystemClock


def try_out(config: Config) -> Iterator[str]:
    """Try one part after the other; gives a line on each that is sound.

    Raises:
        AffectdError: the daemon would not start.
    """
    classifier = open_model(config.classifier, config.models, config.device.resolved_state_dir)
    card = classifier.model_card
    answers = f"digest and {len(card.golden.examples)} golden answers"
    one = f"; but it says {card.only_answer} to every face that it was measured on" if card.only_answer else ""
    yield f"model {card.name} ({card.version}): {answers}, {classifier.runtime}{one}"
    config.smoothing.over(card.smoothing)
    config.overlay.require_known_labels(classifier.labels)
    detector = open_detector(config.detector, config.device.resolved_state_dir)
    yield f"faces are found by {detector.description}"
    build_source(config.source, SystemClock())
    if config.mqtt.enabled:
        make_login(config.mqtt, config.mqtt.client_id_of(config.device.resolved_id))
        yield f"login for the broker {config.mqtt.addresses_text}, not tried"
