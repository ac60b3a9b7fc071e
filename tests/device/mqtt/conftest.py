from tests.brokers import broker, listen, silent_broker
from tests.device.mqtt.sinks import make_sink
from tests.device.mqtt.stage import stage

__all__ = ["broker", "listen", "make_sink", "silent_broker", "stage"]
