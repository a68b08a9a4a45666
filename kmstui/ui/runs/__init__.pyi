from .controller import RunController as RunController
from .run_screen import Plan as Plan
from .shown_kind import ShownKind as ShownKind
from .shown_kind import StepLine as StepLine
from .words import names_of as names_of
from .words import number as number
