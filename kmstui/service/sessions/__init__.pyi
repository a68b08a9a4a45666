from .part import PartSession as PartSession
from .several import Sessions as Sessions
