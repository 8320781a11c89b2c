import SiteModel

/// What the decoder remembers from one message to the next: unfinished frames, sessions, readings
/// that come in parts. It is part of the engine's state, so a restart changes nothing.
struct DecoderMemory {
  /// True when time alone would change something at this instant.
  func isDue(_ now: Timestamp) -> Bool { false }

  func write(to writer: inout ByteWriter) {}

  init() {}

  init(from reader: inout ByteReader) throws(CorruptBytes) {}
}
