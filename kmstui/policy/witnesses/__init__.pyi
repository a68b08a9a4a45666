from .automaton import bits_of as bits_of
from .axes import Axis as Axis
from .axes import AxisClass as AxisClass
from .axes import axes_of as axes_of
from .callers import callers_of as callers_of
from .values import joined as joined
