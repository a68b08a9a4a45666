from .all_keys import AllFindings as AllFindings
from .all_keys import KeyFindings as KeyFindings
from .all_keys import LocatedFinding as LocatedFinding
from .all_keys import lint_stored as lint_stored
from .all_keys import located as located
