"""Runs the scheduler: `python -m services.scheduler`."""

from libs.chassis.main import main
from services.scheduler.service import run
from services.scheduler.settings import SchedulerSettings

main(SchedulerSettings, run)
