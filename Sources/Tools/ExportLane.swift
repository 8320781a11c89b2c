import Foundation
import Series
import SiteModel
import Storage

/// One of the threads that make the rows of an export: it reads some of the devices with a reader
/// of its own and hands their rows over in pieces, device by device. Unchecked, because what two
/// threads touch is guarded by the condition.
final class ExportLane: @unchecked Sendable {
  /// Rows of one device, ready to be written.
  struct Piece: Sendable {
    var device: DeviceIndex
    var bytes: [UInt8]
    var rows: Int
    /// The series and the time up to which the export has come.
    var metric: Metric
    var time: Timestamp
  }

  /// Bytes of a piece, about.
  private static let pieceLength = 256 << 10
  /// Bytes that may wait to be written; beyond them the lane waits.
  private static let waitingLength = 16 << 20

  private let reader: StoreReader
  private let selection: SeriesSelection
  private let devices: [DeviceIndex]
  private let span: Range<Timestamp>

  private let condition = NSCondition()
  // Guarded by the condition; the pieces before `first` were taken.
  private var pieces: [Piece] = []
  private var first = 0
  private var waiting = 0
  private var isWanted = true
  private var isWorking = true
  private var failure: (any Error)?

  /// A lane for some of the selected devices, in their order. It begins at once.
  init(
    _ reader: StoreReader, _ selection: SeriesSelection, _ devices: [DeviceIndex],
    _ span: Range<Timestamp>
  ) {
    (self.reader, self.selection, self.devices, self.span) = (reader, selection, devices, span)
    Thread { [self] in work() }.start()
  }

  /// The next rows of a device, waiting for them; nil when it has no more.
  func next(of device: DeviceIndex) -> Piece? {
    condition.withLock {
      while first == pieces.count, isWorking { condition.wait() }
      guard first < pieces.count, pieces[first].device == device else { return nil }
      let piece = pieces[first]
      waiting -= piece.bytes.count
      first += 1
      if first == pieces.count {
        pieces.removeAll(keepingCapacity: true)
        first = 0
      }
      condition.broadcast()
      return piece
    }
  }

  /// Lets it end, with or without what is left, and tells why it could not read everything.
  func finish() throws {
    try condition.withLock {
      isWanted = false
      condition.broadcast()
      while isWorking { condition.wait() }
      if let failure { throw failure }
    }
  }

  private func work() {
    var rows = RowCache(selection, .csv)
    let output = ByteOutput()
    var piece: Piece?
    var failure: (any Error)?
    do {
      try reader.forEachRun(
        of: devices, selection.metrics.map(\.metric), from: span.lowerBound, to: span.upperBound
      ) { device, metric, samples in
        if let done = piece, done.device != device || output.length >= Self.pieceLength {
          piece = nil
          guard put(done, output) else { return false }
        }
        guard let row = rows.row(device, metric), let last = samples.last else { return true }
        for sample in samples { row.write(sample, to: output) }
        let count = (piece?.rows ?? 0) + samples.count
        piece = Piece(device: device, bytes: [], rows: count, metric: metric, time: last.time)
        return true
      }
    } catch {
      failure = error
    }
    if let piece { _ = put(piece, output) }
    condition.withLock {
      self.failure = failure
      isWorking = false
      condition.broadcast()
    }
  }

  /// Hands a piece over when there is room; false when no more is wanted.
  private func put(_ done: Piece, _ output: ByteOutput) -> Bool {
    var piece = done
    piece.bytes = output.takeAll()
    return condition.withLock {
      while waiting >= Self.waitingLength, isWanted { condition.wait() }
      guard isWanted else { return false }
      waiting += piece.bytes.count
      pieces.append(piece)
      condition.broadcast()
      return true
    }
  }
}
