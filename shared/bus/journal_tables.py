"""The journal's tables, and what is done to them: plain functions of a connection, each inside one transaction."""

from collections.abc import Sequence
from sqlite3 import Connection

from shared import clock
from shared.bus import DeadLetter, Depth, Queue
from shared.bus.fate import Again, Dead, UnroutableError, Wait
from shared.bus.worker import LostError, Taken

SCHEMA = """
CREATE TABLE IF NOT EXISTS takes (topic TEXT, queue TEXT, PRIMARY KEY (topic, queue)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    event_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'claimed', 'delayed', 'dead')),
    deliveries INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    due REAL,
    error TEXT,
    died_at TEXT,
    urgent INTEGER NOT NULL DEFAULT 0,
    UNIQUE (queue, event_id)
);
CREATE INDEX IF NOT EXISTS by_state ON messages (queue, state, seq);
CREATE INDEX IF NOT EXISTS by_due ON messages (queue, due) WHERE state = 'delayed';
CREATE INDEX IF NOT EXISTS by_owner ON messages (owner) WHERE state = 'claimed';
CREATE TABLE IF NOT EXISTS boots (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS touched (one INTEGER PRIMARY KEY CHECK (one = 1), at REAL);
"""

Message = tuple[str, str, bytes, bool]
"""Event id, topic, body, and whether it has priority."""


def prepare(connection: Connection) -> None:
    """Bring the tables of the release before to this one: messages had no priority."""
    columns = {row[1] for row in connection.execute("PRAGMA table_info(messages)")}
    if "urgent" not in columns:
        connection.execute("ALTER TABLE messages ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0")
    connection.execute("CREATE INDEX IF NOT EXISTS by_lane ON messages (queue, state, urgent, seq)")


def declare(connection: Connection, queues: Sequence[Queue]) -> None:
    """Make each queue take exactly these topics from now on; what is in it stays."""
    for queue in queues:
        connection.execute("DELETE FROM takes WHERE queue = ?", (queue.name,))
        rows = [(event.topic, queue.name) for event in queue.takes]
        connection.executemany("INSERT INTO takes (topic, queue) VALUES (?, ?)", rows)


def follow_boot(connection: Connection, boot_id: str) -> None:
    """After another start of the machine no due time means anything: what waits is due."""
    row = connection.execute("SELECT id FROM boots").fetchone()
    if row != (boot_id,):
        connection.execute("UPDATE messages SET due = 0 WHERE state = 'delayed'")
        connection.execute("INSERT INTO boots VALUES (1, ?) ON CONFLICT DO UPDATE SET id = excluded.id", (boot_id,))


def publish(connection: Connection, messages: Sequence[Message]) -> set[str]:
    """Put each message into every queue that takes its topic; return those queues.

    A message that a queue already holds, even as a dead letter, is not put in again: the same id is the same event.
    """
    reached: set[str] = set()
    for event_id, topic, body, is_urgent in messages:
        queues = [row[0] for row in connection.execute("SELECT queue FROM takes WHERE topic = ?", (topic,))]
        if not queues:
            raise UnroutableError(f"no queue takes {topic}")
        connection.executemany(
            "INSERT INTO messages (queue, event_id, topic, body, urgent) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(queue, event_id, topic, body, is_urgent) for queue in queues],
        )
        reached.update(queues)
    return reached


def claim(
    connection: Connection, queue: str, owner: str, limit: int, longest_delay_s: float, *, bulk_first: bool = False
) -> tuple[list[Taken], float | None]:
    """Return messages that are now the owner's, or none and the seconds until the next is due.

    Those that have priority first, unless it is the turn of the others; of each the oldest first.

    Times are those of the machine since its start, which no setting of a clock moves. A time further away than the
    longest delay is one of an earlier start: that message is due too.
    """
    now = clock.machine_s()
    connection.execute(
        "UPDATE messages SET state = 'ready', due = NULL"
        " WHERE queue = ? AND state = 'delayed' AND (due <= ? OR due > ?)",
        (queue, now, now + longest_delay_s),
    )
    taken: list[Taken] = []
    for is_urgent in (not bulk_first, bulk_first):
        rows = connection.execute(
            "UPDATE messages SET state = 'claimed', owner = ?, deliveries = deliveries + 1 WHERE seq IN"
            " (SELECT seq FROM messages WHERE queue = ? AND state = 'ready' AND urgent = ? ORDER BY seq LIMIT ?)"
            " RETURNING seq, body, deliveries, failures",
            (owner, queue, is_urgent, limit - len(taken)),
        ).fetchall()
        taken += [Taken(queue, body, tries, failures, (seq, owner)) for seq, body, tries, failures in sorted(rows)]
    return taken, None if taken else _until_due(connection, queue, now)


