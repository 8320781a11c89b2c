import SiteModel

/// Who has seen one occurrence of an alarm: acknowledgements, and that they were taken back, in
/// whatever order they arrive.
struct AlarmAcknowledgements: Sendable, Equatable {
  /// One statement.
  private struct Word: Sendable, Equatable {
    var time: Timestamp
    /// True when an acknowledgement was taken back.
    var isUndone: Bool
  }

  /// Statements that are remembered.
  private static let limit = 16

  /// In order of time.
  private var words: [Word] = []

  /// None.
  init() {}

  /// When it was first acknowledged since that was last taken back; nil while it is not.
  var time: Timestamp? {
    words.reduce(nil) { found, word in word.isUndone ? nil : found ?? word.time }
  }

  /// Notes one more statement.
  mutating func note(_ time: Timestamp, isUndone: Bool) {
    let word = Word(time: time, isUndone: isUndone)
    guard !words.contains(word) else { return }
    words.insert(word, at: words.firstIndex { $0.time > time } ?? words.count)
    guard words.count > Self.limit else { return }
    // What only repeats the one before says least.
    let repeated = words.indices.dropFirst().first { words[$0].isUndone == words[$0 - 1].isUndone }
    words.remove(at: repeated ?? 0)
  }

  /// Gives away what was said at an instant or later.
  mutating func split(from time: Timestamp) -> AlarmAcknowledgements {
    var later = AlarmAcknowledgements()
    later.words = words.filter { $0.time >= time }
    words.removeLast(later.words.count)
    return later
  }
}

extension AlarmAcknowledgements {
  func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(words.count))
    for word in words {
      writer.time(word.time)
      writer.byte(word.isUndone ? 1 : 0)
    }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    for _ in 0..<(try reader.count(ofSize: 2)) {
      let time = try reader.time()
      words.append(Word(time: time, isUndone: try reader.byte() == 1))
    }
  }
}
