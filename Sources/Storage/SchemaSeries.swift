extension Schema {
  /// Readings between commit and chunk, and chunks by device (schema 2).
  static let seriesMigration = """
    DROP TABLE compaction;
    ALTER TABLE chunk RENAME TO old_chunk;
    DROP INDEX chunk_series;
    CREATE TABLE pending (
      -- Readings on their way from recent to chunk, by bucket of 128 devices.
      id INTEGER PRIMARY KEY,      -- order of arrival
      bucket INTEGER NOT NULL,     -- device.id / 128
      samples INTEGER NOT NULL,    -- readings in the body
      first_ms INTEGER NOT NULL,   -- earliest reading
      last_ms INTEGER NOT NULL,    -- latest reading
      body BLOB NOT NULL           -- as they came; layout in Series/RecentCodec.swift
    ) STRICT;
    CREATE INDEX pending_bucket ON pending (bucket, id);
    CREATE TABLE bucket (
      -- What waits in pending.
      id INTEGER PRIMARY KEY,      -- device.id / 128
      samples INTEGER NOT NULL,    -- readings that wait
      since_ms INTEGER NOT NULL    -- when the first of them was put there
    ) STRICT;
    CREATE TABLE chunk (
      -- All samples of a device in a stretch of time. Chunks of one device do not
      -- overlap, unless one is damaged.
      id INTEGER PRIMARY KEY,
      device INTEGER NOT NULL,     -- device.id
      first_ms INTEGER NOT NULL,   -- earliest sample
      last_ms INTEGER NOT NULL,    -- latest sample
      samples INTEGER NOT NULL,    -- samples in the body, of all series
      body BLOB NOT NULL           -- layout in Series/DeviceChunk.swift
    ) STRICT;
    CREATE INDEX chunk_device ON chunk (device, last_ms, first_ms);
    CREATE TABLE text (
      -- Texts that are values; a sample of a metric with unit 'text' holds the number.
      id INTEGER PRIMARY KEY,      -- from 0, in order of first sight
      text TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE latest (
      -- The newest sample of every series, as of its last compaction.
      device INTEGER NOT NULL,     -- device.id
      metric INTEGER NOT NULL,     -- metric.id
      time_ms INTEGER NOT NULL,
      value TEXT NOT NULL,         -- exact decimal
      quality INTEGER NOT NULL,    -- 0 good, 1 out of range, 2 bad time, 3 retained
      PRIMARY KEY (device, metric)
    ) STRICT, WITHOUT ROWID;

    """
}
