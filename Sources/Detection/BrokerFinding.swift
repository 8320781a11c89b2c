import SiteModel

extension Finding {
  /// The broker lost messages by itself: the only loss that SiteWatt cannot prevent, so it is told.
  public static func brokerDropped(_ count: Int64, _ now: Timestamp) -> Finding {
    var evidence = JSONText()
    evidence.add("dropped", count)
    evidence.add("source", "$SYS/broker/publish/messages/dropped")
    return Finding(
      kind: "broker.messages_dropped", severity: .major, site: "", subject: "broker",
      openedAt: now, phase: .ended(at: now), titleZh: "MQTT 服务器丢弃了 \(count) 条消息",
      titleEn: "The MQTT broker dropped \(count) messages", evidence: evidence)
  }
}
