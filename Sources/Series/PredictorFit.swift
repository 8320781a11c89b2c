/// Finds the weights of a ``Predictor`` with the least squared error. Only an encoder does this, so
/// nothing depends on how floating-point numbers round.
struct PredictorFit {
  /// Fewer numbers are not worth the weights.
  static let fewest = 64

  private let own: NumberBuffer
  private let others: [NumberBuffer]
  private let size: Int
  /// The normal equations: rows of ``size`` unknowns and the right side.
  private var sums: [Double]
  private let middle: Double
  private let otherMiddles: [Double]

  /// The predictor of `own` that also refers to `others`, the series of these positions; nil when
  /// there is none of use.
  static func predictor(
    of own: NumberBuffer, others: [NumberBuffer] = [], series: [Int] = []
  ) -> Predictor? {
    guard own.count >= fewest else { return nil }
    var fit = PredictorFit(own: own, others: others)
    fit.add()
    return fit.solution(series)
  }

  private init(own: NumberBuffer, others: [NumberBuffer]) {
    self.own = own
    self.others = others
    size = Predictor.order + 2 + 2 * others.count
    sums = Array(repeating: 0, count: size * (size + 1))
    middle = Self.mean(own)
    otherMiddles = others.map(Self.mean)
  }

  private static func mean(_ buffer: NumberBuffer) -> Double {
    var sum = 0.0
    for number in buffer.numbers { sum += Double(number) }
    return (sum / Double(buffer.count)).rounded()
  }

  /// Eight times the mean difference: larger ones (an outage, a meter replaced) would rule the sum
  /// of squares.
  private static func bound(_ buffer: NumberBuffer) -> Double {
    var sum = 0.0
    for position in 1..<buffer.count {
      sum += abs(Double(buffer.start[position] &- buffer.start[position - 1]))
    }
    return 8 * sum / Double(buffer.count) + 1
  }

  /// Sums up all rows: the regressors of a number, and its difference to the one before.
  private mutating func add() {
    let order = Predictor.order
    var row = [Double](repeating: 0, count: size + 1)
    row[order + 1] = 1
    let bound = Self.bound(own)
    let otherBounds = others.map(Self.bound)
    var lastOutlier = 0
    for position in 1..<own.count {
      let last = own.start[position - 1]
      let difference = Double(own.start[position] &- last)
      var isOutlier = abs(difference) > bound
      for index in others.indices {
        let other = others[index].start
        let (now, before) = (other[position], other[position - 1])
        if abs(Double(now &- before)) > otherBounds[index] { isOutlier = true }
        row[order + 2 + 2 * index] = Double(now) - otherMiddles[index]
        row[order + 3 + 2 * index] = Double(before) - otherMiddles[index]
      }
      if isOutlier { lastOutlier = position }
      row[order] = Double(last) - middle
      row[size] = difference
      if position - lastOutlier > order { add(row) }
      for index in (1..<order).reversed() { row[index] = row[index - 1] }
      row[0] = difference
    }
  }

  /// Adds the products of a row, those above the diagonal.
  private mutating func add(_ row: [Double]) {
    let (size, width) = (size, size + 1)
    sums.withUnsafeMutableBufferPointer { sums in
      row.withUnsafeBufferPointer { row in
        for line in 0..<size {
          let factor = row[line]
          let start = line * width
          for column in line..<width { sums[start + column] += factor * row[column] }
        }
      }
    }
  }

  private mutating func solution(_ series: [Int]) -> Predictor? {
    guard let weights = solve() else { return nil }
    let order = Predictor.order
    let fine = Double(Int64(1) << Predictor.levelBits)
    let coarse = Double(Int64(1) << Predictor.differenceBits)
    let differences = weights[..<order].map { Self.scaled($0, coarse) }
    let level = Self.scaled(weights[order], fine)
    var constant = weights[order + 1] - Double(level) / fine * middle
    var references: [Predictor.Reference] = []
    for index in others.indices {
      let now = Self.scaled(weights[order + 2 + 2 * index], fine)
      let before = Self.scaled(weights[order + 3 + 2 * index], fine)
      constant -= Double(now + before) / fine * otherMiddles[index]
      references.append(.init(series: series[index], now: now, before: before))
    }
    let whole = Self.scaled(constant, Double(Int64(1) << Predictor.fraction))
    return Predictor(
      differences: differences, level: level, constant: whole, references: references)
  }

  private static func scaled(_ weight: Double, _ scale: Double) -> Int64 {
    // Beyond this a weight is of no use, and is cut so that it is a number at all.
    Int64(max(-1e15, min(1e15, weight * scale)).rounded())
  }

  /// Gauss elimination; the matrix is symmetric and positive.
  private mutating func solve() -> [Double]? {
    let width = size + 1
    for row in 0..<size {
      for column in 0..<row { sums[row * width + column] = sums[column * width + row] }
    }
    let rows = sums[(Predictor.order + 1) * width + Predictor.order + 1]
    guard rows > Double(2 * size) else { return nil }
    // A little more on the diagonal keeps columns that say the same from cancelling out.
    for row in 0..<size { sums[row * width + row] = sums[row * width + row] * 1.000001 + 1e-6 }
    for pivot in 0..<size {
      let divisor = sums[pivot * width + pivot]
      guard divisor > 1e-9 else { return nil }
      for row in 0..<size where row > pivot {
        let factor = sums[row * width + pivot] / divisor
        if factor == 0 { continue }
        for column in pivot..<width {
          sums[row * width + column] -= factor * sums[pivot * width + column]
        }
      }
    }
    var weights = [Double](repeating: 0, count: size)
    for row in (0..<size).reversed() {
      var rest = sums[row * width + size]
      for column in 0..<size where column > row {
        rest -= sums[row * width + column] * weights[column]
      }
      weights[row] = rest / sums[row * width + row]
      guard weights[row].isFinite else { return nil }
    }
    return weights
  }
}
