import Foundation

extension SafeTensors {
    /// A tensor for writing.
    package struct Output: Sendable {
        /// Its elements, with the type they are stored in.
        package enum Content: Sendable {
            case float32(Tensor)
            /// Rounded to the nearest half-precision number.
            case float16(Tensor)
            case int32([Int32])
        }

        /// Its name.
        package let name: String
        /// Its elements.
        package let content: Content

        /// A tensor under a name.
        package init(_ name: String, _ content: Content) {
            self.name = name
            self.content = content
        }
    }

    /// Writes a file beside `path`, syncs it and renames it into place, so that `path` is never half written.
    package static func write(_ tensors: [Output], metadata: [String: String], to path: String)
        throws(SafeTensorsError)
    {
        precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors of one name")
        let partial = path + ".part"
        func failure() -> SafeTensorsError {
            SafeTensorsError(path: path, reason: .system(String(cString: strerror(errno))))
        }
        guard let file = fopen(partial, "we") else { throw failure() }
        var good = true
        func put(_ bytes: UnsafeRawBufferPointer) {
            good = good && fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count
        }
        let header = header(tensors, metadata)
        withUnsafeBytes(of: UInt64(header.count).littleEndian, put)
        header.withUnsafeBytes(put)
        for tensor in tensors where good && tensor.bytes.count > 0 { tensor.content.withBytes(put) }
        good = good && fflush(file) == 0 && fsync(fileno(file)) == 0
        // The file is closed in any case; the first error is reported.
        let error = errno
        if fclose(file) != 0 && good { good = false } else if !good { errno = error }
        guard good, rename(partial, path) == 0 else {
            let failure = failure()
            unlink(partial)
            throw failure
        }
    }

    /// The JSON header, padded with spaces so that the data begin at a multiple of 64 bytes.
    private static func header(_ tensors: [Output], _ metadata: [String: String]) -> [UInt8] {
        var object: [String: Any] = ["__metadata__": metadata]
        var position = 0
        for tensor in tensors {
            let (type, length) = tensor.bytes
            object[tensor.name] = [
                "dtype": type.rawValue, "shape": tensor.shape, "data_offsets": [position, position + length],
            ]
            position += length
        }
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? JSONSerialization.data(withJSONObject: object, options: options) else {
            preconditionFailure("a dictionary of strings and integers is always JSON")
        }
        let padding = (64 - (8 + json.count) % 64) % 64
        return [UInt8](json) + [UInt8](repeating: UInt8(ascii: " "), count: padding)
    }
}

extension SafeTensors.Output {
    fileprivate var shape: [Int] {
        switch content {
        case .float32(let tensor), .float16(let tensor): tensor.shape
        case .int32(let values): [values.count]
        }
    }

    fileprivate var bytes: (type: SafeTensors.ElementType, count: Int) {
        switch content {
        case .float32(let tensor): (.float32, tensor.count * 4)
        case .float16(let tensor): (.float16, tensor.count * 2)
        case .int32(let values): (.int32, values.count * 4)
        }
    }
}

extension SafeTensors.Output.Content {
    fileprivate func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        switch self {
        case .float32(let tensor):
            tensor.withUnsafePointer { body(UnsafeRawBufferPointer(start: $0, count: tensor.count * 4)) }
        case .float16(let tensor):
            let halves = tensor.withUnsafePointer { base in (0..<tensor.count).map { Float16(base[$0]) } }
            halves.withUnsafeBytes(body)
        case .int32(let values): values.withUnsafeBytes(body)
        }
    }
}
