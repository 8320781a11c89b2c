import SiteModel

/// Looks for the ``NumberCoding`` that makes a column short. Only an encoder does this; whatever is
/// chosen, the column decodes alike.
struct CodingChoice {
  /// Numbers on which the contexts are tried.
  private static let trial = 768
  /// Bits of the middle error from which contexts are not worth it.
  private static let wideError = 3

  private let own: NumberBuffer
  private var coding = NumberCoding()
  /// The columns that the coding's predictor refers to.
  private(set) var others: [NumberBuffer] = []
  /// What the predictor is wrong by.
  private(set) var errors: [Float]
  /// Roughly the bits that the errors take.
  private(set) var bits: Double
  private var width: Int

  /// Begins with the last number as the prediction.
  init(_ own: NumberBuffer) {
    self.own = own
    errors = Self.errors(of: .last, own, [])
    (bits, width) = Self.estimate(errors)
  }

  /// Takes a predictor when it saves more than its weights take.
  mutating func consider(_ predictor: Predictor, others: [NumberBuffer] = []) {
    let itsErrors = Self.errors(of: predictor, own, others)
    let (itsBits, itsWidth) = Self.estimate(itsErrors)
    var writer = ByteWriter()
    predictor.write(to: &writer)
    let whole = itsBits + Double(8 * writer.bytes.count)
    guard whole < bits else { return }
    coding.predictor = predictor
    self.others = others
    (errors, bits, width) = (itsErrors, whole, itsWidth)
  }

  /// The coding, with the context that does best.
  consuming func finish() -> NumberCoding {
    // Errors of a few units need no model of their lowest bits.
    coding.shift = max(0, width - 1)
    guard width < Self.wideError else { return coding }
    var least = Int.max
    var found = NumberCoding.Context.none
    for candidate in NumberCoding.Context.allCases {
      coding.context = candidate
      var meter = BitMeter()
      coding.run(own, count: min(Self.trial, own.count), others: others, &meter) { _, _ in }
      if meter.cost < least { (least, found) = (meter.cost, candidate) }
    }
    coding.context = found
    return coding
  }

  /// Roughly the bits that errors take, and how many bits the middle one has.
  private static func estimate(_ errors: [Float]) -> (bits: Double, width: Int) {
    var widths = [Int](repeating: 0, count: 256)
    var sum: UInt64 = 0
    for error in errors {
      // The bits of a floating-point number are its logarithm, nearly: 2^23 for each power of two.
      sum &+= UInt64((abs(error) * 2 + 1).bitPattern)
      widths[Int((abs(error) + 0.5).bitPattern >> 23)] += 1
    }
    let bits = Double(sum) / Double(1 << 23) - 127 * Double(errors.count)
    var seen = 0
    let middle = widths.firstIndex { count in
      seen += count
      return seen * 2 >= errors.count
    }
    return (bits, min(62, max(0, (middle ?? 0) - 126)))
  }

  private static func errors(
    of predictor: Predictor, _ own: NumberBuffer, _ others: [NumberBuffer]
  ) -> [Float] {
    Prediction.with(predictor, own: own, others: others) { prediction in
      Array(unsafeUninitializedCapacity: own.count) { errors, count in
        let scale = 1 / Float(Int64(1) << Predictor.fraction)
        for position in 0..<own.count {
          let fine = prediction.at(position, of: own.start)
          errors[position] = Float((own.start[position] &<< Predictor.fraction) &- fine) * scale
        }
        count = own.count
      }
    }
  }
}
