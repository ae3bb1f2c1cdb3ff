import Files
import Foundation

/// A safetensors file, open for reading: its header is in memory, its tensors are read when asked for.
///
/// Format: https://huggingface.co/docs/safetensors. Eight bytes of header length, a JSON header, and the data, which
/// the tensors must cover without holes or overlaps. Little-endian, as is every host that this runs on.
package struct SafeTensors: Sendable {
    /// How the elements of a tensor are stored.
    package enum ElementType: String, Sendable, CaseIterable {
        case float16 = "F16"
        case bfloat16 = "BF16"
        case float32 = "F32"
        case int32 = "I32"

        /// Bytes of one element.
        package var size: Int { self == .float16 || self == .bfloat16 ? 2 : 4 }
    }

    /// One tensor's description.
    package struct Entry: Sendable, Equatable {
        /// How its elements are stored.
        package let type: ElementType
        /// Its axes, outermost first.
        package let shape: [Int]
        /// Its bytes, counted from the beginning of the file.
        package let bytes: Range<Int>
    }

    /// Longest header accepted, in bytes.
    package static let headerLimit = 16 << 20

    /// The file.
    package let path: String
    /// Free text by key.
    package let metadata: [String: String]
    /// Tensors by name.
    package let entries: [String: Entry]
    private let file: SafeTensorsFile

    /// Opens a file and checks its header against its length.
    package init(path: String) throws(SafeTensorsError) {
        func fail(_ reason: SafeTensorsError.Reason) -> SafeTensorsError {
            SafeTensorsError(path: path, reason: reason)
        }
        let file = try SafeTensorsFile(path: path)
        let size = try file.size()
        guard size >= 8 else { throw fail(.truncated(expected: 8, found: size)) }
        let length = try file.read(0..<8).withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= Self.headerLimit else {
            throw fail(.headerTooLong(bytes: length, limit: Self.headerLimit))
        }
        let start = 8 + Int(length)
        guard size >= start else { throw fail(.truncated(expected: start, found: size)) }
        let header = try SafeTensorsHeader(json: file.read(8..<start), path: path)
        entries = try header.layOut(start: start, end: size, path: path)
        metadata = header.metadata
        self.path = path
        self.file = file
    }

    /// The open file, for whoever reads something else of it.
    package var descriptor: Descriptor { file.descriptor }

    /// A tensor of floats, whatever float type it is stored in.
    package func tensor(_ name: String) throws(SafeTensorsError) -> Tensor {
        let entry = try entry(name)
        var tensor = Tensor(uninitialized: entry.shape)
        switch entry.type {
        case .float32:
            let count = tensor.count
            try tensor.withUnsafeMutablePointer { (base) throws(SafeTensorsError) in
                try file.read(entry.bytes, into: UnsafeMutableRawBufferPointer(start: base, count: count * 4))
            }
        case .float16: try readHalves(entry, into: &tensor) { Float(Float16(bitPattern: $0)) }
        case .bfloat16: try readHalves(entry, into: &tensor) { Float(bitPattern: UInt32($0) << 16) }
        case .int32: throw error(.wrongType(tensor: name, type: entry.type, wanted: "a float type"))
        }
        return tensor
    }

    /// A tensor of integers.
    package func integers(_ name: String) throws(SafeTensorsError) -> [Int32] {
        let entry = try entry(name)
        guard entry.type == .int32 else {
            throw error(.wrongType(tensor: name, type: entry.type, wanted: ElementType.int32.rawValue))
        }
        let data = try file.read(entry.bytes)
        return data.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
        }
    }

    private func readHalves(_ entry: Entry, into tensor: inout Tensor, _ convert: (UInt16) -> Float)
        throws(SafeTensorsError)
    {
        // Some at a time, which stay in the cache.
        var data = [UInt8](repeating: 0, count: min(Self.chunk, entry.bytes.count))
        for start in stride(from: entry.bytes.lowerBound, to: entry.bytes.upperBound, by: Self.chunk) {
            let part = start..<min(start + Self.chunk, entry.bytes.upperBound)
            try file.read(part, into: &data)
            let place = (start - entry.bytes.lowerBound) / 2
            tensor.withUnsafeMutablePointer { target in
                data.withUnsafeBytes { raw in
                    for i in 0..<part.count / 2 {
                        target[place + i] = convert(raw.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
                    }
                }
            }
        }
    }

    private static let chunk = 1 << 16

    private func entry(_ name: String) throws(SafeTensorsError) -> Entry {
        guard let entry = entries[name] else { throw error(.missing(tensor: name)) }
        return entry
    }

    private func error(_ reason: SafeTensorsError.Reason) -> SafeTensorsError {
        SafeTensorsError(path: path, reason: reason)
    }
}
