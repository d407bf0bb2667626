"""The template for AWS fits the program: its tables, its settings, its events, its rights."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest

from backend.config import Settings
from backend.domain.events import EventType
from backend.store.port import EXPIRES
from backend.store.schema import TABLES, Table
from tests.engines import ROOT
from tests.infra.files import INFRA, program, read_yaml

STACK = INFRA / "stack.yaml"
FREE_UNITS = 25
"""AWS, "Amazon DynamoDB pricing": read and write units that are always free, for each account and region."""


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return read_yaml(STACK)


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}


def lowered(kind: EventType) -> str:
    """As CloudFormation writes it: renderingFailure."""
    word = kind.value.replace(" ", "")
    return word[0].lower() + word[1:]


def test_cfn_lint_finds_nothing() -> None:
    found = subprocess.run([program("cfn-lint"), STACK], capture_output=True, text=True, timeout=120)
    assert (found.returncode, found.stdout) == (0, "")


def test_there_is_one_table_for_each_of_the_schema(template: dict[str, Any]) -> None:
    names = {each["Properties"]["TableName"][1] for each in of_type(template, "AWS::DynamoDB::Table").values()}
    assert names == {f"${{Name}}-${{Environment}}-{table.name}" for table in TABLES}


def units(template: dict[str, Any], kind: str) -> int:
    """What all tables and indexes take together when they are provisioned."""
    total = 0
    for each in of_type(template, "AWS::DynamoDB::Table").values():
        parts = [each["Properties"], *each["Properties"]["GlobalSecondaryIndexes"]]
        for part in parts:
            word, (condition, on_demand, provisioned) = part["ProvisionedThroughput"]
            assert (word, condition, on_demand) == ("If", "IsOnDemand", ["Ref", "AWS::NoValue"])
            total += provisioned[kind]
    return total


def test_provisioned_it_takes_exactly_what_is_always_free(template: dict[str, Any]) -> None:
    assert template["Parameters"]["Billing"]["Default"] == "provisioned"
    assert units(template, "ReadCapacityUnits") == FREE_UNITS
    assert units(template, "WriteCapacityUnits") == FREE_UNITS


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_tables_are_kept_protected_and_let_items_expire(template: dict[str, Any], table: Table) -> None:
    resource = template["Resources"][f"{table.name.capitalize()}Table"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    protected = ["If", ["IsProtected", True, False]]
    found = resource["Properties"]
    assert found["DeletionProtectionEnabled"] == protected
    assert found["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == protected
    assert found["TimeToLiveSpecification"] == {"AttributeName": EXPIRES, "Enabled": True}
    assert template["Conditions"]["IsProtected"] == ["Not", [["Equals", [["Ref", "Environment"], "dev"]]]]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_each_table_and_index_that_is_throttled_raises_an_alarm(template: dict[str, Any], table: Table) -> None:
    metrics = properties(template, f"{table.name.capitalize()}Throttled")["Metrics"]
    watched, ids = set(), set()
    for metric in metrics[1:]:
        dimensions = {each["Name"]: each["Value"] for each in metric["MetricStat"]["Metric"]["Dimensions"]}
        assert dimensions["TableName"] == ["Ref", f"{table.name.capitalize()}Table"]
        name = metric["MetricStat"]["Metric"]["MetricName"]
        watched.add((name, dimensions.get("GlobalSecondaryIndexName")))
        ids.add(metric["Id"])
    wanted = {("ReadThrottleEvents", None), ("WriteThrottleEvents", None)}
    assert watched == wanted | {("WriteThrottleEvents", index.name) for index in table.indexes}
    assert set(re.findall(r"FILL\((\w+), 0\)", metrics[0]["Expression"])) == ids


def test_every_alarm_notifies_somebody(template: dict[str, Any]) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert {"EventsDead", "EventsLate", "Bounces", "Complaints"} <= set(alarms)
    assert all(each["Properties"]["AlarmActions"] == [["Ref", "Alarms"]] for each in alarms.values())
    subscribers = [
        subscriber
        for notification in properties(template, "Budget")["NotificationsWithSubscribers"]
        for subscriber in notification["Subscribers"]
    ]
    told = {each["Address"][1] for each in subscribers} | {
        each["Endpoint"][1] for each in properties(template, "Alarms")["Subscription"]
    }
    assert told == {"AlarmEmail"}


def test_marketing_mail_publishes_every_event_and_transactional_mail_all_but_opens_and_clicks(
    template: dict[str, Any],
) -> None:
    def matching(name: str) -> set[str]:
        return set(properties(template, name)["EventDestination"]["MatchingEventTypes"])

    every = {lowered(kind) for kind in EventType}
    assert matching("MarketingEvents") == every
    assert matching("TransactionalEvents") == every - {"open", "click"}


def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of the server's policy, also the conditional ones."""
    found = properties(template, "Rights")["PolicyDocument"]["Statement"]
    return [each[1][1] if isinstance(each, list) else each for each in found]


def test_the_rights_name_every_action_and_leave_open_only_what_belongs_to_the_account(template: dict[str, Any]) -> None:
    everywhere = set()
    for statement in statements(template):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert statement["Effect"] == "Allow"
        assert not [action for action in actions if "*" in action]
        if statement["Resource"] == "*":
            everywhere |= set(actions)
    assert everywhere == {
        "ses:GetAccount",
        "ses:ListSuppressedDestinations",
        "ses:PutSuppressedDestination",
        "ses:DeleteSuppressedDestination",
    }


def test_the_rights_are_those_that_the_guide_names(template: dict[str, Any]) -> None:
    guide = (ROOT / "docs" / "engineers.md").read_text().split("For the first start with")[0]
    of_tables = [each for each in statements(template) if each["Sid"] in ("UseTheTables", "FollowChanges")]
    allowed = [action for each in of_tables for action in each["Action"]]
    assert set(allowed) == set(re.findall(r'"(dynamodb:\w+)"', guide))


def test_the_server_may_send_attachments_and_only_as_its_own_domain(template: dict[str, Any]) -> None:
    send = next(each for each in statements(template) if each["Sid"] == "Send")
    assert send["Action"] == ["ses:SendEmail", "ses:SendRawEmail"]
    condition, with_domain, _ = send["Condition"][1]
    assert condition == "HasDomain"
    assert with_domain == {"StringLike": {"ses:FromAddress": ["Sub", "*@${Domain}"]}}


def test_only_the_topic_writes_to_the_queue_and_only_the_queue_to_its_dead_letters(template: dict[str, Any]) -> None:
    allow, deny = properties(template, "QueuePolicy")["PolicyDocument"]["Statement"]
    assert (allow["Effect"], allow["Action"]) == ("Allow", "sqs:SendMessage")
    assert allow["Condition"] == {"ArnEquals": {"aws:SourceArn": ["Ref", "Topic"]}}
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": False}})
    redrive = properties(template, "Queue")["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == ["GetAtt", "DeadLetters.Arn"]
    allowed = properties(template, "DeadLetters")["RedriveAllowPolicy"]
    assert allowed["redrivePermission"] == "byQueue"
    assert [arn[1].rpartition(":")[2] for arn in allowed["sourceQueueArns"]] == [
        properties(template, "Queue")["QueueName"][1]
    ]


def test_its_outputs_are_settings(template: dict[str, Any]) -> None:
    words = {output["Description"].split()[0] for output in template["Outputs"].values()}
    known = {name.upper() for name in Settings.model_fields}
    named = {word for word in words if re.fullmatch(r"[A-Z]+_[A-Z_]+", word)}
    assert named <= known
    assert named == {"STORE_URL"} | {name for name in known if name.startswith("SES_")}
