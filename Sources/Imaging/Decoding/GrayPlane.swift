import Dispatch
import Synchronization

/// The tones of a picture, and its opacity if it has any.
struct GrayPlane: Sendable {
    let width: Int
    let height: Int
    /// Row-major; see `GrayLevel`.
    var tones: [UInt16]
    /// Row-major, 0…65535.
    var alpha: [UInt16]?

    /// A plane whose tones and opacity the caller writes before anyone reads them.
    init(width: Int, height: Int, hasAlpha: Bool = false) {
        self.width = width
        self.height = height
        tones = Self.room(width * height)
        if hasAlpha { alpha = Self.room(width * height) }
    }

    private static func room(_ count: Int) -> [UInt16] {
        [UInt16](unsafeUninitializedCapacity: count) { _, initialized in
            // Any bits are a number, and all of them will be written over.
            initialized = count
        }
    }

    /// Runs `body` with the first tone and, if there is any, the first opacity.
    mutating func withUnsafeMutablePointers<Result>(
        _ body: (UnsafeMutablePointer<UInt16>, UnsafeMutablePointer<UInt16>?) throws -> Result
    ) rethrows -> Result {
        guard var opacity = alpha else {
            return try tones.withUnsafeMutableBufferPointer { try body($0.baseAddress!, nil) }
        }
        alpha = nil
        defer { alpha = opacity }
        return try opacity.withUnsafeMutableBufferPointer { opacity in
            try tones.withUnsafeMutableBufferPointer { try body($0.baseAddress!, opacity.baseAddress!) }
        }
    }

    /// A plane of the given L, row-major.
    init(width: Int, height: Int, lightness: [Float]) {
        self.init(width: width, height: height)
        for start in stride(from: 0, to: tones.count, by: 8) {
            let count = min(8, tones.count - start)
            let light = lightness.withUnsafeBufferPointer { Vector(at: $0.baseAddress! + start, count: count) }
            let zero = Vector(repeating: 0)
            let (luminance, _, _) = Lab.linearRGB((light + 16) * (1 / 116), zero, zero)
            let tone = GrayLevel.ofLuminance(luminance)
            for lane in 0..<count { tones[start + lane] = UInt16(truncatingIfNeeded: tone[lane]) }
        }
    }

    /// L of a reduced or enlarged copy, row-major.
    /// - Parameter threads: most threads that compute it; the result does not depend on them.
    func lightness(width targetWidth: Int, height targetHeight: Int, threads: Int = 1) -> [Float] {
        let bands = min(threads, targetHeight)
        let parts = Mutex([[Float]](repeating: [], count: bands))
        DispatchQueue.concurrentPerform(iterations: bands) { band in
            let rows = band * targetHeight / bands..<(band + 1) * targetHeight / bands
            let part = lightness(targetWidth, targetHeight, rows: rows)
            parts.withLock { $0[band] = part }
        }
        return parts.withLock { $0.count == 1 ? $0[0] : Array($0.joined()) }
    }

    private func lightness(_ targetWidth: Int, _ targetHeight: Int, rows: Range<Int>) -> [Float] {
        var resampler = Resampler(width: width, height: height, to: targetWidth, targetHeight, rows: rows)
        var row = [Float](repeating: 0, count: width)
        tones.withUnsafeBufferPointer { tones in
            row.withUnsafeMutableBufferPointer { row in
                for y in resampler.sources {
                    for x in 0..<width { row[x] = GrayLevel.lightness[tones[y * width + x]] }
                    resampler.add(row.baseAddress!)
                }
            }
        }
        return resampler.plane
    }
}
