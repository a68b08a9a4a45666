from .commands import edit_key as edit_key
from .commands import open_role_policy as open_role_policy
from .role_policies import ask_for_role as ask_for_role
from .role_policies import choose_policy as choose_policy
from .unfinished import tell_overwritten_puts as tell_overwritten_puts
from .unfinished import tell_unfinished_changes as tell_unfinished_changes
