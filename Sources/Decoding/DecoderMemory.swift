import SiteModel

/// What the decoder remembers from one message to the next: unfinished frames, sessions, readings
/// that come in parts. It is part of the engine's state, so a restart changes nothing.
struct DecoderMemory {
  /// Sessions with Sparkplug nodes.
  var sparkplug = SparkplugHost()
  /// Readings of which not all parts are there.
  var composites = Composites()
  /// Frames and replies of meters that go on in the next message.
  var meters = MeterRemainders()

  /// True when time alone would change something at this instant.
  func isDue(_ now: Timestamp) -> Bool {
    composites.isDue(now) || meters.isDue(now) || sparkplug.isDue(now)
  }

  func write(to writer: inout ByteWriter) {
    composites.write(to: &writer)
    meters.write(to: &writer)
    sparkplug.write(to: &writer)
  }

  init() {}

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    composites = try Composites(from: &reader)
    meters = try MeterRemainders(from: &reader)
    sparkplug = try SparkplugHost(from: &reader)
  }
}
