"""Every answer of the embedded AWS is as botocore's model of the service has it.

What the demo answers in its own way would be learnt by the program, and be wrong in AWS.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from kmstui.aws.calls import operations as op
from tests.control import ControlledKms
from tests.demo.shapes import watch

ACCOUNT = "418259630147"
ROLE = "KMSWorkshop-InstanceInitRole"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"},
    }
)


class Asked:
    """Clients of the root user, what they were answered, and what was wrong with it."""

    def __init__(self, embedded: ControlledKms) -> None:
        environment = embedded.environment_for("root")
        self._session = boto3.Session(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            region_name=embedded.region,
        )
        self._endpoint = embedded.endpoint_url
        self.operations: set[tuple[str, str]] = set()
        self.faults: list[str] = []

    def of(self, service: str) -> Any:
        """A client that is watched; it sends what it is given."""
        make: Any = self._session.client  # Its overloads want each service by its own literal.
        made = make(
            service,
            endpoint_url=self._endpoint,
            config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        )

        def heard(operation: str, faults: list[str]) -> None:
            self.operations.add((service, operation))
            self.faults.extend(faults)

        watch(made, heard)
        return made


@pytest.fixture
def asked(embedded: ControlledKms) -> Asked:
    return Asked(embedded)


def test_kms_answers_as_its_model_says(asked: Asked) -> None:
    kms = asked.of("kms")
    _read(kms)
    _live(kms)
    _use(kms)
    _import(kms)
    _grant(kms)
    assert asked.faults == []
    served = {name for name in kms.meta.service_model.operation_names if _is_served(kms, name)}
    assert {("kms", name) for name in served} - asked.operations == set()


def _is_served(kms: Any, operation: str) -> bool:
    try:
        getattr(kms, xform_name(operation))()
    except ClientError as error:
        return error.response["Error"]["Code"] != "UnknownOperationException"
    return True


def _read(kms: Any) -> None:
    """Everything about every key of the world."""
    kms.list_aliases()
    for entry in kms.list_keys(ResourceOwners=["SELF", "OTHER_ACCOUNTS_VIA_RAM"])["Keys"]:
        key = entry["KeyArn"]
        for ask, more in (
            (kms.describe_key, {}),
            (kms.get_key_policy, {"PolicyName": "default"}),
            (kms.list_key_policies, {}),
            (kms.list_resource_tags, {}),
            (kms.list_grants, {}),
            (kms.get_key_rotation_status, {}),
            (kms.list_key_rotations, {"IncludeKeyMaterial": "ALL_KEY_MATERIAL"}),
            (kms.get_key_last_usage, {}),
        ):
            try:
                ask(KeyId=key, **more)
            except ClientError as error:
                # What somebody may not read, or a key cannot have.
                assert error.response["Error"]["Code"] in (
                    "AccessDeniedException",
                    "UnsupportedOperationException",
                    "KMSInvalidStateException",
                )


def _made(kms: Any, **members: Any) -> str:
    return str(kms.create_key(**members)["KeyMetadata"]["KeyId"])


def _live(kms: Any) -> None:
    key = _made(kms, MultiRegion=True, Tags=[{"TagKey": "a", "TagValue": "b"}])
    kms.update_key_description(KeyId=key, Description="x")
    kms.put_key_policy(
        KeyId=key, Policy=kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    )
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "c", "TagValue": "d"}])
    kms.list_resource_tags(KeyId=key)
    kms.untag_resource(KeyId=key, TagKeys=["c"])
    kms.create_alias(AliasName="alias/answers", TargetKeyId=key)
    kms.update_alias(AliasName="alias/answers", TargetKeyId=_made(kms))
    kms.delete_alias(AliasName="alias/answers")
    kms.enable_key_rotation(KeyId=key)
    kms.get_key_rotation_status(KeyId=key)
    kms.rotate_key_on_demand(KeyId=key)
    kms.list_key_rotations(KeyId=key)
    kms.disable_key_rotation(KeyId=key)
    kms.replicate_key(KeyId=key, ReplicaRegion="us-east-1")
    kms.describe_key(KeyId=key)
    kms.update_primary_region(KeyId=key, PrimaryRegion="us-east-1")
    kms.describe_custom_key_stores()
    (resting,) = (
        store["CustomKeyStoreId"]
        for store in kms.describe_custom_key_stores()["CustomKeyStores"]
        if store["ConnectionState"] == "DISCONNECTED"
    )
    kms.connect_custom_key_store(CustomKeyStoreId=resting)
    kms.disconnect_custom_key_store(CustomKeyStoreId=resting)
    doomed = _made(kms)
    kms.disable_key(KeyId=doomed)
    kms.enable_key(KeyId=doomed)
    kms.schedule_key_deletion(KeyId=doomed, PendingWindowInDays=7)
    kms.describe_key(KeyId=doomed)
    kms.cancel_key_deletion(KeyId=doomed)


def _use(kms: Any) -> None:
    kms.generate_random(NumberOfBytes=8)
    key = _made(kms)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=blob)
    kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=_made(kms))
    kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256")
    kms.get_key_last_usage(KeyId=key)
    for spec, usage in (("RSA_2048", "SIGN_VERIFY"), ("ECC_NIST_P256", "SIGN_VERIFY")):
        key = _made(kms, KeySpec=spec, KeyUsage=usage)
        public = kms.get_public_key(KeyId=key)
        question = {
            "KeyId": key,
            "Message": b"x",
            "SigningAlgorithm": public["SigningAlgorithms"][0],
        }
        kms.verify(Signature=kms.sign(**question)["Signature"], **question)
    key = _made(kms, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    question = {"KeyId": key, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
    kms.verify_mac(Mac=kms.generate_mac(**question)["Mac"], **question)
    key = _made(kms, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
    kms.get_public_key(KeyId=key)
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    kms.derive_shared_secret(
        KeyId=key,
        KeyAgreementAlgorithm="ECDH",
        PublicKey=other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )


def _import(kms: Any) -> None:
    key = _made(kms, Origin="EXTERNAL")
    for number in range(2):
        wrapping = kms.get_parameters_for_import(
            KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
        )
        public = load_der_public_key(wrapping["PublicKey"])
        assert isinstance(public, rsa.RSAPublicKey)
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label=None)
        kms.import_key_material(
            KeyId=key,
            ImportToken=wrapping["ImportToken"],
            EncryptedKeyMaterial=public.encrypt(bytes([number] * 32), oaep),
            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
            ImportType="NEW_KEY_MATERIAL",
            KeyMaterialDescription=f"material {number}",
        )
        kms.describe_key(KeyId=key)
        kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    kms.rotate_key_on_demand(KeyId=key)
    kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    kms.delete_imported_key_material(KeyId=key)
    kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")


def _grant(kms: Any) -> None:
    key = _made(kms)
    of_service = {
        "GranteeServicePrincipal": "dynamodb.amazonaws.com",
        "RetiringServicePrincipal": "dynamodb.amazonaws.com",
        "Constraints": {"SourceArn": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t"},
    }
    of_role = {
        "Name": "x",
        "GranteePrincipal": ROLE_ARN,
        "RetiringPrincipal": ROLE_ARN,
        "Constraints": {"EncryptionContextEquals": {"a": "b"}},
    }
    made = [
        kms.create_grant(KeyId=key, Operations=["Decrypt"], **more)
        for more in (of_service, of_role)
    ]
    kms.list_grants(KeyId=key)
    kms.list_retirable_grants(RetiringPrincipal=ROLE_ARN)
    kms.retire_grant(GrantToken=made[0]["GrantToken"])
    kms.revoke_grant(KeyId=key, GrantId=made[1]["GrantId"])


def test_the_services_beside_kms_answer_as_their_models_say(asked: Asked) -> None:
    asked.of("kms").describe_key(KeyId="alias/ImportedCMK")
    _ask_iam(asked.of("iam"))
    sts = asked.of("sts")
    sts.get_caller_identity()
    asked.of("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["kms:key"])
    cloudtrail = asked.of("cloudtrail")
    cloudtrail.lookup_events(NextToken=cloudtrail.lookup_events()["NextToken"])
    analyzer = asked.of("accessanalyzer")
    for text in ("{", '{"Statement": {"Effect": "x"}}', POLICY):
        analyzer.validate_policy(policyDocument=text, policyType="RESOURCE_POLICY")
    public = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*"}})
    for text in (POLICY, public):
        analyzer.check_no_public_access(policyDocument=text, resourceType="AWS::KMS::Key")
        analyzer.check_no_new_access(
            existingPolicyDocument=POLICY, newPolicyDocument=text, policyType="RESOURCE_POLICY"
        )
        analyzer.check_access_not_granted(
            policyDocument=text, access=[{"actions": ["kms:Sign"]}], policyType="RESOURCE_POLICY"
        )
    _ask_organizations(asked.of("organizations"))
    asked.of("ec2").describe_vpc_endpoints()
    asked.of("account").list_regions()
    _ask_where_keys_are(asked)
    _ask_resources(asked)
    assert asked.faults == []
    sent = {
        (each.service, each.name)
        for each in vars(op).values()
        if isinstance(each, op.Operation) and each.service != "kms"
    }
    assert sent - asked.operations == set()


def _ask_where_keys_are(asked: Asked) -> None:
    asked.of("ec2").describe_regions()
    explorer, config = asked.of("resource-explorer-2"), asked.of("config")
    explorer.list_indexes(Type="AGGREGATOR")
    explorer.search(QueryString="resourcetype:kms:key")
    (aggregator,) = config.describe_configuration_aggregators()["ConfigurationAggregators"]
    config.select_aggregate_resource_config(
        ConfigurationAggregatorName=aggregator["ConfigurationAggregatorName"],
        Expression="SELECT accountId, awsRegion, COUNT(*) GROUP BY accountId, awsRegion",
    )


def _ask_resources(asked: Asked) -> None:
    ec2, rds, s3 = asked.of("ec2"), asked.of("rds"), asked.of("s3")
    sns, sqs, dynamodb = asked.of("sns"), asked.of("sqs"), asked.of("dynamodb")
    ec2.describe_volumes()
    ec2.describe_snapshots(OwnerIds=["self"])
    rds.describe_db_instances()
    rds.describe_db_clusters()
    for bucket in s3.list_buckets()["Buckets"]:
        s3.get_bucket_encryption(Bucket=bucket["Name"])
    asked.of("secretsmanager").list_secrets()
    asked.of("lambda").list_functions()
    for topic in sns.list_topics()["Topics"]:
        sns.get_topic_attributes(TopicArn=topic["TopicArn"])
    for url in sqs.list_queues()["QueueUrls"]:
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])
    asked.of("logs").describe_log_groups()
    for table in dynamodb.list_tables()["TableNames"]:
        dynamodb.describe_table(TableName=table)
    asked.of("efs").describe_file_systems()
    config = asked.of("config")
    config.describe_configuration_recorders()
    config.describe_configuration_recorder_status()
    config.select_resource_config(Expression="SELECT resourceId WHERE resourceName = 'x'")


def _ask_iam(iam: Any) -> None:
    iam.list_roles(MaxItems=10)
    iam.list_users()
    iam.put_role_policy(RoleName=ROLE, PolicyName="x", PolicyDocument=POLICY)
    iam.get_role(RoleName=ROLE)
    iam.list_role_policies(RoleName=ROLE)
    iam.get_role_policy(RoleName=ROLE, PolicyName="x")
    managed = iam.create_policy(PolicyName="y", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=managed)
    iam.list_attached_role_policies(RoleName=ROLE)
    iam.get_policy(PolicyArn=managed)
    iam.get_policy_version(PolicyArn=managed, VersionId="v1")
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="x", PolicyDocument=POLICY)
    iam.attach_group_policy(GroupName="g", PolicyArn=managed)
    iam.list_group_policies(GroupName="g")
    iam.get_group_policy(GroupName="g", PolicyName="x")
    iam.list_attached_group_policies(GroupName="g")
    iam.create_user(UserName="u")
    iam.add_user_to_group(UserName="u", GroupName="g")
    iam.put_user_policy(UserName="u", PolicyName="x", PolicyDocument=POLICY)
    iam.attach_user_policy(UserName="u", PolicyArn=managed)
    iam.get_user(UserName="u")
    iam.list_user_policies(UserName="u")
    iam.get_user_policy(UserName="u", PolicyName="x")
    iam.list_attached_user_policies(UserName="u")
    iam.list_groups_for_user(UserName="u")


def _ask_organizations(organizations: Any) -> None:
    with suppress(organizations.exceptions.AlreadyInOrganizationException):
        organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.describe_organization()
    organizations.list_accounts()
    made = organizations.create_account(Email="a@example.com", AccountName="a")
    organizations.list_parents(ChildId=made["CreateAccountStatus"]["AccountId"])
    listed = organizations.list_policies_for_target(TargetId=root, Filter="SERVICE_CONTROL_POLICY")
    for policy in listed["Policies"]:
        organizations.describe_policy(PolicyId=policy["Id"])
