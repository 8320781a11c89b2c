import SiteModel

/// Which site has which outages, which a silent device, and when; drawn once from the seed.
struct FaultPlan {
  private(set) var outages: [Int: [Plan.Span]] = [:]
  private(set) var silences: [Int: [Plan.Span]] = [:]
  private var random: RandomSource

  init(_ options: FleetOptions) {
    random = RandomSource(seed: Noise.bits(options.seed, 1))
    let order = random.shuffled(Array(0..<options.sites))
    if let round = options.round {
      addRounds(round, options, order)
    } else {
      addOutages(options, order)
      addSilences(options, order)
    }
  }

  private mutating func addOutages(_ options: FleetOptions, _ order: [Int]) {
    for number in 0..<options.outages {
      let site = order[number % order.count]
      let isShort = random.happens(permille: options.shortOutagePermille)
      let lengths =
        isShort
        ? 1_000...options.longestShortOutage
        : options.shortestLongOutage...options.longestOutageMilliseconds
      let length = random.within(lengths) / 1000 * 1000
      let margin = options.shortestLongOutage
      let slot = options.outageSlot
      let offset = random.within(margin...(slot - margin - length))
      let start = options.start.milliseconds + Int64(number / order.count) * slot
      let begin = (start + offset) / 1000 * 1000
      outages[site, default: []].append(begin..<(begin + length))
    }
  }

  private mutating func addSilences(_ options: FleetOptions, _ order: [Int]) {
    let first = min(options.outages, order.count)
    let length = options.durationMilliseconds
    for number in 0..<options.silentDevices {
      let begin = options.start.milliseconds + random.within((length / 10)...(length / 2))
      let longest = max(4 * options.silentAfterMilliseconds, length / 4)
      let wanted = random.within((2 * options.silentAfterMilliseconds)...longest)
      let end = number % 2 == 0 ? begin + wanted : Int64.max
      silences[order[first + number]] = [begin..<end]
    }
  }

  private mutating func addRounds(_ round: FaultRound, _ options: FleetOptions, _ order: [Int]) {
    let half = (order.count + 1) / 2
    let rounds = Int(options.durationMilliseconds / round.lengthMilliseconds)
    for number in 0..<rounds {
      let start = options.start.milliseconds + Int64(number) * round.lengthMilliseconds
      outages[order[number % half], default: []].append(Self.moved(round.outage, by: start))
      let silent = order[half + number % (order.count - half)]
      silences[silent, default: []].append(Self.moved(round.silence, by: start))
    }
  }

  private static func moved(_ span: Range<Int64>, by offset: Int64) -> Plan.Span {
    (span.lowerBound + offset)..<(span.upperBound + offset)
  }
}
