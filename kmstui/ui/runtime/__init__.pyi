from .crash_log import write_fault as write_fault
from .memory import Memory as Memory
from .options import UiOptions as UiOptions
from .preload import import_ahead as import_ahead
from .store_feed import Changes as Changes
from .store_feed import StoreFeed as StoreFeed
from .type_ahead import TypeAhead as TypeAhead
