import SiteModel

// The limits of a fleet's options.

extension FleetOptions {
  /// What is wrong, one sentence each; empty when a fleet can be made.
  public func validate() -> [String] {
    var problems: [String] = []
    func check(_ isSound: Bool, _ problem: String) {
      if !isSound { problems.append(problem) }
    }
    check((1...Self.siteLimit).contains(sites), "sites must be 1…\(Self.siteLimit)")
    check(
      (946_684_800_000...4_102_444_800_000).contains(start.milliseconds)
        && start.milliseconds % 1000 == 0, "start must be a whole second of 2000…2100")
    check(
      (1...31_622_400_000).contains(durationMilliseconds), "duration must be at most 366 days")
    check((1...100_000).contains(timeCompression), "time compression must be 1…100000")
    check(
      (1_000...3_600_000).contains(intervalMilliseconds) && intervalMilliseconds % 1000 == 0,
      "interval must be 1…3600 whole seconds")
    check(
      kindsOfTenSites.count == 4 && kindsOfTenSites.allSatisfy { (0...10).contains($0) }
        && kindsOfTenSites.reduce(0, +) == 10, "kinds of ten sites must be four counts of 10 in all"
    )
    for (name, share) in shares {
      check((0...1000).contains(share), "\(name) must be 0…1000 permille")
    }
    check(
      (1...86_400_000).contains(longestDelayMilliseconds), "longest delay must be at most a day")
    check(
      silentAfterMilliseconds >= 3 * intervalMilliseconds
        && silentAfterMilliseconds <= 2_592_000_000 && silentAfterMilliseconds % 1000 == 0,
      "allowed silence must be whole seconds, three intervals at least, 30 days at most")
    return problems.isEmpty ? faultProblems() : problems
  }

  private var shares: [(String, Int)] {
    [
      ("share of short outages", shortOutagePermille), ("share of landlords", landlordPermille),
      ("share of prices above and at the cap", overpricedPermille + atCapPermille),
      ("share of prices above the cap", overpricedPermille),
      ("share of prices at the cap", atCapPermille),
      ("share of contracts above the cap", overpricedContractPermille),
      ("share of duplicates", duplicatePermille), ("share of late messages", latePermille),
    ]
  }

  /// What is wrong with the faults, once the rest is sound.
  private func faultProblems() -> [String] {
    var problems: [String] = []
    func check(_ isSound: Bool, _ problem: String) {
      if !isSound { problems.append(problem) }
    }
    check((0...86_400_000).contains(outageDelayMilliseconds), "outage delay must be at most a day")
    check((0...86_400_000).contains(outageClearMilliseconds), "outage clear must be at most a day")
    guard problems.isEmpty else { return problems }
    if let round {
      check(outages == 0 && silentDevices == 0, "rounds exclude outages and silent devices")
      check(sites >= 2, "rounds need two sites")
      check(
        round.lengthMilliseconds >= 1000 && round.lengthMilliseconds % 1000 == 0
          && durationMilliseconds / max(1, round.lengthMilliseconds) <= Int64(Self.faultLimit),
        "a round must be whole seconds, and at most \(Self.faultLimit) of them")
      for (name, span) in [
        ("outage", round.outage), ("silence", round.silence), ("overprice", round.overprice),
      ] {
        check(
          span.lowerBound >= 0 && span.upperBound <= round.lengthMilliseconds
            && span.lowerBound % 1000 == 0 && span.upperBound % 1000 == 0,
          "the \(name) of a round must lie in it, in whole seconds")
      }
      check(
        Int64(round.outage.count) >= shortestLongOutage, "the outage of a round is too short")
      return problems
    }
    check((0...Self.faultLimit).contains(outages), "outages must be 0…\(Self.faultLimit)")
    check(
      silentDevices >= 0 && silentDevices <= sites
        && min(max(0, outages), sites) + silentDevices <= sites,
      "silent devices need a site each, apart from the sites with outages")
    check(
      outages == 0 || shortOutagePermille == 0 || longestShortOutage >= 1000,
      "short outages need a delay of more than an interval and two seconds")
    check(
      outages == 0 || longestOutageMilliseconds >= shortestLongOutage,
      "longest outage must be at least \(shortestLongOutage) ms")
    if problems.isEmpty, outages > 0 {
      check(
        outageSlot >= longestOutageMilliseconds + 2 * shortestLongOutage,
        "the duration is too short for the outages")
    }
    return problems
  }

  /// An outage of this length alerts whatever the moments of the samples.
  var shortestLongOutage: Int64 {
    (outageDelayMilliseconds + 2 * intervalMilliseconds + outageClearMilliseconds + 2_000) / 1000
      * 1000
  }

  /// An outage up to this length cannot alert: the last device to notice its end still does so
  /// before the delay.
  var longestShortOutage: Int64 {
    (outageDelayMilliseconds - intervalMilliseconds - 1_000) / 1000 * 1000
  }

  /// Time in which a site has at most one outage.
  var outageSlot: Int64 {
    let perSite = (outages + sites - 1) / sites
    return durationMilliseconds / Int64(max(1, perSite))
  }
}
