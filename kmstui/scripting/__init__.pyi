from . import can as can
from . import diff as diff
from . import lint as lint
from .command import Parser as Parser
from .command import complain as complain
from .command import reason as reason
from .live_source import LiveSource as LiveSource
