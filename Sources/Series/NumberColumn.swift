import SiteModel

/// How a column of integers is coded: what predicts a number, and how the errors are spread.
struct NumberCoding: Equatable {
  /// What the chances of an error's size depend on.
  enum Context: UInt8, CaseIterable {
    /// Nothing.
    case none = 0
    /// Where between two integers the prediction lies, and the last error's size.
    case fraction = 1
    /// The last two errors, signed.
    case errors = 2
    /// The last two numbers, modulo 16: for columns of few values.
    case numbers = 3
  }

  /// Nil: the last number is the prediction.
  var predictor: Predictor?
  /// Lowest bits of an error that are coded as they are.
  var shift = 0
  var context = Context.none

  /// One byte, then the predictor.
  func write(to writer: inout ByteWriter) {
    writer.byte((predictor == nil ? 0 : 1) | context.rawValue << 1)
    writer.byte(UInt8(shift))
    predictor?.write(to: &writer)
  }

  init() {}

  init(_ reader: inout ByteReader) throws(CorruptBytes) {
    let flags = try reader.byte()
    guard flags < 8, let context = Context(rawValue: flags >> 1) else {
      throw CorruptBytes(offset: reader.offset)
    }
    self.context = context
    shift = try reader.bounded(0...62)
    predictor = flags & 1 == 0 ? nil : try Predictor(&reader)
  }
}

extension NumberCoding {
  /// Codes `count` numbers from the front; a decoder puts them into `own`. `others` are the columns
  /// that the predictor refers to. `body` is called after each number with its position.
  @inline(__always)
  func run<Coder: BitCoder>(
    _ own: NumberBuffer, count: Int, others: [NumberBuffer], _ coder: inout Coder,
    after body: (Int, inout Coder) -> Void
  ) {
    let model = ResidualModel(contexts: context.count)
    AdaptiveRates.with { rates in
      Prediction.with(predictor ?? .last, own: own, others: others) { prediction in
        loop(own.start, count, prediction, model, rates, &coder, body)
      }
    }
  }

  @inline(__always)
  private func loop<Coder: BitCoder>(
    _ own: UnsafeMutablePointer<Int64>, _ count: Int, _ prediction: Prediction,
    _ model: borrowing ResidualModel, _ rates: UnsafePointer<Int32>, _ coder: inout Coder,
    _ body: (Int, inout Coder) -> Void
  ) {
    let shift = Int64(shift)
    let half: Int64 = shift > 0 ? 1 &<< (shift &- 1) : 0
    var (error, errorBefore) = (Int64(0), Int64(0))
    for position in 0..<count {
      let fine = prediction.at(position, of: own)
      let predicted = Predictor.rounded(fine)
      let context: Int
      switch self.context {
      case .none: context = 0
      case .fraction:
        let place = fine &- (predicted &<< Predictor.fraction)
        context = Int(truncatingIfNeeded: place &+ 4) & 7 | Int(min(3, error.magnitude)) &<< 3
      case .errors: context = Self.place(error) &* 5 &+ Self.place(errorBefore)
      case .numbers:
        context =
          Int(truncatingIfNeeded: own[position &- 1] & 15) &<< 4
          | Int(truncatingIfNeeded: own[position &- 2] & 15)
      }
      let whole = own[position] &- predicted &+ half
      let found = model.code(whole &>> shift, context: context, rates, &coder)
      var number = found &<< shift
      if shift > 0 {
        number |= Int64(
          bitPattern: coder.plain(UInt64(bitPattern: whole), count: Int(shift)))
      }
      own[position] = number &+ predicted &- half
      (error, errorBefore) = (found, error)
      body(position, &coder)
    }
  }

  @inline(__always)
  private static func place(_ error: Int64) -> Int { Int(min(2, max(-2, error)) &+ 2) }
}

extension NumberCoding.Context {
  /// How many contexts there are.
  fileprivate var count: Int {
    switch self {
    case .none: 1
    case .fraction: 32
    case .errors: 25
    case .numbers: 256
    }
  }
}
