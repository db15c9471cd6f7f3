"""Which of pytest-xdist's workers runs which test, and in what order."""

from collections import Counter

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

WHOLE_SYSTEMS = (
    "tests/chaos/test_random_faults.py",
    "tests/e2e/test_whole_path.py",
    "tests/chaos/test_killed_on_the_path.py",
    "tests/integration/engine_tools/test_outside.py",
    "tests/e2e/test_pages.py",
    "tests/e2e/test_up.py",
)
"""Files that start all of Adrelay, a dozen processes. One worker runs them, so that one runs at a time.

The first has one of its own, which ends with it; the others share one that runs on until their worker ends.
"""
LONG = (
    "tests/integration/mails/test_outbox.py",
    "tests/integration/engine_tools/test_commands.py",
    "tests/integration/billing/test_billing.py",
    "tests/integration/billing/test_reconciling.py",
    "tests/integration/billing/test_requesting.py",
    "tests/integration/cli/test_orders.py",
    "tests/integration/events_cli/test_show.py",
    "tests/integration/mails/test_mails.py",
    "tests/integration/forwarder/test_answers.py",
    "tests/integration/billing/test_selling_stock.py",
    "tests/integration/engine_tools/test_rebuild.py",
    "tests/integration/forwarder/test_workers.py",
    "tests/integration/billing/test_by_hand.py",
    "tests/integration/billing/test_odd_money.py",
    "tests/integration/provisioning/test_killed.py",
)
"""Files that take long, of the others: what comes last is waited for by all."""


class OneSystemAtATime(LoadFileScheduling):
    """A file is run by one worker, and all that start whole systems by the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "whole systems" if file in WHOLE_SYSTEMS else file

    def schedule(self) -> None:
        """Give out work; a worker in a lost one's place gets enough to begin, as each did at first."""
        super().schedule()
        for node in self.nodes:
            self._reschedule(node)

    def remove_node(self, node: WorkerController) -> str | None:
        """Hand what a worker left to others and return the test that it died of, which is not run again.

        xdist would have it end every worker in turn, and hand on files that are done, for which a worker
        waits for ever.
        """
        left = self.assigned_work[node]
        for scope in [scope for scope, unit in left.items() if all(unit.values())]:
            del left[scope]
        died_of = next((test for unit in left.values() for test, done in unit.items() if not done), None)
        for unit in left.values():
            if died_of in unit:
                unit[died_of] = True
        super().remove_node(node)
        return died_of


def longest_first(items: list[pytest.Item]) -> None:
    """Order tests by file: whole systems, what is known to be long, what needs servers, and the rest."""
    known = {file: place for place, file in enumerate((*WHOLE_SYSTEMS, *LONG))}
    sizes = Counter(_file(item) for item in items)

    def place(item: pytest.Item) -> tuple[int, bool, int, str]:
        file = _file(item)
        return known.get(file, len(known)), not file.startswith("tests/integration/"), -sizes[file], file

    items.sort(key=place)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
