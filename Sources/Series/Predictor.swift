import SiteModel

/// Predicts the next number of a column from the last ones and from other columns of the same times
/// (the total of a power from its phases, a current from power and voltage).
///
/// The prediction is the last number, plus weighted: the last ``order`` differences, the last
/// number itself, and of each referred column the number of the same time and the one before.
/// Integers only, wrapping on overflow, so that encoder and decoder always agree.
struct Predictor: Equatable {
  static let order = 6
  static let mostReferences = 3
  /// Bits of fraction of a prediction.
  static let fraction: Int64 = 3
  /// Bits of fraction of the weights of differences, and of all others.
  static let differenceBits: Int64 = 7
  static let levelBits: Int64 = 14

  /// Weights of the two numbers of another column.
  struct Reference: Equatable {
    /// Which series of the chunk, by position.
    var series: Int
    var now: Int64
    var before: Int64
  }

  /// Weights of the numbers before the next, latest first: the differences' weights, summed up.
  private(set) var weights: [Int64]
  private(set) var differences: [Int64]
  var level: Int64
  /// In 2^-``fraction``.
  var constant: Int64
  var references: [Reference]

  /// The last number is the prediction.
  static let last = Predictor(
    differences: Array(repeating: 0, count: order), level: 0, constant: 0, references: [])

  init(differences: [Int64], level: Int64, constant: Int64, references: [Reference]) {
    self.differences = differences
    self.level = level
    self.constant = constant
    self.references = references
    weights = (0...differences.count).map { index in
      (index < differences.count ? differences[index] : 0)
        &- (index > 0 ? differences[index - 1] : 0)
    }
  }

  /// The integer nearest to a prediction.
  @inline(__always)
  static func rounded(_ fine: Int64) -> Int64 {
    (fine &+ 1 &<< (fraction &- 1)) &>> fraction
  }

  func write(to writer: inout ByteWriter) {
    for weight in differences { writer.signed(weight) }
    writer.signed(level)
    writer.signed(constant)
    writer.byte(UInt8(references.count))
    for reference in references {
      writer.unsigned(UInt64(reference.series))
      writer.signed(reference.now)
      writer.signed(reference.before)
    }
  }

  init(_ reader: inout ByteReader) throws(CorruptBytes) {
    var differences: [Int64] = []
    for _ in 0..<Self.order { differences.append(try reader.signed()) }
    let level = try reader.signed()
    let constant = try reader.signed()
    var references: [Reference] = []
    for _ in 0..<(try reader.bounded(0...Self.mostReferences)) {
      references.append(
        Reference(
          series: try reader.bounded(0...Int(UInt16.max)), now: try reader.signed(),
          before: try reader.signed()))
    }
    self.init(
      differences: differences, level: level, constant: constant, references: references)
  }
}

/// A predictor at work on a column: its weights by pointer.
struct Prediction {
  private let weights: UnsafePointer<Int64>
  private let level: Int64
  private let constant: Int64
  private typealias Other = (numbers: UnsafePointer<Int64>, now: Int64, before: Int64)
  private let first: Other
  private let second: Other
  private let third: Other
  private let count: Int

  /// Calls `body` with `predictor` at work on `own`; `others` are the columns it refers to, in its
  /// order.
  static func with<Result>(
    _ predictor: Predictor, own: NumberBuffer, others: [NumberBuffer],
    _ body: (Prediction) -> Result
  ) -> Result {
    precondition(others.count == predictor.references.count, "a reference lacks its column")
    return withExtendedLifetime(others) {
      predictor.weights.withUnsafeBufferPointer { weights in
        guard let base = weights.baseAddress else { preconditionFailure("weights are fixed") }
        return body(Prediction(base, predictor, own, others))
      }
    }
  }

  private init(
    _ weights: UnsafePointer<Int64>, _ predictor: Predictor, _ own: NumberBuffer,
    _ others: [NumberBuffer]
  ) {
    func other(_ index: Int) -> Other {
      // What is not referred to weighs nothing; any column will do.
      guard index < others.count else { return (UnsafePointer(own.start), 0, 0) }
      let reference = predictor.references[index]
      return (UnsafePointer(others[index].start), reference.now, reference.before)
    }
    self.weights = weights
    (level, constant, count) = (predictor.level, predictor.constant, others.count)
    (first, second, third) = (other(0), other(1), other(2))
  }

  /// The number at `position`, in 2^-``Predictor/fraction``.
  @inline(__always)
  func at(_ position: Int, of own: UnsafePointer<Int64>) -> Int64 {
    let last = own + (position &- 1)
    var sum = last[0] &* weights[0]
    sum &+= last[-1] &* weights[1]
    sum &+= last[-2] &* weights[2]
    sum &+= last[-3] &* weights[3]
    sum &+= last[-4] &* weights[4]
    sum &+= last[-5] &* weights[5]
    sum &+= last[-6] &* weights[6]
    var levels = last[0] &* level
    if count > 0 {
      levels &+= part(first, position)
      if count > 1 { levels &+= part(second, position) }
      if count > 2 { levels &+= part(third, position) }
    }
    return last[0] &<< Predictor.fraction &+ constant
      &+ sum &>> (Predictor.differenceBits &- Predictor.fraction)
      &+ levels &>> (Predictor.levelBits &- Predictor.fraction)
  }

  @inline(__always)
  private func part(_ other: Other, _ position: Int) -> Int64 {
    other.numbers[position] &* other.now &+ other.numbers[position &- 1] &* other.before
  }
}
