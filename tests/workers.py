"""The distribution of tests among pytest-xdist's workers, and their order."""

from collections import Counter

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

WHOLE_SYSTEMS = (
    "tests/chaos/test_random_faults.py",
    "tests/e2e/test_redaction.py",
    "tests/e2e/test_whole_path.py",
    "tests/chaos/test_killed_on_the_path.py",
    "tests/integration/engine_tools/test_outside.py",
    "tests/e2e/test_pages.py",
    "tests/web/test_adbot_page.py",
    "tests/web/test_client_life.py",
    "tests/web/test_groups.py",
    "tests/web/test_every_page.py",
    "tests/web/test_finding.py",
    "tests/web/test_operator_console.py",
    "tests/web/test_explorer.py",
    "tests/web/test_operators_day.py",
    "tests/web/test_paying.py",
    "tests/web/test_profile.py",
    "tests/web/test_restarts.py",
    "tests/web/test_health_board.py",
    "tests/e2e/test_together.py",
    "tests/e2e/test_up.py",
    "tests/e2e/test_taken_over.py",
    "tests/e2e/test_erased.py",
    "tests/e2e/test_demo.py",
)
"""Files that start all of Adrelay, a dozen processes. One worker runs them, so that one system runs at a
time.

The first two have systems of their own, which end with them; the others share one until their worker ends.
"""
LONG = (
    "tests/integration/gateway/test_specification.py",
    "tests/integration/forwarder/test_crash_points.py",
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
"""The longest of the other files; they begin first, since the last file to end delays the run."""


class OneSystemAtATime(LoadFileScheduling):
    """Gives each file to one worker, and all files that start whole systems to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "whole systems" if file in WHOLE_SYSTEMS else file

    def schedule(self) -> None:
        """Distribute work; a worker that replaces a lost one gets as much as each did at first."""
        super().schedule()
        for node in self.nodes:
            self._reschedule(node)

    def remove_node(self, node: WorkerController) -> str | None:
        """Give a lost worker's tests to others; return the test that it died of, which is not run again.

        xdist would run it again, which ends every worker in turn, and would hand on finished files, for which
        a worker waits for ever.
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
    """Sort tests by file: whole systems, the longest, those that need servers, and the rest."""
    known = {file: position for position, file in enumerate((*WHOLE_SYSTEMS, *LONG))}
    sizes = Counter(_file(item) for item in items)

    def order(item: pytest.Item) -> tuple[int, bool, int, str]:
        file = _file(item)
        return known.get(file, len(known)), not file.startswith("tests/integration/"), -sizes[file], file

    items.sort(key=order)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
