import SiteModel
import Tariffs

// How prices are kept in a snapshot of the engine's state.

extension PriceWatch {
  func write(to writer: inout ByteWriter) {
    writer.time(nextBoundary)
    writer.unsigned(UInt64(sellers.count))
    for seller in sellers { seller.write(to: &writer) }
    writer.unsigned(UInt64(registers.count))
    for (name, register) in registers.sorted(by: { $0.key < $1.key }) {
      writer.text(name)
      writer.decimal(register.value)
      writer.time(register.time)
    }
    writer.unsigned(UInt64(missing.count))
    for entry in missing {
      writer.text(entry.province)
      writer.month(entry.month)
      writer.time(entry.openedAt)
      writer.text(entry.subject)
      writer.text(entry.site)
    }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    self.init()
    nextBoundary = try reader.time()
    for _ in 0..<(try reader.count(ofSize: 6)) { sellers.append(try PriceSeller(from: &reader)) }
    for _ in 0..<(try reader.count(ofSize: 4)) {
      let name = try reader.text()
      registers[name] = Register(value: try reader.decimal(), time: try reader.time())
    }
    for _ in 0..<(try reader.count(ofSize: 5)) {
      missing.append(
        Missing(
          province: try reader.text(), month: try reader.month(), openedAt: try reader.time(),
          subject: try reader.text(), site: try reader.text()))
    }
  }
}

extension PriceSeller {
  fileprivate func write(to writer: inout ByteWriter) {
    for text in [meter, contract, site, landlord, source] { writer.text(text) }
    writer.optional(price) { $0.decimal($1) }
    writer.time(statedAt)
    writer.optional(until) { $0.time($1) }
    writer.byte(isIncomplete ? 1 : 0)
    writer.unsigned(UInt64(accounts.count))
    for account in accounts { account.write(to: &writer) }
  }

  fileprivate init(from reader: inout ByteReader) throws(CorruptBytes) {
    self.init(
      meter: try reader.text(), contract: try reader.text(), site: try reader.text(),
      landlord: try reader.text())
    source = try reader.text()
    if try reader.byte() == 1 { price = try reader.decimal() }
    statedAt = try reader.time()
    if try reader.byte() == 1 { until = try reader.time() }
    isIncomplete = try reader.byte() == 1
    for _ in 0..<(try reader.count(ofSize: 4)) {
      accounts.append(try PriceAccount(from: &reader))
    }
  }
}

extension PriceAccount {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.month(month)
    writer.byte(isClosed ? 1 : 0)
    writer.unsigned(UInt64(rows.count))
    for row in rows {
      writer.decimal(row.price)
      writer.time(row.from)
      writer.text(row.source)
      writer.decimal(row.energy)
    }
    writer.unsigned(UInt64(reported.count))
    for entry in reported {
      writer.time(entry.openedAt)
      writer.optional(entry.endedAt) { $0.time($1) }
      writer.decimal(entry.energy)
      writer.decimal(entry.overcharge)
      writer.decimal(entry.cap)
      writer.byte(entry.isWithdrawn ? 1 : 0)
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(CorruptBytes) {
    self.init(month: try reader.month())
    isClosed = try reader.byte() == 1
    for _ in 0..<(try reader.count(ofSize: 5)) {
      rows.append(
        Row(
          price: try reader.decimal(), from: try reader.time(), source: try reader.text(),
          energy: try reader.decimal()))
    }
    for _ in 0..<(try reader.count(ofSize: 8)) {
      let openedAt = try reader.time()
      let endedAt = try reader.byte() == 1 ? try reader.time() : nil
      reported.append(
        Reported(
          openedAt: openedAt, endedAt: endedAt, energy: try reader.decimal(),
          overcharge: try reader.decimal(), cap: try reader.decimal(),
          isWithdrawn: try reader.byte() == 1))
    }
  }
}

extension ByteWriter {
  fileprivate mutating func optional<Value>(
    _ value: Value?, _ write: (inout ByteWriter, Value) -> Void
  ) {
    byte(value == nil ? 0 : 1)
    if let value { write(&self, value) }
  }

  fileprivate mutating func month(_ value: YearMonth) {
    signed(Int64(value.year))
    byte(UInt8(value.month))
  }
}

extension ByteReader {
  fileprivate mutating func month() throws(CorruptBytes) -> YearMonth {
    let year = Int(try signed())
    guard let value = YearMonth(year: year, month: Int(try byte())) else {
      throw CorruptBytes(offset: offset)
    }
    return value
  }
}
