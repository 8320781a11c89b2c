extension Schema {
  /// The hourly and daily figures, and what retention leaves behind (schema 2).
  static let rollupMigration =
    rollupTable("rollup_hour", "an hour of UTC", view: "hourly")
    + rollupTable("rollup_day", "a day of UTC+8", view: "daily")
    + rollupView(
      "hourly", "rollup_hour", "strftime('%Y-%m-%dT%H:%MZ', r.start_ms / 1000, 'unixepoch') AS hour"
    )
    + rollupView(
      "daily", "rollup_day", "date(r.start_ms / 1000 + 28800, 'unixepoch') AS day")
    + floorTable

  private static let floorTable = """
    CREATE TABLE raw_floor (
      -- Devices of which raw samples were removed because of their age.
      device INTEGER PRIMARY KEY,  -- device.id
      before_ms INTEGER NOT NULL   -- samples before this may be missing
    ) STRICT;

    """

  private static func rollupTable(_ name: String, _ period: String, view: String) -> String {
    """
    CREATE TABLE \(name) (
      -- Figures of one series in \(period), of its good samples, up to the last compaction. Texts
      -- are exact decimals in the metric's unit. The view \(view) is easier to read.
      device INTEGER NOT NULL,     -- device.id
      metric INTEGER NOT NULL,     -- metric.id
      start_ms INTEGER NOT NULL,   -- begin
      count INTEGER NOT NULL,      -- good samples
      marked INTEGER NOT NULL,     -- samples left out: of another quality, or contradicting
      latest_after_ms INTEGER,     -- last sample of any quality, after start_ms; NULL when it is
                                   -- the last good one
      first_after_ms INTEGER,      -- first good sample, after start_ms
      first TEXT,                  -- its value
      last_after_ms INTEGER,       -- last good sample, after start_ms
      last TEXT,                   -- its value
      min TEXT,                    -- smallest good value
      max TEXT,                    -- largest good value
      sum TEXT,                    -- of the good values; NULL when longer than 38 digits
      consumption TEXT,            -- registers and counters: what they moved on by from reading to
                                   -- reading, by the time of the later one; NULL as above
      gap_consumption TEXT,        -- the same where the earlier reading lies before the previous
                                   -- period, so that it cannot be attributed to one
      rollovers INTEGER NOT NULL,  -- times that a register passed its largest number
      resets INTEGER NOT NULL,     -- falls of another kind, without consumption: a new meter
      glitches INTEGER NOT NULL,   -- single low readings that were left out of the consumption
      incomplete INTEGER NOT NULL, -- 1 when late samples may be missing, because their raw
                                   -- neighbours were removed before they came
      PRIMARY KEY (device, metric, start_ms)
    ) STRICT, WITHOUT ROWID;

    """
  }

  private static func rollupView(_ name: String, _ table: String, _ start: String) -> String {
    """
    CREATE VIEW \(name) AS
      -- \(table) with names, and numbers that SQL can count with; the table has the exact ones.
      SELECT d.name AS device, m.name AS metric, m.unit AS unit, \(start),
        r.count AS count, r.marked AS marked,
        CAST(r.min AS NUMERIC) AS min, CAST(r.max AS NUMERIC) AS max,
        CAST(r.sum AS REAL) / r.count AS mean,
        CAST(r.first AS NUMERIC) AS first,
        strftime('%Y-%m-%dT%H:%M:%SZ', (r.start_ms + r.first_after_ms) / 1000, 'unixepoch')
          AS first_at,
        CAST(r.last AS NUMERIC) AS last,
        strftime('%Y-%m-%dT%H:%M:%SZ', (r.start_ms + r.last_after_ms) / 1000, 'unixepoch')
          AS last_at,
        CAST(r.consumption AS NUMERIC) AS consumption,
        CAST(r.gap_consumption AS NUMERIC) AS gap_consumption,
        r.rollovers AS rollovers, r.resets AS resets, r.glitches AS glitches,
        r.incomplete AS incomplete
      FROM \(table) r JOIN device d ON d.id = r.device JOIN metric m ON m.id = r.metric;

    """
  }
}
