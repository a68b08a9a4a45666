"""The ports: what the services ask of AWS and of the journal."""

from kmstui.service.ports.connections import CallObserver as CallObserver
from kmstui.service.ports.connections import CallRecord as CallRecord
from kmstui.service.ports.connections import Connector as Connector
from kmstui.service.ports.connections import MfaPrompt as MfaPrompt
from kmstui.service.ports.connections import Target as Target
from kmstui.service.ports.gateways import AliasGateway as AliasGateway
from kmstui.service.ports.gateways import AnalyzerFinding as AnalyzerFinding
from kmstui.service.ports.gateways import AnalyzerGateway as AnalyzerGateway
from kmstui.service.ports.gateways import CheckReason as CheckReason
from kmstui.service.ports.gateways import DryRunGateway as DryRunGateway
from kmstui.service.ports.gateways import EventGateway as EventGateway
from kmstui.service.ports.gateways import Gateway as Gateway
from kmstui.service.ports.gateways import GrantGateway as GrantGateway
from kmstui.service.ports.gateways import IdentityGateway as IdentityGateway
from kmstui.service.ports.gateways import InventoryGateway as InventoryGateway
from kmstui.service.ports.gateways import LifecycleGateway as LifecycleGateway
from kmstui.service.ports.gateways import PolicyCheck as PolicyCheck
from kmstui.service.ports.gateways import PolicyGateway as PolicyGateway
from kmstui.service.ports.gateways import TagGateway as TagGateway
from kmstui.service.ports.gateways import Urgency as Urgency
from kmstui.service.ports.gateways import is_change as is_change
from kmstui.service.ports.journals import ChangeRecord as ChangeRecord
from kmstui.service.ports.journals import Journal as Journal
from kmstui.service.ports.journals import PolicyVersion as PolicyVersion
from kmstui.service.ports.journals import Scope as Scope
from kmstui.service.ports.journals import Turn as Turn
