import Decoding
import Protocols
import SiteModel

// Messages of which nothing could be used when they came, decoded by the profiles in force now.
//
// They tell of the past: their readings are stored and their events are historical, and neither is
// judged. They are read by a decoder of their own, made anew for each batch: what the living one
// remembers of the devices (halves of frames, numbers of a session) is not theirs, and a restart
// between two batches changes nothing. Between two of them others have passed, so no number of a
// session is waited for. What still waits for a further part at the end of the batch is taken as it
// is. Devices are asked for nothing.

/// What comes of a batch's replayed messages.
struct Replay {
  /// Made with the first of them.
  var decoder: Decoder?
  /// What they say.
  var decoded = DecodedBatch()
  /// Entries that its texts came with.
  var textEntries: [Int] = []
  /// The newest of their receipts.
  var newest = Timestamp(milliseconds: 0)
}

/// What the profiles in force make of messages; see ``Engine/understands(_:)``.
public struct Understanding: Sendable {
  /// For each message whether anything of it can be used, or at least nothing is wrong with it, as
  /// with a part of a reading that goes on.
  public var isUnderstood: [Bool] = []
  /// How many of the first messages need none of the others; 0 when there is no such place.
  public var whole = 0
}

extension Engine {
  /// Decodes a replayed message. One of which still nothing can be used leaves no trace.
  func take(
    _ entry: JournalEntry, _ position: Int, _ replay: inout Replay, _ outcome: inout Outcome
  ) {
    let decoder = replay.decoder ?? makeDecoder()
    replay.decoder = decoder
    replay.newest = max(replay.newest, entry.receivedAt)
    decoder.interrupted()
    let before = Counts(replay.decoded)
    decoder.decode(
      topic: entry.topic, payload: entry.sent, receivedAt: entry.receivedAt,
      retained: entry.isRetained, devices: &devices, into: &replay.decoded)
    follow(entry, position, since: before, &replay, &outcome)
  }

  /// Lets go what waits for a further message, which does not come any more.
  func finish(_ replay: inout Replay, _ batch: Batch, _ outcome: inout Outcome) {
    let end = Self.end(after: replay.newest)
    guard let decoder = replay.decoder, decoder.isDue(end),
      let last = (0..<batch.count).last(where: { batch.entry(at: $0).kind == .replayed })
    else { return }
    let before = Counts(replay.decoded)
    decoder.tick(end, devices: &devices, into: &replay.decoded)
    follow(batch.entry(at: last), last, since: before, &replay, &outcome)
  }

  /// Nothing waits so long for its other parts.
  private static func end(after time: Timestamp) -> Timestamp {
    time.advanced(byMilliseconds: 86_400_000)
  }

  private func follow(
    _ entry: JournalEntry, _ position: Int, since before: Counts, _ replay: inout Replay,
    _ outcome: inout Outcome
  ) {
    let decoded = replay.decoded
    while replay.textEntries.count < decoded.texts.count { replay.textEntries.append(position) }
    let readings = decoded.readings[before.readings...]
    let historical = decoded.historical[before.historical...]
    let events = decoded.events[before.events...]
    let rejections = decoded.rejections[before.rejections...]
    let isUsed = !readings.isEmpty || !historical.isEmpty || !events.isEmpty
    guard isUsed || rejections.isEmpty else { return }
    for rejection in rejections {
      outcome.quarantined.append(
        Quarantined(
          entry: position, reason: rejection.reason.rawValue, detail: rejection.text,
          isWhole: false, topic: rejection.topic))
    }
    for reading in historical { outcome.mention(reading.device, reading.time, in: position) }
    let sightings = historical.isEmpty ? decoded.sightings[before.sightings...] : []
    mention(readings, events, sightings, entry, position, &outcome)
  }

  /// Adds what replayed messages say behind what the others say; `texts` are those of the others.
  func add(_ replay: Replay, to outcome: inout Outcome, _ texts: inout [String]) {
    let before = Int128(texts.count)
    texts += replay.decoded.texts
    for var reading in replay.decoded.readings + replay.decoded.historical {
      if MetricCatalogue.definition(of: reading.metric)?.kind == .text {
        reading.value = ExactDecimal(significand: reading.value.significand + before, exponent: 0)
      }
      outcome.readings.append(reading)
    }
    for var event in replay.decoded.events {
      event.isHistorical = true
      outcome.events.append(event)
    }
  }

  /// What the profiles in force make of the messages of a batch, without any consequence.
  public func understands(_ batch: Batch) -> Understanding {
    let decoder = makeDecoder()
    var names = devices
    var decoded = DecodedBatch()
    var found = Understanding()
    var newest = Timestamp(milliseconds: 0)
    for position in 0..<batch.count {
      let entry = batch.entry(at: position)
      decoded.removeAll()
      decoder.interrupted()
      decoder.decode(
        topic: entry.topic, payload: entry.sent, receivedAt: entry.receivedAt,
        retained: entry.isRetained, devices: &names, into: &decoded)
      let isUsed =
        !decoded.readings.isEmpty || !decoded.historical.isEmpty || !decoded.events.isEmpty
      let isUnknown = decoded.rejections.contains { $0.reason.leavesValues }
      found.isUnderstood.append(decoded.rejections.isEmpty || (isUsed && !isUnknown))
      newest = max(newest, entry.receivedAt)
      if !decoder.isDue(Self.end(after: newest)) { found.whole = position + 1 }
    }
    return found
  }
}
