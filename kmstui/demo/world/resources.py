"""Resources of other services in the embedded account, each with the key that it names.

They name keys as these services do: by ARN, by ID, or by alias; some name a key of AWS's, or none.
"""

from __future__ import annotations

from kmstui.demo.front.resources import WorldResource
from kmstui.demo.world.building import Builder


def configured_resources(build: Builder) -> tuple[WorldResource, ...]:
    """Them; the keys must be there."""
    store = build.stores.of(build.account, build.region)

    def arn(alias: str) -> str:
        target = store.aliases[f"alias/{alias}"].target
        return store.keys[target].arn if target else ""

    ebs, orders = arn("platform/ebs"), arn("orders/rds")
    raw, logs = arn("data-lake/raw"), arn("platform/logs")
    return (
        WorldResource("AWS::EC2::Volume", "vol-0a3c9d41e7b25f860", ebs),
        WorldResource("AWS::EC2::Volume", "vol-04be17c2d8a93f651", ebs),
        WorldResource("AWS::EC2::Volume", "vol-0d2f6a8c1b7e94035", arn("aws/ebs")),
        WorldResource("AWS::EC2::Snapshot", "snap-0f1e2d3c4b5a69788", ebs),
        WorldResource("AWS::EC2::Snapshot", "snap-09a8b7c6d5e4f3021", arn("orders/legacy-2021")),
        WorldResource("AWS::RDS::DBCluster", "orders-prod", orders),
        WorldResource("AWS::RDS::DBInstance", "orders-prod-1", orders),
        WorldResource("AWS::RDS::DBInstance", "orders-prod-2", orders),
        WorldResource("AWS::RDS::DBInstance", "reports", arn("aws/rds")),
        WorldResource("AWS::S3::Bucket", "data-lake-raw", raw),
        # The bucket names the key by its ID alone.
        WorldResource("AWS::S3::Bucket", "kms-workshop", raw.rpartition("/")[2]),
        WorldResource("AWS::S3::Bucket", "data-lake-curated", "alias/data-lake/curated"),
        WorldResource("AWS::S3::Bucket", "website-assets"),
        WorldResource("AWS::SecretsManager::Secret", "orders/db-password", arn("orders/api")),
        WorldResource("AWS::SecretsManager::Secret", "billing/smtp", "alias/billing/invoices"),
        WorldResource("AWS::SecretsManager::Secret", "ci/token"),
        WorldResource("AWS::Lambda::Function", "orders-webhook", arn("orders/api")),
        WorldResource("AWS::Lambda::Function", "thumbnailer"),
        WorldResource("AWS::SNS::Topic", "order-events", "alias/events/sns"),
        WorldResource("AWS::SNS::Topic", "alerts"),
        WorldResource("AWS::SQS::Queue", "order-exports", arn("events/sqs")),
        WorldResource("AWS::Logs::LogGroup", "/platform/web", logs),
        WorldResource("AWS::Logs::LogGroup", "/platform/batch", logs),
        WorldResource("AWS::Logs::LogGroup", "/aws/lambda/thumbnailer"),
        WorldResource("AWS::DynamoDB::Table", "sessions", arn("global/sessions")),
        WorldResource("AWS::DynamoDB::Table", "carts"),
        WorldResource("AWS::EFS::FileSystem", "fs-0c7d5e3a9b1f24680", arn("data-lake/curated")),
    )
