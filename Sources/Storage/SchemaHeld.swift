extension Schema {
  /// Unusable messages by shape, kept until a profile reads them (schema 3).
  static let heldMigration = """
    CREATE TABLE unknown_shape (
      -- What messages of which nothing could be used have in common; the newest 10,000 shapes.
      id INTEGER PRIMARY KEY,      -- 48 bits that follow from topic and payload; written as
                                   -- printf('%012x', id)
      topic TEXT NOT NULL,         -- pattern of the topics, as in profiles
      payload TEXT NOT NULL,       -- what the payloads are built like, for people
      reason TEXT NOT NULL,        -- why the newest message was not used; short stable word
      detail TEXT NOT NULL,        -- what was found in it and expected
      count INTEGER NOT NULL,      -- messages so far, also those that are no longer kept
      first_ms INTEGER NOT NULL,   -- receipt of the first message
      last_ms INTEGER NOT NULL,    -- receipt of the newest message
      sample_topic BLOB NOT NULL,  -- of the first message
      sample_length INTEGER NOT NULL, -- bytes of its payload
      sample BLOB NOT NULL         -- the first 4 KiB of them
    ) STRICT;
    CREATE TABLE held (
      -- These messages, whole, also after their journal rows were released; the oldest go first.
      id INTEGER PRIMARY KEY,      -- order of arrival
      seq INTEGER NOT NULL,        -- journal row they came with
      entry INTEGER NOT NULL,      -- position in its body
      shape INTEGER NOT NULL REFERENCES unknown_shape,
      received_ms INTEGER NOT NULL,
      retained INTEGER NOT NULL,   -- 1 for a retained copy
      topic BLOB NOT NULL,         -- as sent
      payload BLOB NOT NULL        -- as sent
    ) STRICT;
    CREATE INDEX held_shape ON held (shape);
    CREATE TABLE replay (
      -- Wishes to decode what is held by the profiles in force; the newest 100.
      id INTEGER PRIMARY KEY,      -- order of the wishes
      requested_ms INTEGER NOT NULL,
      shape INTEGER,               -- of these messages only; NULL for all
      last INTEGER NOT NULL,       -- newest held.id at the time of the wish
      through INTEGER NOT NULL,    -- held.id up to which it is done
      decoded INTEGER NOT NULL,    -- messages that were decoded
      left_over INTEGER NOT NULL,  -- messages of which still nothing can be used
      finished_ms INTEGER          -- NULL until it is done
    ) STRICT;

    """
}
