from .connector import ProcessConnector as ProcessConnector
from .starting import start_early as start_early
