import Foundation
import Testing

/// A folder with input files and the answer expected for them, `expected.txt`.
///
/// With `RECORD_GOLDEN=1` in the environment the answer is written into the source tree instead of
/// being compared, and the run fails, so that no recording passes for a test.
struct GoldenCase: CustomTestStringConvertible {
  let group: String
  let name: String

  var testDescription: String { "\(group)/\(name)" }

  private static let resources = Bundle.module.resourceURL?.appending(path: "Cases")
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Cases")

  /// Every folder of a group, by name.
  static func all(_ group: String) -> [GoldenCase] {
    let folder = resources?.appending(path: group).path ?? ""
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { GoldenCase(group: group, name: $0) }
  }

  /// The input files with this ending, by name.
  func files(ending: String) throws -> [(name: String, bytes: [UInt8])] {
    let folder = try #require(Self.resources).appending(path: group).appending(path: name)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      .filter { $0.hasSuffix(ending) }
      .map { ($0, Array(try Data(contentsOf: folder.appending(path: $0)))) }
  }

  /// Compares an answer with the expected one.
  func expect(_ answer: String) throws {
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
      let file = Self.sources.appending(path: group).appending(path: name)
        .appending(path: "expected.txt")
      try Data((answer + "\n").utf8).write(to: file)
      Issue.record("recorded \(file.path)")
      return
    }
    let expected = try #require(try files(ending: "expected.txt").first)
    #expect(answer + "\n" == String(decoding: expected.bytes, as: UTF8.self))
  }
}
