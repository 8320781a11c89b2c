import Foundation
import Series
import SiteModel
import Storage

/// The threads that make the text of an export. The work is cut into items; each lane takes the
/// next one and hands its text over in pieces, which are given out in the order of the items.
/// Unchecked, because what several threads touch is guarded by the condition.
final class ExportLanes: @unchecked Sendable {
  /// Some metrics of a device, or of a stretch of what it has.
  struct Item: Sendable {
    var device: DeviceIndex
    var metrics: [Metric]
    /// Nil: all of the device.
    var stretch: DeviceStretch?
  }

  /// Text of an item, ready to be written.
  struct Piece {
    var device: DeviceIndex
    var text: ByteOutput
    var samples = 0
    /// The series and the time up to which the export has come.
    var metric = Metric(number: 0)
    var time = Timestamp.min
  }

  /// Bytes of a piece, about.
  private static let pieceLength = 256 << 10
  /// Memory of text that may wait to be written; beyond it only the lane goes on that is waited
  /// for.
  private static let waitingLength = 16 << 20

  private let items: [Item]
  private let scan: SeriesScan

  private let condition = NSCondition()
  // Guarded by the condition: pieces by item, items that were taken and are at an end.
  private var pieces: [Int: [Piece]] = [:]
  private var taken = 0
  private var ended: Set<Int> = []
  /// The item of which pieces are given out.
  private var current = 0
  private var waiting = 0
  private var isWanted = true
  private var working: Int
  private var failure: (any Error)?
  /// The piece that was given out last, and the memory of those before it, to be used again.
  private var last: ByteOutput?
  private var spare: [ByteOutput] = []

  /// So many lanes, which begin at once.
  init(_ count: Int, _ items: [Item], _ scan: SeriesScan, _ texts: SeriesText) {
    (self.items, self.scan, working) = (items, scan, count)
    for _ in 0..<count { Thread { [self] in work(texts) }.start() }
  }

  /// The next piece, waiting for it; nil at the end. It is good until the next call.
  func next() -> Piece? {
    condition.withLock {
      if let last { spare.append(last) }
      last = nil
      while current < items.count {
        if let piece = pieces[current]?.first {
          pieces[current]?.removeFirst()
          waiting -= piece.text.capacity
          last = piece.text
          condition.broadcast()
          return piece
        }
        if ended.remove(current) != nil {
          pieces[current] = nil
          current += 1
          condition.broadcast()
        } else if working == 0 {
          return nil
        } else {
          condition.wait()
        }
      }
      return nil
    }
  }

  /// Lets them end, with or without what is left, and tells what could not be read.
  func finish() throws {
    try condition.withLock {
      isWanted = false
      condition.broadcast()
      while working > 0 { condition.wait() }
      if let failure { throw failure }
    }
    try scan.finish()
  }

  private func work(_ texts: SeriesText) {
    var texts = texts
    while let number = take() {
      // What cannot be read of one item hides nothing of the others.
      do { try read(number, &texts) } catch { condition.withLock { failure = failure ?? error } }
      condition.withLock {
        ended.insert(number)
        if number == current { condition.broadcast() }
      }
    }
    condition.withLock {
      working -= 1
      condition.broadcast()
    }
  }

  private func take() -> Int? {
    condition.withLock {
      guard isWanted, taken < items.count else { return nil }
      defer { taken += 1 }
      return taken
    }
  }

  private func read(_ number: Int, _ texts: inout SeriesText) throws {
    let item = items[number]
    let stretch = try item.stretch ?? scan.stretch(of: item.device)
    var piece: Piece?
    for metric in item.metrics {
      let goesOn = try scan.forEachRun(of: stretch, metric) { samples in
        if let done = piece, done.text.count >= Self.pieceLength {
          piece = nil
          guard put(done, number) else { return false }
        }
        guard let last = samples.last else { return true }
        var one = piece ?? Piece(device: item.device, text: memory())
        texts.write(item.device, metric, samples, to: one.text)
        (one.metric, one.time) = (metric, last.time)
        one.samples += samples.count
        piece = one
        return true
      }
      if !goesOn { return }
    }
    if let piece { _ = put(piece, number) }
  }

  /// Hands a piece over when there is room; false when no more is wanted.
  private func put(_ piece: Piece, _ number: Int) -> Bool {
    condition.withLock {
      while waiting >= Self.waitingLength, !isWaitedFor(number), isWanted { condition.wait() }
      guard isWanted else { return false }
      waiting += piece.text.capacity
      pieces[number, default: []].append(piece)
      if number == current { condition.broadcast() }
      return true
    }
  }

  private func isWaitedFor(_ number: Int) -> Bool {
    number == current && pieces[number]?.isEmpty ?? true
  }

  private func memory() -> ByteOutput {
    guard let used = condition.withLock({ spare.popLast() }) else { return ByteOutput() }
    used.removeAll()
    return used
  }
}
