import GRDB
import SiteModel

/// The tables of the file and how older files become newer ones. The comments inside the statements
/// stay in the file, so that `.schema` explains it to anybody. Times are Unix milliseconds, UTC.
enum Schema {
  /// `SWTT` in ASCII; tells the file from other SQLite files (`PRAGMA application_id`).
  static let applicationID = 0x5357_5454
  /// The newest schema that this release knows (`PRAGMA user_version`).
  static var version: Int { migrations.count }
  /// Bytes of a page of new files. A chunk ends in a page that it shares with few others, and most
  /// small tables fill no page, so larger ones stay emptier.
  static let pageSize = 2048

  /// Each statement list turns the version of its position into the next. Never edited once
  /// released.
  static let migrations = [
    journalTables + seriesTables + alertTables + referenceTables,
    seriesMigration + rollupMigration + journalMigration + importMigration,
    rollupSlimMigration + heldMigration + alarmMigration,
  ]

  /// Creates the tables, or brings an older file up to date; one transaction.
  static func migrate(_ db: Database, path: String) throws {
    let found = try version(of: db, path: path)
    for migration in migrations[found...] { try db.execute(sql: migration) }
    if found < 3 { try adoptOldChunks(db, path: path) }
    if found < version {
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(sql: "PRAGMA user_version = \(version)")
    }
    try fillMetrics(db)
  }

  /// The schema version of a file; 0 for an empty one. Other applications' files and files of newer
  /// releases are refused.
  static func version(of db: Database, path: String) throws -> Int {
    let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    guard application == applicationID || (tables == 0 && application == 0 && found == 0) else {
      throw StoreError(.corrupt("this is not a SiteWatt database"), path: path)
    }
    guard found <= version else {
      throw StoreError(.newerSchema(found: found, known: version), path: path)
    }
    return found
  }

