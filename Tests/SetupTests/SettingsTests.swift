import Setup
import SiteModel
import Storage
import TestSupport
import Testing

/// Every mistake of a configuration is told with file and line, all at once.
@Suite struct SettingsTests {
  private func problems(_ text: String) throws -> [String] {
    let folder = try TemporaryFolder()
    let file = try folder.write(text, to: "c.yaml")
    do throws(Problems) {
      _ = try Settings.load(file)
      return []
    } catch {
      return error.all.map { $0.description.replacing(folder.path + "/", with: "") }
    }
  }

  private static let sound = """
    database: d.db
    mqtt: {brokers: ["mqtt://127.0.0.1"]}
    profiles: [devices]
    """

  @Test func aMinimalFileIsEnough() throws { #expect(try problems(Self.sound) == []) }

  @Test func allMistakesAreToldAtOnce() throws {
    let found = try problems(
      """
      node: "not a name"
      mqtt:
        brokers: ["http://x", "mqtt://ok"]
        keep_alive_s: 2
        certificate_file: a.pem
      profiles: [devices]
      storage: {synchronous: maybe}
      rules:
        outage.mains: {delay_s: soon}
      notify:
        - {name: a, type: pigeon}
      colour: red
      """)
    let expected = [
      "c.yaml:1: node: found 'not a name'", "c.yaml:1: database: is missing",
      "c.yaml:4: keep_alive_s: found '2'", "key_file: certificate_file and key_file",
      "c.yaml:7: synchronous: found 'maybe', expected one of full, normal",
      "c.yaml:9: delay_s: found 'soon'", "c.yaml:11: type: found 'pigeon'",
      "c.yaml:12: unknown key 'colour'",
    ]
    for text in expected {
      #expect(found.contains { $0.contains(text) }, "\(text) in \(found)")
    }
    #expect(found.contains { $0.hasPrefix("c.yaml:3: brokers") })
    #expect(found.count == expected.count + 1)
  }

  @Test func whatIsKeptAndForHowLong() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      Self.sound + """

        storage:
          retention: {raw_days: 400, hourly_days: 800, journal_days: 30}
          rollups: {hour: [], day: ["energy.*", voltage.a]}
        """, to: "c.yaml")
    let storage = try Settings.load(file).storage
    #expect(storage.retention.rawDays == 400)
    #expect(storage.retention.hourlyDays == 800)
    #expect(storage.retention.dailyDays == 0)
    #expect(storage.retention.journalDays == 30)
    #expect(storage.rollupHour == MetricPatterns([]))
    #expect(storage.rollupDay.patterns == ["energy.*", "voltage.a"])
    let standard = try Settings.load(folder.write(Self.sound, to: "d.yaml")).storage
    #expect(standard.rollupHour == .energy && standard.rollupDay == .all)
  }

  @Test func mistakesInWhatIsKeptAreTold() throws {
    let found = try problems(
      Self.sound + """

        storage:
          retention: {raw_days: -1, weekly_days: 7}
          rollups:
            day: ["energie.*", "voltage.a", "*.total"]
        """)
    #expect(found.count == 4)
    for text in [
      "c.yaml:5: raw_days: found '-1', expected a whole number from 0 to 36500",
      "c.yaml:5: unknown key 'weekly_days'",
      "c.yaml:7: day: no metric is called 'energie.*'",
      "c.yaml:7: day: no metric is called '*.total'",
    ] {
      #expect(found.contains { $0.contains(text) }, "\(text) in \(found)")
    }
  }

  @Test func aMissingFileIsNamed() throws {
    #expect(throws: Problems.self) { try Settings.load("/nowhere/c.yaml") }
  }

  @Test func twoChannelsOfOneNameAreRefused() throws {
    let found = try problems(
      Self.sound + "\nnotify:\n  - {name: a, type: log}\n  - {name: a, type: log}\n")
    #expect(found == ["c.yaml:6: notify: name 'a' is given twice"])
  }
}
