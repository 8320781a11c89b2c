import SiteModel

/// The values and qualities of a column, as they are stored.
///
/// Layout: kind (1 byte), then of a plain column for each sample: exponent, quality, significand;
/// of any other column: smallest exponent, first number, step between numbers, the coding
/// (``NumberCoding``), and range-coded the numbers, each followed by how it was written when that
/// differs. The numbers are the values at the smallest exponent.
struct ValueColumn {
  private enum Kind: UInt8 {
    case plain = 0
    case numbers = 1
    /// Numbers with exponents or qualities of their own.
    case formedNumbers = 2
  }

  private var kind = Kind.plain
  private var exponent = 0
  private var origin: Int64 = 0
  private var step: Int64 = 1
  private(set) var coding = NumberCoding()
  private var content: UnsafeRawBufferPointer

  /// Positions of the series that must be decoded before.
  var references: [Int] { coding.predictor?.references.map(\.series) ?? [] }
  /// False of a column that is decoded by ``plainSamples(_:)``.
  var hasNumbers: Bool { kind != .plain }

  /// Opens a column that is not empty.
  init(_ bytes: UnsafeRawBufferPointer) throws(CorruptBytes) {
    var reader = ByteReader(bytes)
    guard let kind = Kind(rawValue: try reader.byte()) else { throw CorruptBytes(offset: 0) }
    self.kind = kind
    let limit = Int64(DeviceChunk.maximumExponent)
    if kind != .plain {
      let smallest = try reader.signed()
      let most = kind == .numbers ? limit : limit - Int64(ValueForms.mostZeros)
      guard (-limit...most).contains(smallest) else { throw CorruptBytes(offset: 1) }
      exponent = Int(smallest)
      origin = try reader.signed()
      step = try reader.signed()
      coding = try NumberCoding(&reader)
    }
    content = UnsafeRawBufferPointer(rebasing: bytes[reader.offset...])
  }

  /// The numbers up to `end`, and the forms if they differ.
  func numbers(
    upTo end: Int, others: [NumberBuffer]
  ) -> (numbers: NumberBuffer, forms: ValueForms?) {
    let buffer = NumberBuffer(count: end)
    var coder = RangeDecoder(content)
    guard kind == .formedNumbers else {
      coding.run(buffer, count: end, others: others, &coder) { _, _ in }
      return (buffer, nil)
    }
    let forms = ValueForms(count: end)
    coding.run(buffer, count: end, others: others, &coder) { position, coder in
      forms.code(position, of: origin &+ step &* buffer.start[position], &coder)
    }
    return (buffer, forms)
  }

  /// The samples of `wanted` from the numbers up to its end.
  func samples(
    _ wanted: Range<Int>, times: [Int64], _ buffer: NumberBuffer, _ forms: ValueForms?
  ) -> [Sample] {
    times.withUnsafeBufferPointer { times in
      Array(unsafeUninitializedCapacity: wanted.count) { samples, count in
        for position in wanted {
          let number = origin &+ step &* buffer.start[position]
          let time = Timestamp(milliseconds: times[position])
          let form = forms?.form(position) ?? (zeros: 0, quality: .good)
          let value = ExactDecimal(
            significand: Int128(form.zeros == 0 ? number : number / ValueForms.power(form.zeros)),
            exponent: exponent + form.zeros)
          samples.initializeElement(
            at: count, to: Sample(time: time, value: value, quality: form.quality))
          count += 1
        }
      }
    }
  }

  /// The samples of a plain column.
  func plainSamples(_ times: [Int64]) throws(CorruptBytes) -> [Sample] {
    var reader = ByteReader(content)
    var samples: [Sample] = []
    for time in times {
      let exponent = try reader.signed()
      let quality = Quality(rawValue: try reader.byte())
      let significand = try reader.wide()
      guard let quality, quality != .conflict, exponent.magnitude <= DeviceChunk.maximumExponent
      else { throw CorruptBytes(offset: reader.offset) }
      samples.append(
        Sample(
          time: Timestamp(milliseconds: time),
          value: ExactDecimal(significand: significand, exponent: Int(exponent)),
          quality: quality))
    }
    guard reader.isAtEnd else { throw CorruptBytes(offset: reader.offset) }
    return samples
  }
}

