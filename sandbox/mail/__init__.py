"""A mail server that stores all mails and delivers none."""

from sandbox.mail.client import ControlError, MailControl
from sandbox.mail.messages import Fault, MailView
from sandbox.mail.server import MailSandbox
from sandbox.mail.settings import SandboxSettings

__all__ = ["ControlError", "Fault", "MailControl", "MailSandbox", "MailView", "SandboxSettings"]
