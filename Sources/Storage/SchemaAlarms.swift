extension Schema {
  /// Histories of device alarms, and events with all that tells them apart (schema 3).
  static let alarmMigration = """
    CREATE TABLE alarm (
      -- What devices say: one row an occurrence of an alarm, in its last form. (alert has the
      -- incidents that SiteWatt finds.)
      number INTEGER PRIMARY KEY,  -- order of first sight; the newest are kept
      id TEXT NOT NULL UNIQUE,     -- device/digest of key, object and code/first heard of in ms
      device INTEGER NOT NULL,     -- device.id
      alarm TEXT NOT NULL,         -- dotted alarm class, or unclassified
      code TEXT NOT NULL,          -- the device's own code
      object TEXT NOT NULL,        -- the part that it is about; empty for the device
      key TEXT NOT NULL,           -- the device's key of the occurrence; empty without one
      text TEXT NOT NULL,          -- the device's newest words
      severity TEXT NOT NULL,      -- info, minor, major, critical: the newest
      highest_severity TEXT NOT NULL,
      raised_ms INTEGER,           -- event time; NULL when only its end is known
      acknowledged_ms INTEGER,     -- NULL while nobody acknowledged it
      cleared_ms INTEGER,          -- event time; NULL while no end is known
      ended_by TEXT,               -- device, other_key, rebuild; NULL while no end is known
      state TEXT NOT NULL,         -- open, cleared, past (told of as the past, without an end)
      repeats INTEGER NOT NULL,    -- raised again while it went on
      changes INTEGER NOT NULL,    -- said to have changed
      flags TEXT NOT NULL,         -- begin_unknown, only_end, end_first, historical, bad_time,
                                   -- not_followed; spaces between
      changed_seq INTEGER NOT NULL -- journal row of the last form
    ) STRICT;
    CREATE INDEX alarm_open ON alarm (device) WHERE state = 'open';

    -- What was journaled before is not made into histories; a replay does likewise.
    INSERT INTO counter SELECT 'alarms_since', seq FROM journal ORDER BY seq DESC LIMIT 1;

    ALTER TABLE event RENAME TO old_event;
    CREATE TABLE event (
      -- Alarms and changes of presence as devices reported them; repeats are stored once.
      id INTEGER PRIMARY KEY,      -- order of arrival
      device INTEGER NOT NULL REFERENCES device,
      time_ms INTEGER NOT NULL,    -- when it happened
      alarm TEXT NOT NULL,         -- dotted alarm class
      code TEXT NOT NULL,          -- the device's own code
      key TEXT NOT NULL,           -- the device's key of the occurrence
      object TEXT NOT NULL,        -- the part that it is about
      text TEXT NOT NULL,          -- the device's words
      state TEXT NOT NULL,         -- raised, cleared, changed, online, offline, acknowledged,
                                   -- unacknowledged, rebuilt
      severity TEXT NOT NULL,      -- info, minor, major, critical
      quality INTEGER NOT NULL,    -- 0 good, 1 out of range, 2 bad time, 3 retained
      is_historical INTEGER NOT NULL, -- 1 when it tells of the past
      seq INTEGER NOT NULL,        -- journal row it came with
      UNIQUE (device, time_ms, alarm, code, state, key, object)
    ) STRICT;
    INSERT INTO event
      SELECT id, device, time_ms, alarm, code, '', '', '', state, severity, quality, 0, seq
      FROM old_event;
    DROP TABLE old_event;

    """
}
