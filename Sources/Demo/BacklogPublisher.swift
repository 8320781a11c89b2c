import MQTT
import SiteModel
import Simulator

/// Publishes the backlog of the benchmarks as fast as the broker takes it.
public enum BacklogPublisher {
  /// Publishes everything; returns when the broker has acknowledged it. Blocks its thread.
  public static func run(
    _ backlog: Backlog, options: MQTTOptions, trouble: (String) -> Void
  ) throws {
    var backlog = backlog
    let topics = backlog.topics
    let publisher = try FleetPublisher(options, name: options.clientID + "-backlog")
    publisher.run(
      next: {
        var outgoing: FleetPublisher.Outgoing?
        _ = backlog.next { meter, payload in
          outgoing = FleetPublisher.Outgoing(
            topic: topics[meter], payload: Array(payload), dueMilliseconds: 0)
        }
        return outgoing
      },
      isStopping: { false }, trouble: trouble)
  }
}
