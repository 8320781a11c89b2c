import Decoding
import MQTT
import SiteModel

extension Settings {
  /// The MQTT session's options; secrets are read from their files here.
  public func mqttOptions(filters: [String]) throws(Problems) -> MQTTOptions {
    var options = MQTTOptions(brokers: mqtt.brokers, clientID: node)
    options.filters = mqtt.subscriptions.isEmpty ? filters : mqtt.subscriptions
    // What the session has where `subscriptions` was just written, or was everything.
    options.formerFilters = filters + ["#"]
    let log = ProblemLog()
    options.user = Self.secret(mqtt.usernameFile, log)
    options.password = Self.secret(mqtt.passwordFile, log).map(Secret.init)
    for path in [mqtt.caFile, mqtt.certificateFile, mqtt.keyFile].compactMap({ $0 }) {
      do throws(Problems) { _ = try FileBytes.read(path, limit: 1 << 20) } catch {
        error.all.forEach(log.add)
      }
    }
    try log.throwIfAny()
    options.tls.authorityFile = mqtt.caFile
    options.tls.certificateFile = mqtt.certificateFile
    options.tls.keyFile = mqtt.keyFile
    options.sessionExpiry_s = UInt32(mqtt.sessionExpirySeconds)
    options.receiveMaximum = UInt16(mqtt.receiveMaximum)
    options.keepAlive_s = UInt16(mqtt.keepAliveSeconds)
    options.connectTimeout_ms = Int64(mqtt.connectTimeoutSeconds) * 1000
    // A broker silently drops what is larger than this, so nothing may be.
    options.maximumPacketSize_bytes = 268_435_455
    options.watchesBroker = mqtt.watchesBroker
    // A connection has one Will, so a Sparkplug host says by its STATE whether it is there.
    options.status =
      sparkplugHost.map { .sparkplugHost($0) }
      ?? StatusTopic(
        topic: mqtt.statusTopic ?? "sitewatt/\(node)/status",
        online: Array(#"{"online":true}"#.utf8), offline: Array(#"{"online":false}"#.utf8))
    let problems = options.problems().map { problem in
      // The session's own word for what the file calls subscriptions.
      let key = problem.option == "filters" ? "subscriptions" : problem.option
      return Problem(file: file, line: mqtt.line, text: "mqtt: \(key): \(problem.text)")
    }
    guard problems.isEmpty else { throw Problems(problems) }
    return options
  }

  /// The profiles of which the broker is asked for no topic, because `mqtt.subscriptions` takes the
  /// place of the profiles' topics.
  public func unheard(_ profiles: [DeviceProfile]) -> [DeviceProfile] {
    if mqtt.subscriptions.isEmpty { return [] }
    return profiles.filter { profile in
      !profile.topicFilters.contains { filter in
        mqtt.subscriptions.contains { TopicFilter.meet($0, filter) }
      }
    }
  }

  private static func secret(_ path: String?, _ log: ProblemLog) -> String? {
    guard let path else { return nil }
    do throws(Problems) { return try FileBytes.secret(path) } catch {
      error.all.forEach(log.add)
      return nil
    }
  }
}
