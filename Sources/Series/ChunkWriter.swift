import SiteModel

/// Puts the series of a device together to the bytes of a ``DeviceChunk``.
struct ChunkWriter {
  private let series: [SeriesSamples]
  private var drafts: [ValueColumn.Draft]
  /// The columns that each column refers to.
  private var others: [[NumberBuffer]]
  private var times: [[Int64]] = []
  private var timeIndices: [Int] = []

  /// A writer of series that fulfil what ``DeviceChunk/encode(_:)`` demands.
  init(_ series: [SeriesSamples]) {
    self.series = series
    drafts = series.map { ValueColumn.Draft($0.samples) }
    others = Array(repeating: [], count: series.count)
    for one in series {
      let index = times.firstIndex { TimeColumn.isSame($0, one.samples) } ?? times.count
      if index == times.count { times.append(one.samples.map(\.time.milliseconds)) }
      timeIndices.append(index)
    }
    for index in times.indices {
      chooseCodings(timeIndices.indices.filter { timeIndices[$0] == index })
    }
  }

  /// Chooses how the columns of the same times are coded.
  private mutating func chooseCodings(_ positions: [Int]) {
    var choices: [(position: Int, choice: CodingChoice)] = []
    for position in positions {
      guard let numbers = drafts[position].numbers else { continue }
      var choice = CodingChoice(numbers)
      if let predictor = PredictorFit.predictor(of: numbers) { choice.consider(predictor) }
      choices.append((position, choice))
    }
    if let first = choices.first, first.choice.errors.count >= ReferenceSearch.fewest {
      refer(&choices)
    }
    for (position, choice) in choices {
      others[position] = choice.others
      drafts[position].coding = choice.finish()
    }
  }

  private func refer(_ choices: inout [(position: Int, choice: CodingChoice)]) {
    let errors = choices.prefix(ReferenceSearch.mostColumns).map(\.choice.errors)
    for finding in ReferenceSearch.findings(errors) {
      let positions = finding.references.map { choices[$0].position }
      let columns = positions.compactMap { drafts[$0].numbers }
      guard let own = drafts[choices[finding.column].position].numbers,
        let predictor = PredictorFit.predictor(of: own, others: columns, series: positions)
      else { continue }
      choices[finding.column].choice.consider(predictor, others: columns)
    }
  }

  /// The whole chunk.
  func encode() -> [UInt8] {
    var directory = ChunkDirectory()
    var columns: [UInt8] = []
    for list in times {
      let length = Self.append(TimeColumn.encode(list), to: &columns)
      directory.times.append(
        .init(count: list.count, first: list[0], last: list[list.count - 1], length: length))
    }
    for position in series.indices {
      let samples = series[position].samples
      let column = drafts[position].encode(samples, others: others[position])
      directory.series.append(
        .init(
          metric: series[position].metric, timeIndex: timeIndices[position],
          last: samples[samples.count - 1], length: Self.append(column, to: &columns)))
    }
    return directory.bytes + columns
  }

  /// Appends a column and its checksum, and returns the length of both; nothing for an empty one.
  private static func append(_ column: [UInt8], to bytes: inout [UInt8]) -> Int {
    if column.isEmpty { return 0 }
    var sealed = column
    Checksum.append(&sealed)
    bytes.append(contentsOf: sealed)
    return sealed.count
  }
}
