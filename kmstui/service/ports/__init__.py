"""The ports: what the services ask of AWS and of the journal."""

from kmstui.service.ports.connections import CallObserver, CallRecord, Connector, MfaPrompt, Target
from kmstui.service.ports.gateways import (
    AliasGateway,
    AnalyzerFinding,
    AnalyzerGateway,
    EventGateway,
    Gateway,
    GrantGateway,
    IdentityGateway,
    InventoryGateway,
    LifecycleGateway,
    PolicyGateway,
    TagGateway,
    Urgency,
    is_change,
)
from kmstui.service.ports.journals import ChangeRecord, Journal, PolicyVersion, Scope

__all__ = [
    "AliasGateway",
    "AnalyzerFinding",
    "AnalyzerGateway",
    "CallObserver",
    "CallRecord",
    "ChangeRecord",
    "Connector",
    "EventGateway",
    "Gateway",
    "GrantGateway",
    "IdentityGateway",
    "InventoryGateway",
    "Journal",
    "LifecycleGateway",
    "MfaPrompt",
    "PolicyGateway",
    "PolicyVersion",
    "Scope",
    "TagGateway",
    "Target",
    "Urgency",
    "is_change",
]