extension ValueColumn {
  /// A column on its way to bytes.
  struct Draft {
    /// Nil: the column is constant (and its bytes are none) or plain.
    fileprivate(set) var numbers: NumberBuffer?
    var coding = NumberCoding()
    private var exponent = 0
    private var origin: Int64 = 0
    private var step: Int64 = 1
    private var forms: ValueForms?
    private var isConstant = false

    init(_ samples: [Sample]) {
      let scan = SampleScan(samples)
      isConstant = scan.isConstant
      guard !isConstant, let buffer = scan.numbers(samples) else { return }
      exponent = scan.least
      forms = scan.isUniform ? nil : ValueForms(samples, least: scan.least)
      (origin, step) = buffer.reduce()
      numbers = buffer
    }

    /// The bytes of the column of these samples; `others` are the columns that ``coding`` refers
    /// to.
    func encode(_ samples: [Sample], others: [NumberBuffer]) -> [UInt8] {
      if isConstant { return [] }
      var writer = ByteWriter()
      guard let numbers else {
        plain(samples, to: &writer)
        return writer.bytes
      }
      writer.byte((forms == nil ? Kind.numbers : .formedNumbers).rawValue)
      writer.signed(Int64(exponent))
      writer.signed(origin)
      writer.signed(step)
      coding.write(to: &writer)
      var coder = RangeEncoder(room: samples.count + 64)
      if let forms {
        coding.run(numbers, count: numbers.count, others: others, &coder) { position, coder in
          forms.code(position, of: origin &+ step &* numbers.start[position], &coder)
        }
      } else {
        coding.run(numbers, count: numbers.count, others: others, &coder) { _, _ in }
      }
      coder.finish().withUnsafeBytes { writer.raw($0) }
      return writer.bytes
    }

    private func plain(_ samples: [Sample], to writer: inout ByteWriter) {
      writer.byte(Kind.plain.rawValue)
      for sample in samples {
        writer.signed(Int64(sample.value.exponent))
        writer.byte(sample.quality.rawValue)
        writer.wide(sample.value.significand)
      }
    }
  }
}

/// What one look over the samples of a column tells.
private struct SampleScan {
  /// The smallest exponent.
  var least = Int.max
  /// All samples have the same value in the same form.
  var isConstant = true
  /// All samples have the same exponent, and good quality.
  var isUniform = true
  private var most = Int.min

  /// Numbers are kept below this, so that their differences fit.
  private static let limit: Int64 = 1 << 60

  init(_ samples: [Sample]) {
    guard let first = samples.first else { return }
    for sample in samples {
      let exponent = sample.value.exponent
      least = min(least, exponent)
      most = max(most, exponent)
      if sample.quality != .good { isUniform = false }
      if isConstant
        && !(sample.quality == first.quality && exponent == first.value.exponent
          && sample.value.significand == first.value.significand)
      {
        isConstant = false
      }
      precondition(sample.quality != .conflict, "conflicts are not stored")
    }
    precondition(
      -DeviceChunk.maximumExponent <= least && most <= DeviceChunk.maximumExponent,
      "exponents \(least) to \(most) cannot be stored")
    if least != most { isUniform = false }
  }

  /// The values at the smallest exponent; nil when one does not fit.
  func numbers(_ samples: [Sample]) -> NumberBuffer? {
    guard most - least <= ValueForms.mostZeros else { return nil }
    if !isUniform && least > DeviceChunk.maximumExponent - ValueForms.mostZeros { return nil }
    let buffer = NumberBuffer(count: samples.count)
    for (position, sample) in samples.enumerated() {
      guard let digits = Int64(exactly: sample.value.significand) else { return nil }
      let zeros = sample.value.exponent - least
      let (number, overflow) = digits.multipliedReportingOverflow(by: ValueForms.power(zeros))
      guard !overflow, number.magnitude < Self.limit else { return nil }
      buffer.start[position] = number
    }
    return buffer
  }
}
