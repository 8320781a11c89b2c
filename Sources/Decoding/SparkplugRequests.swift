import Protocols
import SiteModel

// Asks edges for their births, rarely enough that broken ones are no burden: an edge at most once a
// minute, less often while it does not help, and all together at most so many a second.
extension SparkplugHost {
  /// Notes that the edge is to send its births again.
  mutating func want(_ edge: Int) { edges[edge].request.isWanted = true }

  /// When the next second of requests begins.
  var nextSecond: Timestamp { requestSecond.advanced(byMilliseconds: 1_000) }

  /// Asks the edge if that is wanted and allowed.
  mutating func request(_ edge: Int, _ now: Timestamp, _ emit: Emit) {
    guard edges[edge].request.isWanted, now >= edges[edge].request.dueAt else { return }
    if now >= nextSecond || now < requestSecond { (requestSecond, requestCount) = (now, 0) }
    guard requestCount < Self.requestLimit else { return }
    requestCount += 1
    edges[edge].request.asked(at: now)
    if edges[edge].suspicion != nil {
      edges[edge].suspicion?.isAsked = true
      edges[edge].suspicion?.dueAt = now.advanced(byMilliseconds: Self.answerTime_ms)
    }
    emit(
      .command(
        DeviceCommand(
          topic: edges[edge].commandTopic, payload: SparkplugMessage.rebirthCommand(at: now))))
  }
}
