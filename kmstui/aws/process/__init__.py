"""AWS in a process of its own.

Python runs one thread at a time: while the inventory of a large account loads, botocore keeps one
core busy, and in the program's own process every key press would wait for it. Beside the screens
it has the other core. It starts, imports botocore and connects while the screens are being built,
so that the first keys come as soon as there is a place to show them. Credentials are looked up
and used nowhere but there.

`connector` implements `kmstui.service.ports.Connector` by asking an `AwsConnector` on the other
side; `messages` says what goes over the line between them.
"""

from kmstui.front_door import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
