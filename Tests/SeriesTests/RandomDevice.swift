import Series
import SiteModel
import TestSupport

extension SeededGenerator {
  /// The series of a device with columns of every kind; some metrics share their times.
  mutating func device(count: Int = 60) -> [SeriesSamples] {
    var series: [SeriesSamples] = []
    var number = 0
    var times = self.times(self.number(1...count))
    for _ in 0..<self.number(1...7) {
      number += self.number(1...30)
      if self.number(0...2) == 0 { times = self.times(self.number(1...count)) }
      let values = self.values(times.count, series.map(\.samples))
      let isMarked = self.number(0...3) == 0
      var samples = zip(times, values).map {
        Sample(
          time: Timestamp(milliseconds: $0), value: $1,
          quality: isMarked && self.number(0...9) == 0 ? quality() : .good)
      }
      Samples.normalize(&samples)
      series.append(SeriesSamples(metric: Metric(number: UInt16(number)), samples: samples))
    }
    return series
  }

  /// Rising times: even, with gaps, jittered, repeated, or anything.
  mutating func times(_ count: Int) -> [Int64] {
    let kind = number(0...4)
    var time = Int64.random(in: -5_000_000...2_000_000_000_000, using: &self)
    return (0..<count).map { position in
      switch kind {
      case 0: time += 60_000
      case 1: time += number(0...20) == 0 ? 3_600_000 : 60_000
      case 2: return time + Int64(position) * 60_000 + Int64(number(0...900))
      case 3: time += Int64(number(0...1)) * 15_000
      default: time += Int64(number(0...100_000_000))
      }
      return time
    }
  }

  /// A column: noise about a level, a register, steps, few values, as short as possible, constant,
  /// a sum of other columns, anything.
  private mutating func values(_ count: Int, _ others: [[Sample]]) -> [ExactDecimal] {
    let kind = number(0...8)
    let exponent = number(-4...1)
    let constant = value()
    let summed = others.filter { $0.count == count }.suffix(number(1...3))
    var digits = Int128(number(-100_000...100_000))
    return (0..<count).map { position in
      switch kind {
      case 0: digits = 2300 + Int128(number(-30...30))
      case 1: digits += Int128(number(0...12))
      case 2: if number(0...20) == 0 { digits = Int128(number(-500...500) * 20) }
      case 3: digits = Int128(number(0...2))
      case 4:
        digits += Int128(number(-3...3))
        return ExactDecimal(significand: digits, exponent: -2).normalized
      case 5: return constant
      case 6:
        digits = summed.reduce(Int128(number(0...1))) { $0 &+ $1[position].value.significand }
      case 7: return ExactDecimal(significand: Int128(next()) - Int128(next()), exponent: exponent)
      default: return value()
      }
      return ExactDecimal(significand: digits, exponent: exponent)
    }
  }

  /// A device whose total follows from its parts, and one metric that follows from nothing.
  mutating func phases(count: Int) -> [SeriesSamples] {
    let times = (0..<count).map { 1_700_000_000_000 + Int64($0) * 60_000 }
    var columns: [[Int]] = (0..<4).map { _ in times.map { _ in 1000 + number(0...200) } }
    columns[3] = times.indices.map { columns[0][$0] + columns[1][$0] + columns[2][$0] }
    columns.append(times.map { _ in number(-40...40) })
    return columns.enumerated().map { index, column in
      let samples = zip(times, column).map {
        Sample(
          time: Timestamp(milliseconds: $0),
          value: ExactDecimal(significand: Int128($1), exponent: -3))
      }
      return SeriesSamples(metric: Metric(number: UInt16(index + 1)), samples: samples)
    }
  }
}
