"""The outside world to try and test against: a Doctolib, a Twilio, a mail server and a virus scanner.

Never imported by the product; imports nothing of the product but the clock.
"""

from treffa.sandbox.sandbox import Sandbox, start

__all__ = ["Sandbox", "start"]
