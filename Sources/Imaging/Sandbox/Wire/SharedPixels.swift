import CSandbox
import Files
import Foundation
import Tensor

/// The layout of the shared memory in which a helper hands back a photograph's pixels: chroma, gray levels, opacity.
///
/// The client makes the memory, of the size that the checked facts call for, and seals it, so that a helper can change
/// nothing but the pixels of its own photograph. The client copies them out with reads, which no change can disturb.
struct SharedPixels {
    private static let chromaCount = 2 * NetworkGeometry.lightnessSide * NetworkGeometry.lightnessSide
    private static let chromaBytes = chromaCount * MemoryLayout<Float>.size

    private let description: ImageDescription
    private var pixels: Int { description.width * description.height }
    private var size: Int { Self.chromaBytes + (description.hasAlpha ? 2 : 1) * pixels * MemoryLayout<UInt16>.size }

    init(_ description: ImageDescription) { self.description = description }

    /// New memory; nil, and `errno`, if there is none.
    func make() -> Descriptor? {
        let memory = sb_memory("pixels", size)
        return memory < 0 ? nil : Descriptor(owning: memory)
    }

    // MARK: The helper's side

    /// Runs `body` on the memory, and keeps the chroma that it returns.
    /// - Returns: whether there is any chroma; nil if the memory is not what it should be.
    func fill(
        _ memory: Descriptor,
        _ body: (UnsafeMutablePointer<UInt16>, UnsafeMutablePointer<UInt16>?) throws -> [Float]?
    ) rethrows -> Bool? {
        var status = stat()
        guard fstat(memory.raw, &status) == 0, status.st_size == size,
            let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory.raw, 0), base != MAP_FAILED
        else { return nil }
        defer { munmap(base, size) }
        let tones = (base + Self.chromaBytes).assumingMemoryBound(to: UInt16.self)
        guard let chroma = try body(tones, description.hasAlpha ? tones + pixels : nil) else { return false }
        chroma.withUnsafeBytes { base.copyMemory(from: $0.baseAddress!, byteCount: Self.chromaBytes) }
        return true
    }

    // MARK: The client's side

    /// A copy of tones and opacity, of which any value will do; nil if they cannot be read.
    func plane(_ memory: Descriptor) -> GrayPlane? {
        var plane = GrayPlane(width: description.width, height: description.height, hasAlpha: description.hasAlpha)
        let bytes = pixels * MemoryLayout<UInt16>.size
        let isWhole = plane.withUnsafeMutablePointers { tones, alpha in
            Self.copy(memory, tones, bytes, at: Self.chromaBytes)
                && (alpha.map { Self.copy(memory, $0, bytes, at: Self.chromaBytes + bytes) } ?? true)
        }
        return isWhole ? plane : nil
    }

    /// A copy of a and b at 256×256; nil if they cannot be read or are no chroma.
    func chroma(_ memory: Descriptor) -> [Float]? {
        var chroma = [Float](repeating: 0, count: Self.chromaCount)
        guard Self.copy(memory, &chroma, Self.chromaBytes, at: 0), chroma.allSatisfy({ abs($0) <= 256 }) else {
            return nil
        }
        return chroma
    }

    /// Copies bytes out of shared memory; false where there are not as many.
    static func copy(_ memory: Descriptor, _ target: UnsafeMutableRawPointer, _ count: Int, at: Int)
        -> Bool
    {
        var done = 0
        while done < count {
            let length = pread(memory.raw, target + done, count - done, at + done)
            if length <= 0 {
                if length < 0, errno == EINTR { continue }
                return false
            }
            done += length
        }
        return true
    }
}
