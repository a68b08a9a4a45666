from .gateway_by_arn import GatewayByArn as GatewayByArn
from .gateway_by_arn import Router as Router
from .journal_by_arn import JournalByArn as JournalByArn
