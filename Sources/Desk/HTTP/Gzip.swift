import CZlib
import Foundation

/// Packs what is sent often, for browsers that can unpack it.
enum Gzip {
    /// Asks zlib for the head and the sum of gzip around what it packs.
    private static let window = MAX_WBITS + 16

    /// The bytes in the form of gzip; the same each time.
    static func packed(_ data: Data) -> Data {
        var stream = z_stream()
        var status = deflateInit2_(
            &stream, Z_BEST_COMPRESSION, Z_DEFLATED, window, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib has memory for its tables")
        defer { deflateEnd(&stream) }
        var (input, output) = (Array(data), [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(data.count)))))
        let size = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                (stream.next_in, stream.avail_in) = (input.baseAddress, UInt32(input.count))
                (stream.next_out, stream.avail_out) = (output.baseAddress, UInt32(output.count))
                status = deflate(&stream, Z_FINISH)
                return output.count - Int(stream.avail_out)
            }
        }
        precondition(status == Z_STREAM_END, "a buffer of the bound's size is enough")
        return Data(output.prefix(size))
    }

    /// Whether a browser takes it, by its `Accept-Encoding`.
    static func isAccepted(_ header: String?) -> Bool {
        (header ?? "").split(separator: ",").contains { coding in
            let parts = coding.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            let isRefused = parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) ?? 0 == 0 }
            return parts.first == "gzip" && !isRefused
        }
    }
}
