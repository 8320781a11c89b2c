import Alerting
import Decoding
import Detection
import Documents
import Engine
import SiteModel
import Tariffs

/// A file that people wrote and that judgements rest on; its bytes are kept in the database.
public struct SourceFile: Sendable, Equatable {
  /// `profile`, `sites`, `devices`, `feeders`, `transformers`, `landlords`, `contracts`, `tariffs`
  /// or `rules`.
  public var kind: String
  /// Path in the configuration, or `import:<file>` for what the import command brought.
  public var name: String
  /// The bytes as they were read.
  public var bytes: [UInt8]

  /// A file from its parts.
  public init(kind: String, name: String, bytes: [UInt8]) {
    self.kind = kind
    self.name = name
    self.bytes = bytes
  }

  /// What begins the name of an imported file.
  public static let importedPrefix = "import:"
  /// Longest CSV file.
  public static let csvLimit = 64 << 20
  /// The kinds of registry files.
  public static let registryKinds = [
    "sites", "devices", "feeders", "transformers", "landlords", "contracts",
  ]
}

extension Reference {
  /// Compiles files; every problem of every file at once.
  public static func compile(_ files: [SourceFile]) throws(Problems) -> Reference {
    let log = ProblemLog()
    let profiles = profiles(files.filter { $0.kind == "profile" }, log)
    var registry = Registry()
    var tariffs = TariffTable()
    do throws(Problems) {
      registry = try RegistryFiles.read(
        files.compactMap { file in
          RegistryFile.Kind(rawValue: file.kind).map {
            RegistryFile(kind: $0, name: file.name, bytes: file.bytes)
          }
        })
    } catch { error.all.forEach(log.add) }
    do throws(Problems) {
      tariffs = try TariffFiles.read(
        files.filter { $0.kind == "tariffs" }.map { ($0.name, $0.bytes) })
    } catch { error.all.forEach(log.add) }
    let judging = judging(files.filter { $0.kind == "rules" }, log)
    try log.throwIfAny()
    return Reference(
      profiles: profiles,
      context: SiteContext(rules: judging.rules, registry: registry, tariffs: tariffs),
      routes: judging.routes, payloadLimit: judging.payloadLimit)
  }

  private static func profiles(_ files: [SourceFile], _ log: ProblemLog) -> [DeviceProfile] {
    var tables = SharedTables()
    var nodes: [ConfigNode] = []
    for file in files {
      do throws(Problems) {
        let node = try YAMLDocument.parse(file.bytes, file: file.name)
        if !tables.take(node, log: log) { nodes.append(node) }
      } catch { error.all.forEach(log.add) }
    }
    let profiles = nodes.map { DeviceProfile($0, tables: tables, log: log) }
    DeviceProfile.checkTogether(profiles, log: log)
    return profiles
  }

  /// What the configuration itself says of how messages are taken and judged.
  private struct Judging {
    var rules = DetectionRules()
    var routes: [Route] = []
    var payloadLimit = Decoder.defaultPayloadLimit
  }

  private static func judging(_ files: [SourceFile], _ log: ProblemLog) -> Judging {
    var judging = Judging()
    guard let file = files.last else { return judging }
    do throws(Problems) {
      let section = ConfigSection(try YAMLDocument.parse(file.bytes, file: file.name), log: log)
      judging.payloadLimit = section.integer(
        "payload_limit_bytes", default: judging.payloadLimit, in: 1...16 << 20)
      judging.rules = DetectionRules(section.section("rules"))
      judging.routes = section.sections("routes").map { route in
        Route(
          channel: route.text("channel"),
          leastSeverity: Severity(rawValue: route.text("min_severity")) ?? .info,
          kinds: route.texts("kinds"))
      }
    } catch { error.all.forEach(log.add) }
    return judging
  }
}

extension Settings {
  /// Reads every file that the configuration names, and the rules and routes of the configuration
  /// itself, without its secrets.
  public func sourceFiles() throws(Problems) -> [SourceFile] {
    let log = ProblemLog()
    var files: [SourceFile] = []
    func read(_ kind: String, _ path: String, _ limit: Int) {
      do throws(Problems) {
        files.append(
          SourceFile(kind: kind, name: path, bytes: try FileBytes.read(path, limit: limit)))
      } catch { error.all.forEach(log.add) }
    }
    for folder in profiles {
      do throws(Problems) {
        for path in try FileBytes.list(folder, endings: [".yaml", ".yml"]) {
          read("profile", path, YAMLDocument.byteLimit)
        }
      } catch { error.all.forEach(log.add) }
    }
    for (kind, path) in registry { read(kind, path, SourceFile.csvLimit) }
    for path in tariffs { read("tariffs", path, SourceFile.csvLimit) }
    try log.throwIfAny()
    files.append(SourceFile(kind: "rules", name: file, bytes: Array(rulesDocument.utf8)))
    return files
  }

  /// The rules, the routes and the payload limit as one JSON document, which is YAML too.
  private var rulesDocument: String {
    var document = JSONText()
    document.raw("rules", rules.json)
    let routes = channels.map { channel in
      var route = JSONText()
      route.add("channel", channel.name)
      route.add("min_severity", channel.leastSeverity.rawValue)
      route.raw("kinds", JSONText.array(channel.kinds.map(JSONText.quoted)))
      return route.text
    }
    document.raw("routes", JSONText.array(routes))
    document.add("payload_limit_bytes", Int64(storage.payloadLimit))
    return document.text
  }
}

extension ConfigNode {
  /// The same value as JSON; scalars become texts.
  fileprivate var json: String {
    switch content {
    case .null: return "null"
    case .scalar(let text): return JSONText.quoted(text)
    case .sequence(let elements): return JSONText.array(elements.map(\.json))
    case .mapping(let entries):
      var object = JSONText()
      for entry in entries { object.raw(entry.key, entry.value.json) }
      return object.text
    }
  }
}
