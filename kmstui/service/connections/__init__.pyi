from .finding import CONNECTING_AT_ONCE as CONNECTING_AT_ONCE
from .finding import find_key_places as find_key_places
from .finding import find_others as find_others
from .finding import nearest_of as nearest_of
from .gateway_by_arn import GatewayByArn as GatewayByArn
from .gateway_by_arn import Router as Router
from .journal_by_arn import JournalByArn as JournalByArn
