import SiteModel
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// One folder for each case: `events.txt` says what happened (the form is told at ``Scene``), and
/// `expected.txt` what must be found, whether or not the detectors are restarted after every line.
///
/// A bug report becomes a folder without `expected.txt`: the test fails and writes `expected.new`,
/// to be read, corrected and renamed.
@Suite struct GoldenCaseTests {
  @Test(arguments: CaseFiles.names(), [false, true])
  func findsWhatIsExpected(_ name: String, _ restarts: Bool) throws {
    let scene = Scene(restarts: restarts)
    try scene.play(try #require(CaseFiles.read(name + "/events.txt")))
    let found = scene.lines.map { $0 + "\n" }.joined()
    let expected = CaseFiles.read(name + "/expected.txt")
    if found != expected { CaseFiles.write(found, to: name + "/expected.new") }
    #expect(found == expected)
  }

  @Test func thereAreCases() {
    #expect(CaseFiles.names().count >= 20)
  }
}

/// The folder of cases.
enum CaseFiles {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Cases/"

  static func names() -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  static func read(_ path: String) -> String? {
    guard let file = fopen(folder + path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  static func write(_ text: String, to path: String) {
    guard let file = fopen(folder + path, "wb") else { return }
    fputs(text, file)
    fclose(file)
  }
}
