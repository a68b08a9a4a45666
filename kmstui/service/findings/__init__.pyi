from .all_keys import AllFindings as AllFindings
from .all_keys import KeyFindings as KeyFindings
from .all_keys import LocatedFinding as LocatedFinding
from .stored_policy import lint_stored as lint_stored
from .stored_policy import located as located
