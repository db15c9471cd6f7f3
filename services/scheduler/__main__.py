"""Runs the scheduler: `python -m services.scheduler`."""

from libs.chassis.importing import importing

with importing():
    from libs.chassis.main import main
    from services.scheduler.service import run
    from services.scheduler.settings import SchedulerSettings

if __name__ == "__main__":
    main(SchedulerSettings, run)
