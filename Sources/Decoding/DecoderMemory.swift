import SiteModel

/// What the decoder remembers from one message to the next: unfinished frames, sessions, readings
/// that come in parts. It is part of the engine's state, so a restart changes nothing.
struct DecoderMemory {
  /// Readings of which not all parts are there.
  var composites = Composites()

  /// True when time alone would change something at this instant.
  func isDue(_ now: Timestamp) -> Bool { composites.isDue(now) }

  func write(to writer: inout ByteWriter) { composites.write(to: &writer) }

  init() {}

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    composites = try Composites(from: &reader)
  }
}
