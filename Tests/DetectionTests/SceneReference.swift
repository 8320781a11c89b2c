import Detection
import SiteModel
import Tariffs
import Testing

/// The reference data of a scene, line by line.
struct SceneReference {
  private var rules = DetectionRules()
  private var registry = Registry()
  private var rows: [TariffRow] = []
  private var line = 0

  var context: SiteContext {
    let table = (try? TariffTable(rows: rows)) ?? TariffTable()
    return SiteContext(rules: rules, registry: registry, tariffs: table)
  }

  /// Takes a line about reference data; false when it is about something else.
  mutating func take(_ words: [String]) throws -> Bool {
    line += 1
    let values = Array(words.dropFirst())
    switch words.first {
    case "rule": try rule(values)
    case "site":
      registry.sites[values[0]] = Site(
        id: values[0], name: "", region: "", province: values.count > 1 ? values[1] : "",
        transformer: "", landlord: values.count > 2 ? values[2] : "")
    case "device":
      registry.devices[values[0]] = Device(
        id: values[0], site: values[1], hardware: .meter,
        role: try #require(DeviceRole(rawValue: values[2])),
        silentAfterSeconds: values.count > 3 ? Int(values[3]) : nil)
    case "contract": try contract(values)
    case "tariff": try tariff(values)
    case "remove": remove(values[0])
    default: return false
    }
    return true
  }

  private mutating func rule(_ values: [String]) throws {
    let number = try #require(Int64(values[1]))
    switch values[0] {
    case "delay_s": rules.mains.delayMilliseconds = number * 1000
    case "clear_s": rules.mains.clearMilliseconds = number * 1000
    case "silence": rules.silence.isOn = number == 1
    case "unregistered": rules.silence.includesUnregistered = number == 1
    case "rebuild_window_s": rules.alarms.rebuildWindowMilliseconds = number * 1000
    case "identity_quiet_s": rules.identity.quietMilliseconds = number * 1000
    case "silent_after_s": rules.silence.standardMilliseconds = number * 1000
    default: Issue.record("no rule \(values[0])")
    }
  }

  /// `contract C-1 S-1 L-1 M-1 1.20 2026-03-01 2026-12-31`, `-` for no meter or no end.
  private mutating func contract(_ values: [String]) throws {
    let new = Contract(
      id: values[0], site: values[1], landlord: values[2], meter: values[3] == "-" ? "" : values[3],
      unitPrice: try ExactDecimal(parsing: values[4]), from: try SceneTime.read(values[5]),
      until: values[6] == "-" ? nil : try SceneTime.read(values[6]),
      source: "contracts.csv:\(line)")
    registry.contracts.removeAll { $0.id == new.id }
    registry.contracts.append(new)
  }

  /// `tariff 山东 2026-03 1.00 DOCUMENT`; a later line for the same month corrects the earlier.
  private mutating func tariff(_ values: [String]) throws {
    let month = try #require(YearMonth(parsing: values[1]))
    let number = String(1000 + rows.count)
    rows.append(
      TariffRow(
        province: values[0], months: month...month, userClass: "工商业", scheme: "单一制",
        voltageClass: "不满1千伏", period: "高峰", price: try ExactDecimal(parsing: values[2]),
        document: values[3], published: "2026-01-01-\(number)", isSample: false,
        file: "tariffs.csv", line: line, fileSHA256: ""))
  }

  private mutating func remove(_ name: String) {
    registry.contracts.removeAll { $0.id == name }
    registry.devices[name] = nil
    registry.sites[name] = nil
    rows.removeAll { $0.document == name }
  }
}
