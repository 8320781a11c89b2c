/// The forms in which simulated devices report; each is one device profile of the product.
enum Shape: UInt8, CaseIterable, Sendable {
  case genericJSON, acrelMeter, lorawanThreePhase, edgeloggerPower, elemeterEnvelope
  case prepaidSubmeter, fsuData, fsuAlarm, baseStationStatus, indoorUnit, smartPole
  case sgccTerminal, powerCPE, neuron

  /// How a message of this form tells whether its site has mains.
  enum Witness { case voltage, statement, none }

  /// Whether its words decide about the site: sub-meters and equipment beside a master do not.
  var witness: Witness {
    switch self {
    case .genericJSON, .acrelMeter, .lorawanThreePhase, .edgeloggerPower, .fsuData, .smartPole,
      .sgccTerminal:
      .voltage
    case .fsuAlarm, .baseStationStatus, .powerCPE: .statement
    case .elemeterEnvelope, .prepaidSubmeter, .indoorUnit, .neuron: .none
    }
  }

  /// Whether its time has milliseconds; otherwise it is cut to the second.
  var hasMilliseconds: Bool {
    switch self {
    case .acrelMeter, .fsuData, .fsuAlarm, .baseStationStatus, .indoorUnit, .edgeloggerPower: false
    default: true
    }
  }

  /// The catalogue metrics of one message.
  var metrics: [String] {
    let volts = ["voltage.a", "voltage.b", "voltage.c"]
    let amps = ["current.a", "current.b", "current.c"]
    let meter = volts + amps + ["power.active.total", "energy.active.import.total"]
    switch self {
    case .genericJSON: return meter + ["power_factor.total", "frequency"]
    case .acrelMeter: return meter + ["power_factor.total"]
    case .lorawanThreePhase:
      return meter
        + ["power_factor.a", "power_factor.b", "power_factor.c", "device.temperature"]
    case .edgeloggerPower: return meter + ["energy.active.export.total"]
    case .elemeterEnvelope, .prepaidSubmeter:
      return [
        "energy.active.import.total", "price.energy", "prepaid.balance", "voltage.a", "current.a",
        "power.active.total",
      ]
    case .fsuData:
      return volts + [
        "voltage.dc", "current.dc", "battery.current", "battery.voltage",
        "environment.temperature", "environment.humidity",
      ]
    case .fsuAlarm: return []
    case .baseStationStatus:
      return [
        "voltage.dc", "current.dc", "mains.present", "service.up", "device.temperature",
        "network.latency", "network.loss",
      ]
    case .indoorUnit:
      return volts + amps + ["power.active.total", "environment.temperature", "door.open"]
    case .smartPole:
      return [
        "voltage.a", "current.a", "power.active.total", "energy.active.import.total",
        "lamp.dimming", "lamp.power", "pole.tilt", "leakage.current", "door.open", "pm2_5", "pm10",
        "environment.temperature", "environment.humidity", "noise", "ev.energy", "ev.session",
      ]
    case .sgccTerminal: return meter
    case .powerCPE:
      return [
        "radio.rsrp", "radio.sinr", "network.latency", "network.loss", "mains.present",
        "device.temperature",
      ]
    case .neuron: return ["voltage.a", "energy.active.import.total"]
    }
  }
}
