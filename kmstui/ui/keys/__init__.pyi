from .change_dialog import Proposal as Proposal
from .change_dialog import propose as propose
from .many_keys import shown_keys as shown_keys
from .multi_region import act_on_set as act_on_set
from .multi_region import undo_primary as undo_primary
