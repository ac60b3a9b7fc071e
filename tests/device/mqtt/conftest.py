from tests.brokers import broker, listen, silent_broker

__all__ = ["broker", "listen", "silent_broker"]
