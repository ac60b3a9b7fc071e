"""The files that read and find faces."""

from shlex import quote

from device.config import Config
from device.errors import AffectdError
from device.tools.finding import Finding


def examine_model(config: Config) -> Finding:
    """The model's digest, and its golden answers on this machine."""
    from device.classify.modelstore import model_in_use, open_model

    named = config.classifier.model
    path = model_in_use(named, config.device.resolved_state_dir)
    try:
        classifier = open_model(config.classifier, config.models, config.device.resolved_state_dir)
    except AffectdError as error:
        if named:
            command = f"ls -l {quote(str(path))}"
        elif path.is_relative_to(config.device.resolved_state_dir):
            command = "sudo affectd model remove"
        else:
            command = "pip install --force-reinstall affectd"
        return Finding("wrong", "model", str(error), command)
    if classifier.instead_of:
        told = f"{classifier.instead_of}; the model that ships is used instead"
        return Finding("warning", "model", told, "sudo affectd model remove")
    card = classifier.model_card
    answers = f"{len(card.golden.examples)} golden answers right"
    return Finding("ok", "model", f"{card.name} ({card.version}), {answers}, {classifier.runtime}")


def examine_detector(config: Config) -> Finding:
    """What finds faces; a network that does not is a warning where the cascades go on without it."""
    from device.detect import open_detector
    from device.detect.networkfile import network_in_use

    settings, state_dir = config.detector, config.device.resolved_state_dir
    command = "sudo affectd detector list"
    try:
        asked = network_in_use(settings.network, state_dir) if settings.kind == "auto" else None
        wanted = settings.model_copy(update={"kind": "yunet"}) if asked else settings
        return Finding("ok", "detector", f"faces are found by {open_detector(wanted, state_dir).description}")
    except AffectdError as error:
        if settings.kind != "auto":
            return Finding("wrong", "detector", str(error), command)
        return Finding("warning", "detector", f"{error.reason}; faces are found by Haar cascades", command)
