import SiteModel
import Tariffs

// How a seller's accounts become findings.

extension SiteContext {
  /// The cap of a province and month; nil when no table was imported for it.
  func cap(province: String, month: YearMonth) -> CapRow? {
    province.isEmpty
      ? nil : tariffs.cap(province: province, month: month, rule: rules.price.cap)
  }
}

extension PriceWatch {
  /// Compares every month of a seller with its cap and reports what changed since the last time.
  mutating func judge(_ index: Int, _ step: DetectionStep, into findings: inout [Finding]) {
    let province = step.context.province(ofSite: sellers[index].site)
    for position in sellers[index].accounts.indices {
      let account = sellers[index].accounts[position]
      guard let cap = step.context.cap(province: province, month: account.month) else {
        noteMissing(province, account, sellers[index], step, into: &findings)
        continue
      }
      do {
        let runs = try account.runs(
          above: cap.price, monthEnd: sellers[index].end(of: account, step.context.rules))
        let reported = report(runs, account, cap, sellers[index], step, into: &findings)
        sellers[index].accounts[position].reported = reported
      } catch {
        sellers[index].isIncomplete = true
      }
    }
  }

  private func report(
    _ runs: [PriceAccount.Run], _ account: PriceAccount, _ cap: CapRow, _ seller: PriceSeller,
    _ step: DetectionStep, into findings: inout [Finding]
  ) -> [PriceAccount.Reported] {
    var result: [PriceAccount.Reported] = []
    for run in runs {
      let now = PriceAccount.Reported(
        openedAt: run.openedAt, endedAt: run.endedAt, energy: run.energy,
        overcharge: run.overcharge, cap: cap.price)
      result.append(now)
      if account.reported.contains(now) { continue }
      findings.append(finding(run, account, cap, seller, step))
    }
    for old in account.reported where !result.contains(where: { $0.openedAt == old.openedAt }) {
      var withdrawn = old
      withdrawn.isWithdrawn = true
      result.append(withdrawn)
      if !old.isWithdrawn {
        findings.append(withdrawal(old, account, cap, seller, step))
      }
    }
    return result
  }

  private mutating func noteMissing(
    _ province: String, _ account: PriceAccount, _ seller: PriceSeller, _ step: DetectionStep,
    into findings: inout [Finding]
  ) {
    guard let first = account.rows.first,
      !missing.contains(where: { $0.province == province && $0.month == account.month })
    else { return }
    let entry = Missing(
      province: province, month: account.month, openedAt: first.from, subject: seller.subject,
      site: seller.site)
    missing.append(entry)
    findings.append(finding(entry, .open, step))
  }

  func finding(_ entry: Missing, _ phase: Finding.Phase, _ step: DetectionStep) -> Finding {
    let name = entry.province.isEmpty ? "?" : entry.province
    var evidence = JSONText()
    evidence.add("province", entry.province)
    evidence.add("month", entry.month.description)
    evidence.add("first_seen_at", entry.subject)
    evidence.add("first_seen_site", entry.site)
    addCapKeys(step.context.rules.price.cap, to: &evidence)
    evidence.add("verdict", "none")
    return Finding(
      kind: "price.tariff_missing", severity: step.context.rules.price.missingSeverity, site: "",
      subject: "\(name) \(entry.month)", openedAt: entry.openedAt, phase: phase,
      titleZh: entry.province.isEmpty
        ? "站点省份未知，\(entry.month) 转供电价格无法判定" : "\(name) \(entry.month) 未导入电价表，转供电价格不作判定",
      titleEn: entry.province.isEmpty
        ? "Province unknown: prices of \(entry.month) are not judged"
        : "No tariff table for \(name) \(entry.month): prices are not judged",
      evidence: evidence)
  }

  private func addCapKeys(_ rule: CapRule, to evidence: inout JSONText) {
    let words = [rule.userClass, rule.scheme, rule.voltageClass, rule.period]
    evidence.add("cap_of", words.joined(separator: "·"))
  }