def _until_due(connection: Connection, queue: str, now: float) -> float | None:
    query = "SELECT min(due) FROM messages WHERE queue = ? AND state = 'delayed'"
    due: float | None = connection.execute(query, (queue,)).fetchone()[0]
    return None if due is None else max(due - now, 0.001)


def finish(connection: Connection, taken: Taken, messages: Sequence[Message]) -> set[str]:
    """Ack a message and publish what its handler returned."""
    seq, owner = taken.handle
    _ours(connection.execute("DELETE FROM messages WHERE seq = ? AND owner = ? AND state = 'claimed'", (seq, owner)))
    return publish(connection, messages)


def delay(connection: Connection, taken: Taken, again: Again) -> None:
    """Let a message wait after a failure."""
    _settle(connection, taken, "delayed", again.error, due=clock.machine_s() + again.delay_s)


def hold(connection: Connection, taken: Taken, wait: Wait) -> None:
    """Let a message wait for a store that is away: neither a delivery nor a failure."""
    cursor = connection.execute(
        "UPDATE messages SET state = 'delayed', error = ?, due = ?, deliveries = deliveries - 1, owner = NULL"
        " WHERE seq = ? AND owner = ? AND state = 'claimed'",
        (wait.error, clock.machine_s() + wait.delay_s, *taken.handle),
    )
    _ours(cursor)


def bury(connection: Connection, taken: Taken, dead: Dead) -> None:
    """Keep a message as a dead letter."""
    _settle(connection, taken, "dead", dead.error, died_at=clock.utc_now().isoformat(timespec="seconds"))


def _settle(
    connection: Connection, taken: Taken, state: str, error: str, due: float | None = None, died_at: str | None = None
) -> None:
    cursor = connection.execute(
        "UPDATE messages SET state = ?, error = ?, due = ?, died_at = ?, failures = failures + 1, owner = NULL"
        " WHERE seq = ? AND owner = ? AND state = 'claimed'",
        (state, error, due, died_at, *taken.handle),
    )
    _ours(cursor)


def _ours(cursor: object) -> None:
    if getattr(cursor, "rowcount", 0) != 1:
        raise LostError("claimed by another")


def owners(connection: Connection) -> list[str]:
    """Return all who hold a claim."""
    return [row[0] for row in connection.execute("SELECT DISTINCT owner FROM messages WHERE state = 'claimed'")]


def give_back(connection: Connection, owner: str) -> set[str]:
    """Make an owner's claims ready again; return their queues."""
    rows = connection.execute(
        "UPDATE messages SET state = 'ready', owner = NULL WHERE state = 'claimed' AND owner = ? RETURNING queue",
        (owner,),
    )
    return {row[0] for row in rows.fetchall()}


def depth(connection: Connection, queue: str) -> Depth:
    """Return how many messages are in which state."""
    rows = connection.execute("SELECT state, count(*) FROM messages WHERE queue = ? GROUP BY state", (queue,))
    counts: dict[str, int] = dict(rows.fetchall())
    return Depth(
        ready=counts.get("ready", 0),
        unacked=counts.get("claimed", 0),
        delayed=counts.get("delayed", 0),
        dead=counts.get("dead", 0),
    )


def dead(connection: Connection, queue: str, limit: int) -> list[DeadLetter]:
    """Return dead letters, oldest first."""
    rows = connection.execute(
        "SELECT event_id, queue, topic, error, deliveries, died_at, body FROM messages"
        " WHERE queue = ? AND state = 'dead' ORDER BY seq LIMIT ?",
        (queue, limit),
    )
    return [DeadLetter(*row) for row in rows.fetchall()]


def replay(connection: Connection, queue: str, event_ids: Sequence[str]) -> int:
    """Make dead letters ready, as if they had just come; return how many."""
    cursor = connection.executemany(
        "UPDATE messages SET state = 'ready', deliveries = 0, failures = 0, error = NULL, died_at = NULL"
        " WHERE queue = ? AND event_id = ? AND state = 'dead'",
        [(queue, event_id) for event_id in event_ids],
    )
    return max(0, cursor.rowcount)  # -1 of none


def drop(connection: Connection, queue: str, event_ids: Sequence[str]) -> int:
    """Remove dead letters for good; return how many."""
    query = "DELETE FROM messages WHERE queue = ? AND event_id = ? AND state = 'dead'"
    return max(0, connection.executemany(query, [(queue, event_id) for event_id in event_ids]).rowcount)


def touch(connection: Connection) -> None:
    """Write something, to see whether it can be done."""
    at = clock.machine_s()
    connection.execute("INSERT INTO touched VALUES (1, ?) ON CONFLICT DO UPDATE SET at = excluded.at", (at,))
