/// What a topic of Sparkplug B says: `spBv1.0/group/kind/edge[/device]`.
struct SparkplugTopic: Equatable {
  /// The kinds of messages.
  enum Kind: UInt8 {
    case nodeBirth = 0
    case nodeDeath
    case nodeData
    case deviceBirth
    case deviceDeath
    case deviceData
    /// A command to an edge, or a host's state: not a device's word.
    case other

    /// The standard's word.
    var word: String {
      switch self {
      case .nodeBirth: "NBIRTH"
      case .nodeDeath: "NDEATH"
      case .nodeData: "NDATA"
      case .deviceBirth: "DBIRTH"
      case .deviceDeath: "DDEATH"
      case .deviceData: "DDATA"
      case .other: "other"
      }
    }
  }

  let kind: Kind
  let group: String
  let edge: String
  /// Empty in messages of the node itself.
  let device: String

  /// Nil when it is no topic of the standard.
  init?(_ topic: UnsafeRawBufferPointer) {
    guard let text = String(validating: topic, as: UTF8.self) else { return nil }
    let levels = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard levels.count >= 3, levels[0] == "spBv1.0", levels.allSatisfy({ !$0.isEmpty }) else {
      return nil
    }
    (group, edge, device) = (
      levels[1], levels.count > 3 ? levels[3] : "", levels.count > 4 ? levels[4] : ""
    )
    let isOfNode = levels.count == 4
    let isOfDevice = levels.count == 5
    switch levels[2] {
    case _ where group == "STATE": kind = .other
    case "NCMD" where isOfNode, "DCMD" where isOfDevice: kind = .other
    case "NBIRTH" where isOfNode: kind = .nodeBirth
    case "NDEATH" where isOfNode: kind = .nodeDeath
    case "NDATA" where isOfNode: kind = .nodeData
    case "DBIRTH" where isOfDevice: kind = .deviceBirth
    case "DDEATH" where isOfDevice: kind = .deviceDeath
    case "DDATA" where isOfDevice: kind = .deviceData
    default: return nil
    }
  }

  /// The filter of all kinds of messages of a node or device: `spBv1.0/group/+/edge[/device]`.
  static func filter(of name: String) -> String? {
    guard let slash = name.firstIndex(of: "/") else { return nil }
    return "spBv1.0/\(name[..<slash])/+\(name[slash...])"
  }

  /// Name of the node as a device of SiteWatt.
  var nodeName: String { "\(group)/\(edge)" }

  /// Name of who the message is about: the node, or one of its devices.
  var ownerName: String { device.isEmpty ? nodeName : "\(nodeName)/\(device)" }
}
