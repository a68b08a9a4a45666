from .kinds import RunKind as RunKind
from .kinds import Step as Step
from .outcomes import KeyChange as KeyChange
from .outcomes import RunOutcome as RunOutcome
from .outcomes import RunResult as RunResult
from .runs import Runs as Runs
from .runs import Told as Told
from .runs import UnfinishedRun as UnfinishedRun
