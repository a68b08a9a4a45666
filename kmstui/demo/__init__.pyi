from .connector import DemoConnector as DemoConnector
from .connector import replace_aws_environment as replace_aws_environment
from .embedded import MFA_CODE as MFA_CODE
from .embedded import EmbeddedError as EmbeddedError
from .embedded import EmbeddedKms as EmbeddedKms
from .embedded import EmbeddedOptions as EmbeddedOptions
from .embedded import mfa_serial as mfa_serial
from .embedded import why_no_demo as why_no_demo
