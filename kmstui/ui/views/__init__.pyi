from .registry import VIEWS as VIEWS
from .view import KeyView as KeyView
