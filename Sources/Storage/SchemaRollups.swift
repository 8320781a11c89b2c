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

extension Schema {
  /// Slimmer rows of the hourly and daily figures (schema 3).
  static let rollupSlimMigration =
    slimTable(
      "rollup_hour", "hour", "an hour of UTC", view: "hourly", from: "start_ms / 3600000",
      columns: """
        device INTEGER NOT NULL, -- device.id
        metric INTEGER NOT NULL, -- metric.id
        hour INTEGER NOT NULL,   -- hours from 1970-01-01T00:00Z
        count INTEGER NOT NULL,  -- good samples
        exponent INTEGER,        -- of the most precise sample; NULL when there are no integers
        first_after_ms INTEGER,  -- first good sample, after the begin
        first ANY,               -- its value
        last_after_ms INTEGER,   -- last good sample, after the begin
        last ANY,                -- its value; integer: less first
        min ANY,                 -- least; integer: less first; NULL: lesser of first and last
        max ANY,                 -- largest; integer: less first; NULL: greater of first and last
        sum ANY,                 -- integer: less count * first; NULL: over 38 digits
        consumption ANY,         -- registers and counters: what they moved on by from reading to
                                 -- reading, by the time of the later one; NULL: over 38 digits
        other TEXT,              -- what few rows have, a JSON object of
          -- marked: samples left out: of another quality, or contradicting
          -- latest_after_ms: last sample of any quality, when it is not the last good one
          -- gap_consumption: the same where the earlier reading lies before the previous period,
          --   so that it cannot be attributed to one; a text; empty: over 38 digits
          -- rollovers: times that a register passed its largest number
          -- resets: falls of another kind, without consumption: a new meter
          -- glitches: single low readings that were left out of the consumption
          -- incomplete: 1 when late samples may be missing, because their raw neighbours were
          --   removed before they came
        """)
    + slimTable(
      "rollup_day", "day", "a day of UTC+8", view: "daily",
      from: "(start_ms + 28800000) / 86400000",
      columns: """
        -- Columns are those of rollup_hour, where they are explained.
        device INTEGER NOT NULL, metric INTEGER NOT NULL,
        day INTEGER NOT NULL,    -- days from 1970-01-01, of UTC+8
        count INTEGER NOT NULL, exponent INTEGER, first_after_ms INTEGER, first ANY,
        last_after_ms INTEGER, last ANY, min ANY, max ANY, sum ANY, consumption ANY, other TEXT,
        """)
    + slimView(
      "hourly", "rollup_hour", "hour", "strftime('%Y-%m-%dT%H:%MZ', begin_s, 'unixepoch')",
      begin: "hour * 3600")
    + slimView(
      "daily", "rollup_day", "day", "date(begin_s + 28800, 'unixepoch')",
      begin: "day * 86400 - 28800")

  private static func slimTable(
    _ name: String, _ number: String, _ period: String, view: String, from begin: String,
    columns: String
  ) -> String {
    """
    DROP VIEW \(view);
    ALTER TABLE \(name) RENAME TO old_\(name);
    CREATE TABLE \(name) (
      -- Figures of one series in \(period), of its good samples, up to the last compaction. The
      -- view \(view) is easier to read. In columns of type ANY an integer counts units of
      -- 10^exponent of the metric's unit, a text is the exact decimal.
    \(columns)
      PRIMARY KEY (device, metric, \(number))
    ) STRICT, WITHOUT ROWID;
    INSERT INTO \(name)
      SELECT device, metric, \(begin), count, -decimals, first_after_ms,
        ifnull(base, first), last_after_ms, ifnull(\(units("last")) - base, last),
        iif(min IN (first, last), NULL, ifnull(\(units("min")) - base, min)),
        iif(max IN (first, last), NULL, ifnull(\(units("max")) - base, max)),
        iif(length(first) + length(count) <= 18,
          ifnull(\(units("sum")) - count * base, sum), sum),
        ifnull(\(units("consumption")), consumption), other
      FROM (
        SELECT *, \(units("first")) AS base,
          nullif(json_patch('{}', json_object(
            'marked', nullif(marked, 0), 'latest_after_ms', nullif(latest_after_ms, 0),
            'gap_consumption', iif(consumption IS NOT NULL,
              nullif(ifnull(gap_consumption, ''), '0'), NULL),
            'rollovers', nullif(rollovers, 0), 'resets', nullif(resets, 0),
            'glitches', nullif(glitches, 0), 'incomplete', nullif(incomplete, 0))), '{}') AS other
        FROM (SELECT *, \(decimals("sum")) AS decimals FROM old_\(name)));
    DROP TABLE old_\(name);

    """
  }

  /// Digits behind the point of a decimal.
  private static func decimals(_ column: String) -> String {
    "length(\(column)) - min(length(\(column)), instr(\(column) || '.', '.'))"
  }

  /// A decimal as an integer; NULL when it has other decimals than the row, or is long.
  private static func units(_ column: String) -> String {
    "iif(length(\(column)) <= 18 AND \(decimals(column)) = decimals,"
      + " CAST(replace(\(column), '.', '') AS INTEGER), NULL)"
  }

  private static func slimView(
    _ name: String, _ table: String, _ number: String, _ text: String, begin: String
  ) -> String {
    """
    CREATE VIEW \(name) AS
      -- \(table) with names, and numbers that SQL can count with; the table has the exact ones.
      SELECT device, metric, unit, \(text) AS \(number), count, \(other("marked")),
        ifnull(min, min(first, last)) AS min, ifnull(max, max(first, last)) AS max,
        sum / count AS mean, first,
        strftime('%Y-%m-%dT%H:%M:%SZ', begin_s + first_after_ms / 1000, 'unixepoch') AS first_at,
        last,
        strftime('%Y-%m-%dT%H:%M:%SZ', begin_s + last_after_ms / 1000, 'unixepoch') AS last_at,
        consumption, iif(consumption IS NULL, NULL, CAST(nullif(
          ifnull(json_extract(other, '$.gap_consumption'), 0), '') AS NUMERIC)) AS gap_consumption,
        \(other("rollovers")), \(other("resets")),
        \(other("glitches")), \(other("incomplete"))
      FROM (
        SELECT d.name AS device, m.name AS metric, unit, \(begin) AS begin_s, count,
          \(value("first")), \(value("last", after: "first")), first_after_ms,
          \(value("min", after: "first")), \(value("max", after: "first")), last_after_ms,
          \(value("sum", after: "count * first", as: "REAL")), \(value("consumption")), other
        FROM \(table) r JOIN device d ON d.id = r.device JOIN metric m ON m.id = r.metric);

    """
  }

  private static func other(_ member: String) -> String {
    "ifnull(json_extract(other, '$.\(member)'), 0) AS \(member)"
  }

  /// A column of type ANY as a number.
  private static func value(
    _ column: String, after base: String? = nil, as type: String = "NUMERIC"
  ) -> String {
    let units = base.map { "(\($0) + \(column))" } ?? column
    return "CAST(iif(typeof(\(column)) = 'integer', \(units) || 'e' || exponent, \(column))"
      + " AS \(type)) AS \(column)"
  }
}
