"""The only place that talks to AWS: connections, calls, errors, one module per API noun."""

from kmstui.aws.connector import AwsConnector

__all__ = ["AwsConnector"]
