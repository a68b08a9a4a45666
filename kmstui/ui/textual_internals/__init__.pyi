from .app import InsideApp as InsideApp
from .app import Piece as Piece
from .app import bind as bind
from .app import draw_now as draw_now
from .terminal_input import patch_textual as patch_textual
from .text_area import ForgottenTextArea as ForgottenTextArea
from .text_area import InsideTextArea as InsideTextArea
