from .connector import AwsConnector as AwsConnector
from .open import Opener as Opener
