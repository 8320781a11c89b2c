import Setup
import SiteModel
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

  @Test func aMissingFileIsNamed() throws {
    #expect(throws: Problems.self) { try Settings.load("/nowhere/c.yaml") }
  }

  @Test func twoChannelsOfOneNameAreRefused() throws {
    let found = try problems(
      Self.sound + "\nnotify:\n  - {name: a, type: log}\n  - {name: a, type: log}\n")
    #expect(found == ["c.yaml:6: notify: name 'a' is given twice"])
  }
}
