import ArgumentParser
import Glibc
import Setup
import Tools

/// `sitewatt backup`: a copy of the database while it is in use.
struct Backup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copies the database into a new file while the collector goes on. 在线备份数据库。",
    discussion: """
      The copy is of one moment, and is checked before it gets its name. A file that exists is \
      never overwritten. Until it is whole it is called TARGET.part.
      """)

  @OptionGroup var options: ConfigOption
  @Argument(help: "The file to make.") var target: String

  func run() throws {
    let settings = try options.settings()
    do {
      let percent = Percent("backup")
      defer { percent.end() }
      let lines = try BackupTool(settings: settings).backUp(to: target) { percent.show($0) }
      percent.end()
      for line in lines { Output.line(line) }
    } catch { throw Failure(error) }
  }
}

/// Which part of a work is done, on one line of a terminal; nothing where standard error is none.
final class Percent {
  private let title: String
  private var shown = -1
  private let isTerminal = isatty(STDERR_FILENO) == 1

  init(_ title: String) { self.title = title }

  /// Shows a part, 0…1.
  func show(_ part: Double) {
    let percent = Int(part * 100)
    guard isTerminal, percent != shown else { return }
    shown = percent
    write("\r\(title)  \(percent) %\u{1B}[K")
  }

  /// Removes the line.
  func end() {
    if shown >= 0 { write("\r\u{1B}[K") }
    shown = -1
  }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }
}
