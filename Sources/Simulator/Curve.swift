// Daily and discharge curves, in whole numbers so that every machine draws the same.

/// A curve over 24 hours of local time, given by its value at each full hour.
struct Curve {
  private let hours: [Int]

  private init(_ hours: [Int]) { self.hours = hours }

  /// The value at a millisecond of the day, on a straight line between full hours.
  func value(at millisecondOfDay: Int64) -> Int {
    let hour = Int(millisecondOfDay / 3_600_000)
    let rest = Int(millisecondOfDay % 3_600_000)
    return (hours[hour % 24] * (3_600_000 - rest) + hours[(hour + 1) % 24] * rest) / 3_600_000
  }

  /// The value of the running hour.
  func stepValue(at millisecondOfDay: Int64) -> Int {
    hours[Int(millisecondOfDay / 3_600_000) % 24]
  }

  /// Load of a macro cell in permille: quiet before dawn, busiest in the evening.
  static let traffic = Curve([
    690, 650, 620, 605, 600, 610, 650, 720, 790, 840, 870, 890,
    900, 890, 880, 885, 895, 910, 935, 960, 990, 1000, 930, 800,
  ])
  /// Load of an indoor system in permille: office hours.
  static let office = Curve([
    520, 510, 505, 500, 500, 510, 540, 620, 780, 930, 980, 990,
    940, 950, 990, 1000, 990, 960, 860, 740, 680, 630, 580, 540,
  ])
  /// Load of a residential transformer in permille: two meals and an evening.
  static let homes = Curve([
    420, 370, 340, 330, 330, 360, 450, 560, 560, 520, 530, 600,
    680, 600, 540, 530, 560, 660, 840, 980, 1000, 930, 760, 560,
  ])
  /// Air temperature in 0.1 °C.
  static let temperature = Curve([
    142, 136, 131, 127, 124, 123, 128, 140, 158, 177, 195, 210,
    222, 230, 234, 232, 224, 212, 198, 186, 176, 166, 157, 149,
  ])
  /// Brightness of the lamps in %.
  static let lamp = Curve([
    60, 60, 60, 60, 60, 60, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 100, 100, 100, 100, 100, 60,
  ])
}

/// A 48 V lead-acid battery of 24 cells.
enum Battery {
  /// Float voltage in 0.01 V, with mains present.
  static let floatCentivolts = 5350
  /// Voltage in 0.01 V below which the radio is cut off (LVD1).
  static let cutOffCentivolts = 4600

  /// Voltage in 0.01 V at each twentieth of the discharge; 43.2 V is 1.80 V a cell.
  private static let discharge = [
    5350, 5110, 5075, 5050, 5025, 5005, 4985, 4965, 4945, 4925, 4900, 4875,
    4850, 4820, 4790, 4755, 4715, 4670, 4610, 4500, 4320,
  ]

  /// Voltage in 0.01 V after `elapsed` of `endurance` milliseconds on battery.
  static func voltage(after elapsed: Int64, of endurance: Int64) -> Int {
    let twentieths = min(elapsed * 20, endurance * 20 - 1)
    let step = Int(twentieths / endurance)
    let rest = Int(twentieths % endurance)
    let (high, low) = (discharge[step], discharge[step + 1])
    return high - (high - low) * rest / Int(endurance)
  }
}
