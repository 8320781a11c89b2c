extension Schema {
  /// Compression, retention and evidence of the journal (schema 2). The hash stays over the plain
  /// body.
  static let journalMigration = """
    ALTER TABLE journal ADD COLUMN
      codec INTEGER NOT NULL DEFAULT 0 /* of the body: 0 plain, 1 one zstd frame of it */;
    ALTER TABLE journal ADD COLUMN
      devices BLOB /* which devices each message is about; layout in Storage/Mentions.swift; NULL in
      rows of the first release */;
    ALTER TABLE snapshot ADD COLUMN
      codec INTEGER NOT NULL DEFAULT 0 /* of the bytes: 0 plain, 1 one zstd frame of them */;
    ALTER TABLE snapshot ADD COLUMN
      last_ms INTEGER NOT NULL DEFAULT 0 /* receipt of the last entry of its journal row */;
    ALTER TABLE snapshot ADD COLUMN
      messages INTEGER NOT NULL DEFAULT 0 /* messages since the file was made up to that row */;
    UPDATE snapshot SET
      last_ms = ifnull((SELECT last_ms FROM journal WHERE journal.seq = snapshot.seq), 0),
      messages = ifnull((SELECT value FROM counter WHERE name = 'messages'), 0)
        - ifnull((SELECT sum(messages) FROM journal WHERE journal.seq > snapshot.seq), 0);
    CREATE TABLE journal_base (
      -- Where the journal begins, once its oldest rows were released; one row or none. What is
      -- recomputed begins with the oldest snapshot that is not before it.
      id INTEGER PRIMARY KEY CHECK (id = 1),
      seq INTEGER NOT NULL,        -- newest row that was released
      hash BLOB NOT NULL,          -- its hash, on which the next row's rests
      evidence INTEGER NOT NULL    -- rows in evidence
    ) STRICT;
    CREATE TABLE evidence (
      -- Messages of released journal rows that an alert rests on; kept as long as the alert.
      id INTEGER PRIMARY KEY,      -- from 1, without gaps
      seq INTEGER NOT NULL,        -- journal row
      entry INTEGER NOT NULL,      -- position in its body
      device INTEGER NOT NULL,     -- device.id; a message about several is here for each
      received_ms INTEGER NOT NULL,
      first_ms INTEGER NOT NULL,   -- earliest of its receipt and its readings
      last_ms INTEGER NOT NULL,    -- latest of its receipt and its readings
      row_hash BLOB NOT NULL,      -- hash of the journal row
      hash BLOB NOT NULL,          -- SHA-256 of the hash before (first: 32 zero bytes), seq, entry
                                   -- and device as 8 bytes each, big-endian, row_hash and body
      body BLOB NOT NULL           -- the entry; layout in Engine/Batch.swift
    ) STRICT;
    CREATE INDEX evidence_device ON evidence (device, last_ms);
    CREATE INDEX alert_span ON alert (opened_ms, cleared_ms);
    DROP INDEX alert_opened;

    """
}
