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
      "rollup_hour", "hour", "hours from 1970-01-01T00:00Z",
      about: "an hour of UTC", view: "hourly", from: "start_ms / 3600000")
    + slimTable(
      "rollup_day", "day", "days from 1970-01-01, of UTC+8",
      about: "a day of UTC+8", view: "daily", from: "(start_ms + 28800000) / 86400000")
    + slimView(
      "hourly", "rollup_hour", begin: "r.hour * 3600",
      "strftime('%Y-%m-%dT%H:%MZ', r.hour * 3600, 'unixepoch') AS hour")
    + slimView(
      "daily", "rollup_day", begin: "(r.day * 86400 - 28800)",
      "date(r.day * 86400, 'unixepoch') AS day")

  private static func slimTable(
    _ name: String, _ number: String, _ meaning: String, about period: String, view: String,
    from begin: String
  ) -> String {
    """
    DROP VIEW \(view);
    ALTER TABLE \(name) RENAME TO old_\(name);
    CREATE TABLE \(name) (
      -- Figures of one series in \(period), of its good samples, up to the last compaction. The
      -- view \(view) is easier to read. Of the columns of type ANY an integer counts units of
      -- 10^exponent of the metric's unit, a text is the exact decimal in it.
      device INTEGER NOT NULL,     -- device.id
      metric INTEGER NOT NULL,     -- metric.id
      \(number) INTEGER NOT NULL, -- \(meaning)
      count INTEGER NOT NULL,      -- good samples
      exponent INTEGER,            -- of the most precise sample; NULL when there are no integers
      first_after_ms INTEGER,      -- first good sample, after the begin
      first ANY,                   -- its value
      last_after_ms INTEGER,       -- last good sample, after the begin
      last ANY,                    -- its value; integer: less first
      min ANY,                     -- smallest good value; integer: less first; NULL: the lesser of
                                   -- first and last
      max ANY,                     -- largest good value; integer: less first; NULL: the greater of
                                   -- first and last
      sum ANY,                     -- of the good values; integer: less count * first; NULL when
                                   -- longer than 38 digits
      consumption ANY,             -- registers and counters: what they moved on by from reading to
                                   -- reading, by the time of the later one; NULL as above
      other TEXT,                  -- what few rows have, a JSON object of
        -- marked: samples left out, because of another quality, or contradicting
        -- latest_after_ms: last sample of any quality, when it is not the last good one
        -- gap_consumption: like consumption, where the earlier reading lies before the previous
        --   period, so that it cannot be attributed to one; a text, empty as above
        -- rollovers: times that a register passed its largest number
        -- resets: falls of another kind, without consumption: a new meter
        -- glitches: single low readings that were left out of the consumption
        -- incomplete: 1 when late samples may be missing, because their raw neighbours were
        --   removed before they came
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
    _ name: String, _ table: String, begin: String, _ period: String
  ) -> String {
    """
    CREATE VIEW \(name) AS
      -- \(table) with names, and numbers that SQL can count with; the table has the exact ones.
      SELECT device, metric, unit, \(name == "hourly" ? "hour" : "day"), count,
        ifnull(json_extract(other, '$.marked'), 0) AS marked,
        ifnull(min, min(first, last)) AS min, ifnull(max, max(first, last)) AS max,
        sum / count AS mean, first,
        strftime('%Y-%m-%dT%H:%M:%SZ', begin_s + first_after_ms / 1000, 'unixepoch') AS first_at,
        last,
        strftime('%Y-%m-%dT%H:%M:%SZ', begin_s + last_after_ms / 1000, 'unixepoch') AS last_at,
        consumption,
        iif(consumption IS NULL, NULL, CAST(
          nullif(ifnull(json_extract(other, '$.gap_consumption'), '0'), '') AS NUMERIC))
          AS gap_consumption,
        ifnull(json_extract(other, '$.rollovers'), 0) AS rollovers,
        ifnull(json_extract(other, '$.resets'), 0) AS resets,
        ifnull(json_extract(other, '$.glitches'), 0) AS glitches,
        ifnull(json_extract(other, '$.incomplete'), 0) AS incomplete
      FROM (
        SELECT d.name AS device, m.name AS metric, m.unit AS unit, \(period), r.count AS count,
          \(begin) AS begin_s, r.first_after_ms AS first_after_ms,
          r.last_after_ms AS last_after_ms, r.other AS other,
          \(number("r.first")) AS first, \(number("r.last", after: "r.first")) AS last,
          \(number("r.min", after: "r.first")) AS min,
          \(number("r.max", after: "r.first")) AS max,
          \(number("r.sum", after: "r.count * r.first", as: "REAL")) AS sum,
          \(number("r.consumption")) AS consumption
        FROM \(table) r JOIN device d ON d.id = r.device JOIN metric m ON m.id = r.metric);

    """
  }

  /// A column of type ANY as a number.
  private static func number(
    _ column: String, after base: String = "0", as type: String = "NUMERIC"
  ) -> String {
    "CAST(iif(typeof(\(column)) = 'integer', (\(base) + \(column)) || 'e' || r.exponent,"
      + " \(column)) AS \(type))"
  }
}
