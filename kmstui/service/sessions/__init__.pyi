from .left_out import LeftOut as LeftOut
from .part import PartSession as PartSession
from .several import Sessions as Sessions
