import CExiv2
import Foundation

/// A file's metadata in Exiv2's hands.
///
/// Not Sendable: one thread uses it.
final class ExivRecord {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let record: OpaquePointer

    init() throws {
        guard let record = ex_new() else { throw Failure(description: "no memory") }
        self.record = record
    }

    deinit { ex_free(record) }

    /// Starts the library once; what it needs is then in memory.
    static func start() throws {
        guard ex_start() == 0 else { throw Failure(description: "Exiv2 does not start") }
    }

    private func check(_ status: Int32) throws {
        if status != 0 { throw Failure(description: String(cString: ex_error(record))) }
    }

    func read(_ file: UnsafeRawBufferPointer) throws {
        try check(ex_read(record, file.baseAddress?.assumingMemoryBound(to: UInt8.self), file.count))
    }

    /// Whether a file holds a manifest of C2PA.
    static func holdsC2PA(_ file: UnsafeRawBufferPointer) -> Bool {
        ex_holds_c2pa(file.baseAddress?.assumingMemoryBound(to: UInt8.self), file.count) != 0
    }

    var hasBrokenXMP: Bool { ex_has_broken_xmp(record) != 0 }

    /// What the last read found wrong first; nil if that is nothing.
    var complaint: String? {
        let text = String(cString: ex_complaint())
        return text.isEmpty ? nil : text
    }

    var comment: String { String(cString: ex_comment(record)) }

    /// A field of EXIF of any group, such as `Photo`; groups of makers' notes are among them.
    struct Field {
        var group: String
        var key: String
        var tag: UInt16
        var type: UInt32
        var data: Data
    }

    var hasExif: Bool { ex_exif_count(record) > 0 }

    func fields() throws -> [Field] {
        try (0..<ex_exif_count(record)).map { index in
            var field = ex_field()
            try check(ex_exif(record, index, &field))
            return Field(
                group: String(cString: field.group), key: String(cString: field.key), tag: field.tag, type: field.type,
                data: field.size > 0 ? Data(bytes: field.data, count: field.size) : Data())
        }
    }

    func dataSets() throws -> [IPTCDataSet] {
        try (0..<ex_iptc_count(record)).map { index in
            var set = ex_dataset()
            try check(ex_iptc(record, index, &set))
            return IPTCDataSet(
                record: UInt8(truncatingIfNeeded: set.record), number: UInt8(truncatingIfNeeded: set.dataset),
                data: set.size > 0 ? Data(bytes: set.data, count: set.size) : Data())
        }
    }

    /// Replaces all data sets; their texts are UTF-8.
    func replace(_ sets: [IPTCDataSet]) throws {
        let block = IPTCDataSet.encoded(sets)
        try check(ex_iptc_replace(record, block, block.count))
    }

    // MARK: XMP

    /// The keys of all properties, such as `Xmp.xmpMM.History[1]/stEvt:action`.
    var keys: [String] {
        (0..<ex_xmp_count(record)).compactMap { ex_xmp_key(record, $0).map { String(cString: $0) } }
    }

    subscript(_ key: String) -> String? { ex_xmp_text(record, key).map { String(cString: $0) } }

    func set(_ key: String, _ text: String = "", as kind: ex_kind = EX_TEXT) throws {
        try check(ex_xmp_set(record, key, kind, text))
    }

    func move(_ key: String, to other: String) throws { try check(ex_xmp_move(record, key, other)) }

    func remove(_ key: String) throws { try check(ex_xmp_remove(record, key)) }

    func addPropertiesOfIPTC() throws { try check(ex_xmp_add_iptc(record)) }

    /// The properties as a packet.
    func packet() throws -> String {
        guard let text = ex_xmp_packet(record) else { throw Failure(description: String(cString: ex_error(record))) }
        return "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" + String(cString: text)
            + "\n<?xpacket end=\"w\"?>"
    }
}
