/// The options of a subcommand: `--name value` pairs.
struct Options {
  private var values: [String: String] = [:]

  /// What is wrong with the command line.
  struct Fault: Error, CustomStringConvertible {
    var description: String
  }

  init(_ arguments: ArraySlice<String>) throws {
    var rest = arguments
    while let name = rest.popFirst() {
      guard name.hasPrefix("--"), let value = rest.popFirst() else {
        throw Fault(description: "found '\(name)', expected --name value")
      }
      values[String(name.dropFirst(2))] = value
    }
  }

  /// A text that must be given.
  func text(_ name: String) throws -> String {
    guard let value = values[name] else { throw Fault(description: "--\(name) is missing") }
    return value
  }

  /// A text that may be left out.
  func optionalText(_ name: String) -> String? { values[name] }

  /// A positive whole number.
  func number(_ name: String, default standard: Int) throws -> Int {
    guard let text = values[name] else { return standard }
    guard let value = Int(text), value > 0 else {
      throw Fault(description: "--\(name): found '\(text)', expected a positive whole number")
    }
    return value
  }
}
