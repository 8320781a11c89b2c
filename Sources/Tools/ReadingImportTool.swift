import Documents
import Engine
import Foundation
import Setup
import SiteModel
import Storage

/// Brings historic readings from a CSV file of any length into the database, for the `import`
/// command. Memory does not grow with the file. What was ended goes on where it stopped: how far
/// the file was read is stored with the readings.
public struct ReadingImportTool {
  /// How much is done at a time.
  struct Limits {
    /// Readings of one transaction; a row more or less.
    var blockReadings = 200_000
    /// Rows of one transaction that had few readings.
    var blockRows = 1_000_000
    /// Rejections without any reading after which an import is refused at its beginning.
    var hopelessRejections = 1_000
  }

  /// Rows between two looks at the clock.
  private static let progressRows = 8_192

  private let settings: Settings
  private let layout: ReadingLayout
  private let limits: Limits
  private let afterBlock: (Int) throws -> Void

  /// A tool for files of a layout.
  public init(settings: Settings, layout: ReadingLayout) {
    self.init(settings: settings, layout: layout, limits: Limits()) { _ in }
  }

  /// The same; `afterBlock` sees the number of every transaction, so that a test can end an import.
  init(
    settings: Settings, layout: ReadingLayout, limits: Limits,
    afterBlock: @escaping (Int) throws -> Void
  ) {
    self.settings = settings
    self.layout = layout
    self.limits = limits
    self.afterBlock = afterBlock
  }

  /// Why a file is not imported.
  enum Refusal: Error, Equatable, CustomStringConvertible {
    /// The file cannot be read; the text says why.
    case unreadable(String, String)
    /// The file has devices that are not known, and a collector is running, which numbers devices.
    case newDevices(String, [String])
    /// A collector ran meanwhile and numbered devices of its own.
    case overtaken(String)
    /// Nothing of the first rows could be used; the reasons of the first ones.
    case hopeless(String, [ImportRejection])

    var description: String {
      switch self {
      case .unreadable(let file, let text): "\(file): \(text)"
      case .newDevices(let file, let names):
        "\(file): names devices that are not known, such as "
          + names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
          + "; a running collector cannot take them over. Stop it and run the same command again"
      case .overtaken(let file):
        "\(file): a collector added devices meanwhile; run the same command again to go on"
      case .hopeless(let file, let rejected):
        "\(file): nothing of the first rows could be used, and nothing was stored:\n"
          + rejected.prefix(5).map { "\(file):\($0.line): \($0.reason)" }.joined(separator: "\n")
      }
    }
  }

  /// What an import came to, with what was done before it was ended and went on.
  public struct Summary: Sendable, Equatable {
    /// Rows of the file.
    public var rows: Int
    /// Readings that were stored.
    public var stored: Int
    /// Rows and values that could not be used.
    public var rejected: Int
    /// True when the file had been imported already and nothing was done.
    public var isRepeated = false
  }

  /// Imports a file, unless that was done before; `now` is the clock, and `told` is given line and
  /// reason of what cannot be used.
  public func run(
    _ path: String, now: @escaping () -> Timestamp, progress: Progress,
    told: @escaping (Int, String) -> Void
  ) throws -> Summary {
    let handle = try open(path)
    defer { try? handle.close() }
    let descriptor = handle.fileDescriptor
    let file = try identify(handle, path)
    let (columns, first, separator) = try columns(descriptor, path)
    settings.makeDatabaseFolder()
    let store = try settings.openStore()
    let before = try store.reader.importState(of: file)
    if let before, before.isFinished { return Summary(before, isRepeated: true) }
    let parser = ReadingParser(
      columns, layout, devices: DeviceTable(names: try store.reader.deviceNames()), now: now())
    var state = before ?? ImportState()
    if before == nil { (state.offset, state.line) = (first.offset, first.line) }
    let work = Work(
      tool: self, store: store, file: file, path: path, now: now, progress: progress, told: told)
    defer { progress.end() }
    let make = { () throws(CSVStreamError) in
      let stream = try CSVStream(descriptor: descriptor, offset: state.offset, line: state.line)
      stream.separator = separator
      return stream
    }
    do {
      if columns.device >= 0, isCollectorRunning {
        try work.refuseNewDevices(try make(), parser)
      }
      let end = try work.run(try make(), parser, from: before, state)
      try store.compactAll(now: now())
      while case let left = try store.reclaim(), left > 0 {}
      try store.close()
      return Summary(end)
    } catch let error as CSVStreamError {
      throw Refusal.unreadable(path, error.text)
    }
  }

  private var isCollectorRunning: Bool {
    (try? CollectorLock(database: settings.database)) == nil
  }

