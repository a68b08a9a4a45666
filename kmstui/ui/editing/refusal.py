"""The service's refusal as a finding at the place it is about, until that place is changed."""

from __future__ import annotations

from dataclasses import dataclass

from kmstui.policy.lint.core.findings import Finding, Severity
from kmstui.policy.syntax.nodes import Span
from kmstui.service.editing.results import Place, Refused

_URL = "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused put, and the text it was about."""

    result: Refused

    def is_lock_out_of(self, text: str) -> bool:
        """Whether KMS's lock-out check refused this very text."""
        return self.result.locks_out and self.result.sent == text

    def findings(self, text: str) -> tuple[Finding, ...]:
        """The refusal's words at each place that still stands in `text` as it was sent."""
        found = []
        for place in self.result.places:
            fragment = self.result.sent[place.span.start : place.span.end]
            at = place.span.start if text == self.result.sent else text.find(fragment)
            unique = text == self.result.sent or text.count(fragment) == 1
            if at >= 0 and unique:
                found.append(self._finding(place, Span(at, at + len(fragment))))
        return tuple(found)

    def _finding(self, place: Place, span: Span) -> Finding:
        error = self.result.error
        words = error.context.service_message or error.reason
        guess = "" if place.certain else "perhaps here: "
        return Finding(
            rule="AWS",
            severity=Severity.ERROR,
            title="The save was refused",
            message=f"Refused ({guess}{place.reason}): {words}",
            why=error.sentence,
            url=_URL,
            span=span,
        )
