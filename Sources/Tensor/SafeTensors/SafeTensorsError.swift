/// Why a safetensors file could not be read or written.
package struct SafeTensorsError: Error, Equatable, CustomStringConvertible {
    /// The file.
    package let path: String
    /// What is wrong with it.
    package let reason: Reason

    /// The first thing found wrong.
    package enum Reason: Equatable, Sendable {
        /// A system call failed, with its message.
        case system(String)
        case notARegularFile
        case truncated(expected: Int, found: Int)
        case headerTooLong(bytes: UInt64, limit: Int)
        case headerNotJSON(String)
        case unknownType(tensor: String, type: String)
        case badShape(tensor: String, shape: [Int])
        case badOffsets(tensor: String, begin: Int, end: Int)
        /// The bytes given do not hold the shape and type.
        case wrongLength(tensor: String, expected: Int, found: Int)
        case overlap(tensor: String, with: String)
        case hole(before: String)
        case trailingBytes(Int)
        case missing(tensor: String)
        /// The tensor is stored in a type that the reader asked for cannot be had from.
        case wrongType(tensor: String, type: SafeTensors.ElementType, wanted: String)
    }

    package var description: String { "\(path): \(reason.message)" }
}

extension SafeTensorsError.Reason {
    var message: String {
        switch self {
        case .system(let message): message
        case .notARegularFile: "not a regular file"
        case .truncated(let expected, let found): "truncated: \(found) bytes where \(expected) are needed"
        case .headerTooLong(let bytes, let limit):
            "not a safetensors file: it claims a header of \(bytes) bytes, the limit is \(limit)"
        case .headerNotJSON(let detail): "not a safetensors file: \(detail)"
        case .unknownType(let tensor, let type): "tensor \(tensor) has the unknown type \(type)"
        case .badShape(let tensor, let shape): "tensor \(tensor) has the impossible shape \(shape)"
        case .badOffsets(let tensor, let begin, let end): "tensor \(tensor) has the impossible offsets \(begin)..\(end)"
        case .wrongLength(let tensor, let expected, let found):
            "tensor \(tensor) has \(found) bytes where its shape needs \(expected)"
        case .overlap(let tensor, let other): "tensor \(tensor) overlaps tensor \(other)"
        case .hole(let tensor): "unused bytes before tensor \(tensor)"
        case .trailingBytes(let count): "\(count) unused bytes at the end"
        case .missing(let tensor): "tensor \(tensor) is missing"
        case .wrongType(let tensor, let type, let wanted):
            "tensor \(tensor) is of type \(type.rawValue) where \(wanted) is needed"
        }
    }
}
