from . import can as can
from . import diff as diff
from . import lint as lint
from .command import complain as complain
from .live_source import LiveSource as LiveSource
