import Foundation

/// A data set of IPTC's older form (IIM 4.2).
struct IPTCDataSet: Sendable, Codable, Equatable {
    var record: UInt8
    var number: UInt8
    var data: Data

    /// Bytes that it takes in a file, with its head.
    var storedBytes: Int { data.count + 5 }

    /// Longest data set whose length is written in the usual way.
    static let longest = 32767

    /// Says that all texts are UTF-8.
    static let isUTF8 = IPTCDataSet(record: 1, number: 90, data: Data([0x1B, 0x25, 0x47]))
    /// The version of the application record.
    static let version = IPTCDataSet(record: 2, number: 0, data: Data([0, 4]))

    /// A text of the application record, cut to its longest length where a character ends.
    static func text(_ number: UInt8, _ text: String, longest: Int) -> IPTCDataSet {
        var text = text
        while text.utf8.count > longest { text.removeLast() }
        return IPTCDataSet(record: 2, number: number, data: Data(text.utf8))
    }

    /// All of them as they are stored, by record.
    static func encoded(_ sets: [IPTCDataSet]) -> [UInt8] {
        sets.enumerated().sorted { ($0.element.record, $0.offset) < ($1.element.record, $1.offset) }.flatMap {
            let set = $0.element
            return [0x1C, set.record, set.number, UInt8(set.data.count >> 8), UInt8(set.data.count & 255)] + set.data
        }
    }

    /// The resource block that JPEG keeps them in.
    static func photoshopBlock(_ records: [UInt8]) -> [UInt8] {
        let length = UInt32(records.count)
        var block = Array("8BIM".utf8) + [0x04, 0x04, 0, 0]
        block += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
        block += records
        if records.count % 2 == 1 { block.append(0) }
        return block
    }
}
