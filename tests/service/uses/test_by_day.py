"""Uses by day: what is counted, and what is said of what was not read."""

from datetime import timedelta

from kmstui.model import KeyEvent
from kmstui.service.uses.by_day import uses_by_day
from tests.fakes import NOW

S3 = (("aws:s3:arn", "arn:aws:s3:::photos"),)


def event(days_ago, name="Decrypt", **more):
    return KeyEvent(str(days_ago), NOW - timedelta(days=days_ago), name, "role/app", **more)


def test_uses_are_counted_by_service_and_looks_are_none():
    events = [
        event(0, encryption_context=S3), event(0, encryption_context=S3),
        event(3, source_ip="ec2.amazonaws.com"), event(3, error_code="AccessDenied"),
        event(4, "DescribeKey"),
    ]  # fmt: skip
    uses = uses_by_day(events, NOW, older=False)
    assert [(each.name, each.total) for each in uses.services] == [
        ("s3", 2), ("directly", 1), ("ec2", 1),
    ]  # fmt: skip
    assert uses.every.days[-1] == 2
    assert uses.every.days[-4] == 2
    assert uses.failed.total == 1
    assert uses.unread == 0
    assert uses.words() == "5 events read, 1 of them no use of the key."


def test_days_before_the_oldest_event_are_unread_while_there_are_older_ones():
    uses = uses_by_day([event(10)], NOW, older=True)
    assert uses.unread == 80
    assert "CloudTrail does not tell how many" in uses.words()


def test_events_that_could_not_be_read_are_told():
    uses = uses_by_day([KeyEvent("x", None, "", "")], NOW, older=False)
    assert "1 event could not be read" in uses.words()
    assert uses.every.total == 0


def test_the_numbers_stand_as_text_the_last_day_first():
    lines = list(uses_by_day([event(0), event(2), event(2)], NOW, older=False).lines())
    days = [line for line in lines if line.endswith(("directly 1", "directly 2"))]
    assert [line[-10:] for line in days] == ["directly 1", "directly 2"]
    assert lines[-1].startswith("CloudTrail does not show: Older events")
