"""The operations of operators' tools on a store, the stream and the tables.

`status` and `lag` return the state, `stored_events` and `stream_positions` find events, `snapshot` and
`filling` are the two ends of an export, `unrelayed` is a service's own metric, `rebuilding` and
`verify_tables` are about tables. Names of the layers below that tools need are exported here, too.
"""

from libs.eventsourcing.model.envelope import STREAM_NAME
from libs.eventsourcing.model.errors import OutdatedTables, UnknownEvent
from libs.eventsourcing.operations.filling import Filling, HoldsEvents, StoreInUse, StoreLocked
from libs.eventsourcing.operations.lag import (
    OldestTransaction,
    ReaderLag,
    RelayLag,
    oldest_transaction,
    reader_lags,
    relay_lag,
)
from libs.eventsourcing.operations.rebuilding import Plan
from libs.eventsourcing.operations.snapshot import (
    NoCommonMoment,
    ReaderCursor,
    checkpoints,
    dropped_events,
    one_moment,
)
from libs.eventsourcing.operations.status import (
    StoredTable,
    connected_as,
    holds_shadow_tables,
    holds_store,
    stored_tables,
)
from libs.eventsourcing.operations.stored_events import (
    EventSummary,
    StreamInTree,
    all_events,
    correlation_of_stream,
    data_of_events,
    event_of_id,
    events_of_stream,
    events_of_trees,
    is_correlation_id,
    streams_of_tree,
    streams_saying,
    trees_of_streams,
)
from libs.eventsourcing.operations.stream_positions import LOOK_BACK, before_last, before_moment, bounds
from libs.eventsourcing.operations.unrelayed import (
    HeldBack,
    RelayTrouble,
    WaitingEvents,
    held_back,
    relay_trouble,
    waiting_events,
)
from libs.eventsourcing.operations.verify_tables import RowDifferences, TableReport, verify_table
from libs.eventsourcing.projections.catch_up import FoldFailed, StreamIncomplete
from libs.eventsourcing.projections.migration import Progress, Report, builder
from libs.eventsourcing.projections.shadow import Purpose, ShadowTables, archived_schema
from libs.eventsourcing.projections.swap import retire
from libs.eventsourcing.projections.tables import READ_MODELS, Kind, ServiceTables, TablesBusy
from libs.eventsourcing.readers.dead_letters import (
    FOLLOWS,
    DeadLetter,
    SourceStream,
    drop,
    list_dead_letters,
    request_retry,
    retry_is_requested,
)
from libs.eventsourcing.relaying.republish import Missing, missing, renew, republish
from libs.eventsourcing.relaying.verify import Fault, Finding, StreamReport, verify_stream
from libs.eventsourcing.store.connections import Connection, server_settings
from libs.eventsourcing.store.restored_clusters import RestoredElsewhere, StreamAhead, rebase, refuse_future
from libs.eventsourcing.stream.direct_get import StreamUnreadable
from libs.eventsourcing.stream.stored_messages import pending
from libs.eventsourcing.stream.subscription import Arrival, Consumer, ConsumerLost

__all__ = [
    "FOLLOWS",
    "LOOK_BACK",
    "READ_MODELS",
    "STREAM_NAME",
    "Arrival",
    "Connection",
    "Consumer",
    "ConsumerLost",
    "DeadLetter",
    "EventSummary",
    "Fault",
    "Filling",
    "Finding",
    "FoldFailed",
    "HeldBack",
    "HoldsEvents",
    "Kind",
    "Missing",
    "NoCommonMoment",
    "OldestTransaction",
    "OutdatedTables",
    "Plan",
    "Progress",
    "Purpose",
    "ReaderCursor",
    "ReaderLag",
    "RelayLag",
    "RelayTrouble",
    "Report",
    "RestoredElsewhere",
    "RowDifferences",
    "ServiceTables",
    "ShadowTables",
    "SourceStream",
    "StoreInUse",
    "StoreLocked",
    "StoredTable",
    "StreamAhead",
    "StreamInTree",
    "StreamIncomplete",
    "StreamReport",
    "StreamUnreadable",
    "TableReport",
    "TablesBusy",
    "UnknownEvent",
    "WaitingEvents",
    "all_events",
    "archived_schema",
    "before_last",
    "before_moment",
    "bounds",
    "builder",
    "checkpoints",
    "connected_as",
    "correlation_of_stream",
    "data_of_events",
    "drop",
    "dropped_events",
    "event_of_id",
    "events_of_stream",
    "events_of_trees",
    "held_back",
    "holds_shadow_tables",
    "holds_store",
    "is_correlation_id",
    "list_dead_letters",
    "missing",
    "oldest_transaction",
    "one_moment",
    "pending",
    "reader_lags",
    "rebase",
    "refuse_future",
    "relay_lag",
    "relay_trouble",
    "renew",
    "republish",
    "request_retry",
    "retire",
    "retry_is_requested",
    "server_settings",
    "stored_tables",
    "streams_of_tree",
    "streams_saying",
    "trees_of_streams",
    "verify_stream",
    "verify_table",
    "waiting_events",
]