  private func open(_ path: String) throws -> FileHandle {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw Refusal.unreadable(
        path, access(path, F_OK) == 0 ? "cannot be read (no permission)" : "does not exist")
    }
    return handle
  }

  private func identify(_ handle: FileHandle, _ path: String) throws -> ImportedFile {
    var status = stat()
    guard fstat(handle.fileDescriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Refusal.unreadable(path, "is not a file that can be read again")
    }
    let head = [UInt8](try handle.read(upToCount: 1 << 20) ?? Data())
    return ImportedFile(
      name: (path as NSString).lastPathComponent, size: Int64(status.st_size),
      sha256: Digest.sha256(head + Array(layout.identity.utf8)))
  }

  /// The columns, where the first row begins, and what separates cells.
  private func columns(
    _ descriptor: Int32, _ path: String
  ) throws -> (ReadingColumns, first: (offset: Int64, line: Int), UInt8) {
    do {
      let stream = try CSVStream(descriptor: descriptor)
      let usual = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
      let separator =
        layout.separator
        ?? stream.detectSeparator(among: Array(usual[(layout.hasDecimalComma ? 1 : 0)...]))
      stream.separator = separator
      var first = (offset: stream.nextOffset, line: stream.nextLine)
      guard layout.hasHeadings else {
        return (try ReadingColumns(layout, headings: nil, file: path), first, separator)
      }
      while case .row = try stream.advance() {
        first = (stream.nextOffset, stream.nextLine)
        if stream.cell(0).first == UInt8(ascii: "#") { continue }
        let headings = (0..<stream.cellCount).map { stream.text($0) ?? "" }
        return (try ReadingColumns(layout, headings: headings, file: path), first, separator)
      }
      throw Refusal.unreadable(path, "has no line of headings")
    } catch let error as CSVStreamError { throw Refusal.unreadable(path, error.text) }
  }

  /// One import at work.
  private struct Work {
    let tool: ReadingImportTool
    let store: Store
    let file: ImportedFile
    let path: String
    let now: () -> Timestamp
    let progress: Progress
    let told: (Int, String) -> Void

    /// Reads the rest of the file without storing anything.
    func refuseNewDevices(_ stream: CSVStream, _ parser: ReadingParser) throws {
      var parser = parser
      let known = parser.devices.count
      var state = ImportState()
      repeat {
        parser.removeAll()
        try read(stream, &parser, &state)
        let names = parser.devices.names[known...]
        if !names.isEmpty { throw Refusal.newDevices(path, Array(names)) }
      } while !state.isFinished
    }

    func run(
      _ stream: CSVStream, _ parser: ReadingParser, from stored: ImportState?, _ begin: ImportState
    ) throws -> ImportState {
      var (parser, state, stored) = (parser, begin, stored)
      progress.resume(at: Double(begin.offset) / Double(max(1, file.size)), rows: begin.rows)
      var block = 0
      var known = parser.devices.count
      repeat {
        parser.removeAll()
        try read(stream, &parser, &state)
        if state.stored == 0, state.rejected >= tool.limits.hopelessRejections {
          throw Refusal.hopeless(path, parser.rejected)
        }
        try addDevices(Array(parser.devices.names[known...]), after: known)
        known = parser.devices.count
        try store.importReadings(
          parser.readings, rejected: parser.rejected, of: file, from: stored, to: state, now: now())
        stored = state
        for rejection in parser.rejected { told(rejection.line, rejection.reason) }
        block += 1
        try tool.afterBlock(block)
        while try store.compactIfNeeded(now: now()) {}
      } while !state.isFinished
      return state
    }

    /// Fills the parser with the rows of one transaction.
    private func read(
      _ stream: CSVStream, _ parser: inout ReadingParser, _ state: inout ImportState
    ) throws {
      let (rows, stored, rejected) = (state.rows, state.stored, state.rejected)
      reading: while parser.readings.count < tool.limits.blockReadings,
        state.rows - rows < tool.limits.blockRows
      {
        switch try stream.advance() {
        case .row: parser.take(stream)
        case .damaged(let text): parser.reject(stream.line, "found \(text)")
        case .end:
          state.isFinished = true
          break reading
        }
        state.rows += 1
        if state.rows % ReadingImportTool.progressRows == 0 {
          progress.update(
            Double(stream.nextOffset) / Double(max(1, file.size)), rows: state.rows)
        }
      }
      (state.offset, state.line) = (stream.nextOffset, stream.nextLine)
      state.stored = stored + parser.readings.count
      state.rejected = rejected + parser.rejected.count
    }

    /// Gives new devices their numbers, in the journal, so that every replay gives the same ones.
    private func addDevices(_ names: [String], after known: Int) throws {
      guard !names.isEmpty else { return }
      let lock: CollectorLock
      do throws(StartError) {
        lock = try CollectorLock(database: store.path)
      } catch { throw Refusal.newDevices(path, names) }
      let batch = Batch()
      batch.append(.devices(names: names), at: now())
      var outcome = Outcome()
      outcome.newDevices = names
      try withExtendedLifetime(lock) {
        guard try store.reader.deviceNames().count == known else { throw Refusal.overtaken(path) }
        try store.commit(
          batch: batch, outcome: outcome, after: store.reader.newestSegment(), firstDevice: known)
      }
    }
  }
}

extension ReadingImportTool.Summary {
  fileprivate init(_ state: ImportState, isRepeated: Bool = false) {
    self.init(
      rows: state.rows, stored: state.stored, rejected: state.rejected, isRepeated: isRepeated)
  }
}
