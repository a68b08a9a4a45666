from .controller import TagController as TagController
