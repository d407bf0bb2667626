"""The template as an emulator of CloudFormation deploys it, with the program on its tables.

The emulator knows no budgets, no alarms on several metrics and no DKIM tokens, so those are left out here. It ignores
the time to live, checks no rights, sends no alarms and publishes no events of SES: of those, `test_stack.py` reads
what the template says, and only AWS shows more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from backend.bootstrap import open_store
from backend.store.port import Put, Store
from backend.store.schema import TABLES, meta_key
from tests.engines import ministack
from tests.infra.files import INFRA

pytestmark = pytest.mark.ministack
REGION = "eu-central-1"
SERVICES = "cloudformation,dynamodb,ses,sns,sqs,iam,monitoring,sts"
UNKNOWN = ("Budget", "ShopThrottled", "MailThrottled", "DnsDkim1", "DnsDkim2", "DnsDkim3")
PARAMETERS = {"AlarmEmail": "engineer@example.com", "Domain": "shop.example.com", "Server": "ec2"}


@dataclass(frozen=True, slots=True)
class Cloud:
    address: str

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
        return boto3.client(service, region_name=REGION, endpoint_url=self.address, **keys)

    def deploy(self, stack: str, **parameters: str) -> dict[str, str]:
        """Makes a stack and gives its outputs."""
        formation = self.client("cloudformation")
        given = [{"ParameterKey": key, "ParameterValue": each} for key, each in (PARAMETERS | parameters).items()]
        formation.create_stack(
            StackName=stack, TemplateBody=deployable(), Parameters=given, Capabilities=["CAPABILITY_IAM"]
        )
        formation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
        outputs = formation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
        return {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def store(self, url: str) -> Store:
        return open_store(f"{url}&endpoint={self.address}")


def deployable() -> str:
    """The template without what the emulator refuses."""
    text = (INFRA / "stack.yaml").read_text()
    for name in UNKNOWN:
        text, found = re.subn(rf"^  {name}:\n(?:(?:    .*)?\n)+", "", text, flags=re.MULTILINE)
        assert found == 1, name
    return text


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with ministack(SERVICES) as address:
        yield Cloud(address)


@pytest.fixture(scope="module")
def production(cloud: Cloud) -> dict[str, str]:
    return cloud.deploy("production", Environment="production")


def shape(description: dict[str, Any]) -> dict[str, Any]:
    """What of a table the program depends on."""
    return {
        "keys": description["KeySchema"],
        "attributes": sorted(description["AttributeDefinitions"], key=lambda each: each["AttributeName"]),
        "indexes": {
            index["IndexName"]: (
                index["KeySchema"],
                index["Projection"]["ProjectionType"],
                sorted(index["Projection"].get("NonKeyAttributes", [])),
            )
            for index in description["GlobalSecondaryIndexes"]
        },
    }


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_the_tables_are_those_that_the_program_makes_itself(
    cloud: Cloud, production: dict[str, str], table: str
) -> None:
    own = cloud.store(f"dynamodb://own?region={REGION}")
    own.create_tables()
    own.close()
    dynamodb = cloud.client("dynamodb")
    deployed = dynamodb.describe_table(TableName=f"tillpost-production-{table}")["Table"]
    assert shape(deployed) == shape(dynamodb.describe_table(TableName=f"own-{table}")["Table"])
    assert deployed["DeletionProtectionEnabled"] is True


def test_the_program_finds_its_tables_and_writes_to_them(cloud: Cloud, production: dict[str, str]) -> None:
    store = cloud.store(production["StoreUrl"])
    assert store.missing_tables() == []
    store.transact([Put(meta_key("deployed"), {"by": "a stack"})])
    found = store.get(meta_key("deployed"))
    assert found is not None
    assert found["by"] == "a stack"
    store.close()


def test_production_takes_the_free_units_and_on_demand_takes_none(cloud: Cloud, production: dict[str, str]) -> None:
    cloud.deploy("dev", Environment="dev", Billing="on-demand", Domain="", Server="elsewhere")
    dynamodb, units, protected = cloud.client("dynamodb"), 0, []
    for table in TABLES:
        free = dynamodb.describe_table(TableName=f"tillpost-production-{table.name}")["Table"]
        parts = (free, *free["GlobalSecondaryIndexes"])
        units += sum(part["ProvisionedThroughput"]["WriteCapacityUnits"] for part in parts)
        paid = dynamodb.describe_table(TableName=f"tillpost-dev-{table.name}")["Table"]
        assert paid["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        protected.append((free["DeletionProtectionEnabled"], paid["DeletionProtectionEnabled"]))
    assert units == 25
    assert protected == [(True, False)] * len(TABLES)


def test_what_the_topic_gets_waits_in_the_queue_of_the_worker(cloud: Cloud, production: dict[str, str]) -> None:
    topics = [each["TopicArn"] for each in cloud.client("sns").list_topics()["Topics"]]
    topic = next(each for each in topics if each.endswith(":tillpost-production-events"))
    cloud.client("sns").publish(TopicArn=topic, Message='{"eventType": "Send"}')
    queue = production["EventsQueueUrl"]
    received = cloud.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert [message["Body"] for message in received] == ['{"eventType": "Send"}']


def test_it_says_which_records_to_publish(production: dict[str, str]) -> None:
    assert production["DnsMailFromMx"] == f"bounce.shop.example.com MX 10 feedback-smtp.{REGION}.amazonses.com"
    assert production["DnsMailFromSpf"] == 'bounce.shop.example.com TXT "v=spf1 include:amazonses.com ~all"'