  private func finding(
    _ run: PriceAccount.Run, _ account: PriceAccount, _ cap: CapRow, _ seller: PriceSeller,
    _ step: DetectionStep
  ) -> Finding {
    var evidence = facts(account, cap, seller, step)
    evidence.add("price", run.top.price)
    evidence.add("price_source", run.top.source)
    evidence.add("kwh", run.energy)
    evidence.add("overcharge", run.overcharge)
    let changes = account.rows.filter { $0.from >= run.openedAt && $0.price > cap.price }
    evidence.raw("prices", JSONText.array(changes.map { text(of: $0) }))
    return finding(
      account, cap, seller, openedAt: run.openedAt,
      phase: run.endedAt.map { .ended(at: $0) } ?? .open, price: run.top.price, evidence, step)
  }

  private func withdrawal(
    _ old: PriceAccount.Reported, _ account: PriceAccount, _ cap: CapRow, _ seller: PriceSeller,
    _ step: DetectionStep
  ) -> Finding {
    var evidence = facts(account, cap, seller, step)
    let price = account.rows.first { $0.from >= old.openedAt }?.price ?? old.cap
    let reason =
      old.cap == cap.price
      ? "the price was corrected to \(price)" : "cap \(old.cap) was corrected to \(cap.price)"
    evidence.add("withdrawn_because", reason)
    evidence.add("price", price)
    return finding(
      account, cap, seller, openedAt: old.openedAt,
      phase: .withdrawn(at: max(step.now, old.openedAt)),
      price: price, evidence, step)
  }

  private func facts(
    _ account: PriceAccount, _ cap: CapRow, _ seller: PriceSeller, _ step: DetectionStep
  ) -> JSONText {
    var evidence = JSONText()
    evidence.add("province", step.context.province(ofSite: seller.site))
    evidence.add("month", account.month.description)
    evidence.add("landlord", seller.landlord)
    if !seller.contract.isEmpty { evidence.add("contract", seller.contract) }
    if !seller.meter.isEmpty { evidence.add("device", seller.meter) }
    evidence.add("cap", cap.price)
    evidence.add("document", cap.document)
    evidence.add("sample_tariff", cap.isSample)
    addCapKeys(step.context.rules.price.cap, to: &evidence)
    evidence.add("tariff_source", cap.source)
    evidence.add("tariff_sha256", cap.fileSHA256)
    if seller.isIncomplete {
      evidence.add(
        "incomplete",
        "a value was too long to be summed exactly, or the price changed more than "
          + "\(PriceAccount.rowLimit) times in the month: the figures are no full account")
    }
    return evidence
  }

  private func text(of row: PriceAccount.Row) -> String {
    var json = JSONText()
    json.add("price", row.price)
    json.add("from", row.from.description)
    json.add("kwh", row.energy)
    json.add("source", row.source)
    return json.text
  }

  private func finding(
    _ account: PriceAccount, _ cap: CapRow, _ seller: PriceSeller, openedAt: Timestamp,
    phase: Finding.Phase, price: ExactDecimal, _ evidence: JSONText, _ step: DetectionStep
  ) -> Finding {
    let place = seller.site.isEmpty ? seller.subject : step.context.siteName(seller.site)
    return Finding(
      kind: "price.cap_exceeded", severity: step.context.rules.price.severity,
      site: seller.site, subject: seller.subject, openedAt: openedAt, phase: phase,
      titleZh: "\(place) 转供电价 \(price) 元/kWh 高于最高限价 \(cap.price)"
        + (cap.isSample ? "（示例电价，非官方）" : ""),
      titleEn: "\(place): transferred power at \(price) yuan/kWh, cap \(cap.price)"
        + (cap.isSample ? " (sample tariff)" : ""),
      evidence: evidence)
  }
}

extension PriceSeller {
  /// Where a closed month ends for this seller: at the month's end, or with its contract.
  func end(of account: PriceAccount, _ rules: DetectionRules) -> Timestamp {
    let monthEnd = account.month.next.start(offsetSeconds: rules.offsetSeconds)
    return until.map { min($0, monthEnd) } ?? monthEnd
  }
}
