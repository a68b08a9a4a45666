from .app import InsideApp as InsideApp
from .app import Piece as Piece
from .app import XTermParser as XTermParser
from .app import decode_terminal_by as decode_terminal_by
from .app import draw_now as draw_now
from .app import read_terminal_by as read_terminal_by
from .app import wait_for_escape as wait_for_escape
from .text_area import InsideTextArea as InsideTextArea
