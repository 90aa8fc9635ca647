"""One line a log record: time, level, logger, message with ids only. Never a name, a number, an address or a text."""

import logging


class LineFormatter(logging.Formatter):
    """Short lines for people and machines alike; the supervisor puts the part's name in front."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%H:%M:%S")
