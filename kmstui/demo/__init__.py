"""The embedded AWS: moto behind a strict front, filled with the workshop's world.

``EmbeddedKms.start()`` runs it in a process of its own on loopback; ``--demo`` and the tests use
it. Importing this package imports neither moto nor boto3.
"""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
