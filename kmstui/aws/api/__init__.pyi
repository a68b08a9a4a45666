from .gateway import AwsGateway as AwsGateway