  private static func fillMetrics(_ db: Database) throws {
    let stored = try Int.fetchOne(db, sql: "SELECT count(*) FROM metric") ?? 0
    guard stored < MetricCatalogue.all.count else { return }
    for row in MetricCatalogue.all {
      try db.execute(
        sql: "INSERT INTO metric VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        arguments: [Int(row.metric.number), row.name, row.unit.name])
    }
  }

  private static let journalTables = """
    CREATE TABLE journal (
      -- Every received message as it came, one row a commit; a chain that shows any later change.
      seq INTEGER PRIMARY KEY,     -- from 1, without gaps
      entries INTEGER NOT NULL,    -- messages and control entries in the body
      messages INTEGER NOT NULL,   -- messages among them
      first_ms INTEGER NOT NULL,   -- receipt of the first entry
      last_ms INTEGER NOT NULL,    -- receipt of the last entry
      hash BLOB NOT NULL,          -- SHA-256 of previous hash, seq and entries as 8 bytes each,
                                   -- big-endian, and body
      body BLOB NOT NULL           -- the entries; layout in Engine/Batch.swift
    ) STRICT;
    CREATE TABLE snapshot (
      -- State of the detection engine after a journal row; the last two.
      seq INTEGER PRIMARY KEY,     -- journal row that it follows
      sha256 BLOB NOT NULL,        -- of the bytes
      bytes BLOB NOT NULL          -- the state; layout is the engine's
    ) STRICT;
    CREATE TABLE counter (
      name TEXT PRIMARY KEY,       -- messages, readings, events, duplicates, quarantined,
                                   -- outbox_pruned
      value INTEGER NOT NULL       -- total since the file was made
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE quarantine (
      -- Messages, or parts of them, that could not be used: the newest; the journal has them all.
      id INTEGER PRIMARY KEY,      -- order of arrival
      seq INTEGER NOT NULL,        -- journal row
      entry INTEGER NOT NULL,      -- position in its body
      received_ms INTEGER NOT NULL,
      reason TEXT NOT NULL,        -- short stable word
      detail TEXT NOT NULL,        -- what was found and expected
      is_whole INTEGER NOT NULL,   -- 1 when nothing of the message could be used
      topic TEXT NOT NULL,         -- invalid UTF-8 shown as U+FFFD, cut to 512 bytes
      payload_length INTEGER NOT NULL, -- bytes received
      payload BLOB NOT NULL        -- the first 512 bytes
    ) STRICT;
    CREATE TABLE quarantine_count (
      reason TEXT PRIMARY KEY,     -- short stable word
      count INTEGER NOT NULL       -- total since the file was made
    ) STRICT, WITHOUT ROWID;

    """

  private static let seriesTables = """
    CREATE TABLE device (
      id INTEGER PRIMARY KEY,      -- from 0, in order of first sight
      name TEXT NOT NULL UNIQUE    -- as in topics and payloads
    ) STRICT;
    CREATE TABLE metric (
      id INTEGER PRIMARY KEY,      -- catalogue number
      name TEXT NOT NULL UNIQUE,   -- dotted name
      unit TEXT NOT NULL           -- unit of every stored value
    ) STRICT;
    CREATE TABLE recent (
      -- Readings of the newest commits, not yet in chunks.
      seq INTEGER PRIMARY KEY,     -- journal row they came with
      samples INTEGER NOT NULL,    -- readings in the body
      first_ms INTEGER NOT NULL,   -- earliest reading
      last_ms INTEGER NOT NULL,    -- latest reading
      body BLOB NOT NULL           -- layout in Series/RecentCodec.swift
    ) STRICT;
    CREATE TABLE compaction (
      -- The run that moves readings from recent to chunk; at most one row, while a run goes on.
      id INTEGER PRIMARY KEY CHECK (id = 1),
      through_seq INTEGER NOT NULL, -- last row of recent that the run moves
      next_device INTEGER NOT NULL  -- devices below this one are done
    ) STRICT;
    CREATE TABLE chunk (
      -- Samples of one series; chunks may overlap, and repeats between them count once.
      id INTEGER PRIMARY KEY,
      device INTEGER NOT NULL,     -- device.id
      metric INTEGER NOT NULL,     -- metric.id
      first_ms INTEGER NOT NULL,   -- earliest sample
      last_ms INTEGER NOT NULL,    -- latest sample
      samples INTEGER NOT NULL,    -- samples in the body
      body BLOB NOT NULL           -- layout in Series/OldChunk.swift
    ) STRICT;
    CREATE INDEX chunk_series ON chunk (device, metric, last_ms, first_ms);
    CREATE TABLE event (
      -- Alarms and changes of presence as devices reported them; repeats are stored once.
      id INTEGER PRIMARY KEY,      -- order of arrival
      device INTEGER NOT NULL REFERENCES device,
      time_ms INTEGER NOT NULL,    -- when it happened
      alarm TEXT NOT NULL,         -- dotted alarm class
      code TEXT NOT NULL,          -- the device's own code
      state TEXT NOT NULL,         -- raised, cleared, changed, online, offline
      severity TEXT NOT NULL,      -- info, minor, major, critical
      quality INTEGER NOT NULL,    -- 0 good, 1 out of range, 2 bad time, 3 retained
      seq INTEGER NOT NULL,        -- journal row it came with
      UNIQUE (device, time_ms, alarm, code, state)
    ) STRICT;

    """

  private static let alertTables = """
    CREATE TABLE alert (
      -- One row an incident, in its last form.
      id TEXT PRIMARY KEY,         -- kind/subject/begin
      kind TEXT NOT NULL,          -- dotted kind
      severity TEXT NOT NULL,      -- info, minor, major, critical
      site TEXT NOT NULL,
      region TEXT NOT NULL,
      subject TEXT NOT NULL,       -- device or contract
      opened_ms INTEGER NOT NULL,  -- event time
      cleared_ms INTEGER,          -- event time; NULL while it goes on
      state TEXT NOT NULL,         -- open, cleared, withdrawn
      title_zh TEXT NOT NULL,
      title_en TEXT NOT NULL,
      evidence TEXT NOT NULL,      -- JSON object, numbers as texts
      opened_seq INTEGER NOT NULL, -- journal row of the first form
      changed_seq INTEGER NOT NULL -- journal row of the last form
    ) STRICT;
    CREATE INDEX alert_opened ON alert (opened_ms);
    CREATE INDEX alert_open ON alert (opened_ms) WHERE state = 'open';
    CREATE TABLE outbox (
      -- Notifications, written with the readings that caused them; count(*) + the counter
      -- outbox_pruned = max(number) shows that none was lost.
      number INTEGER PRIMARY KEY,  -- from 1, without gaps
      key TEXT NOT NULL UNIQUE,    -- idempotency key
      channel TEXT NOT NULL,       -- configured channel
      body TEXT NOT NULL,          -- the JSON document to deliver
      state TEXT NOT NULL,         -- pending, delivered, failed
      attempts INTEGER NOT NULL,   -- made so far
      next_attempt_ms INTEGER NOT NULL, -- earliest time of the next attempt; 0 for at once
      finished_ms INTEGER,         -- delivered or failed at; NULL while pending
      reason TEXT NOT NULL         -- of the last failed attempt; empty when there was none
    ) STRICT;
    CREATE INDEX outbox_due ON outbox (channel, next_attempt_ms) WHERE state = 'pending';

    """

  private static let referenceTables = """
    CREATE TABLE reference_file (
      -- Every version of every profile, registry, tariff and rule file that ever applied.
      id INTEGER PRIMARY KEY,      -- order of import
      kind TEXT NOT NULL,          -- what sort of file
      name TEXT NOT NULL,          -- as the user named it
      sha256 BLOB NOT NULL,        -- of the body
      imported_ms INTEGER NOT NULL,
      body BLOB NOT NULL           -- as read
    ) STRICT;
    CREATE INDEX reference_version ON reference_file (kind, name, id);
    """
}
