/// Turns rows of gray or sRGB samples into gray levels, opacity and chroma.
///
/// Not Sendable: it owns the buffers of one row.
final class RowReader {
    private let width: Int
    private let colorBands: Int
    private let bands: Int
    private let isDeep: Bool
    private let hasAlpha: Bool
    private let buffer: UnsafeMutablePointer<Float>
    private let stride: Int

    /// Tones of the last row read.
    let tones: UnsafeMutablePointer<UInt16>
    /// Opacity of the last row read, 0…65535.
    let alpha: UnsafeMutablePointer<UInt16>
    /// a of the last row read that was not neutral.
    var a: UnsafePointer<Float> { UnsafePointer(buffer + 3 * stride) }
    /// b of the last row read that was not neutral.
    var b: UnsafePointer<Float> { UnsafePointer(buffer + 4 * stride) }

    init(width: Int, header: Header) {
        self.width = width
        colorBands = header.colorBands
        bands = header.colorBands + (header.hasAlpha ? 1 : 0)
        isDeep = header.bitDepth == 16
        hasAlpha = header.hasAlpha
        // Rounded up to whole vectors.
        stride = (width + 7) & ~7
        buffer = .allocate(capacity: 5 * stride)
        buffer.initialize(repeating: 0, count: 5 * stride)
        tones = .allocate(capacity: stride)
        tones.initialize(repeating: 0, count: stride)
        alpha = .allocate(capacity: stride)
        alpha.initialize(repeating: 0, count: stride)
    }

    deinit {
        buffer.deallocate()
        tones.deallocate()
        alpha.deallocate()
    }

    /// Reads one row of interleaved samples.
    /// - Returns: whether every pixel of it is neutral.
    func read(_ row: UnsafeRawPointer?) -> Bool {
        guard let row else { preconditionFailure("libvips gave no pixels") }
        return isDeep
            ? read(row.assumingMemoryBound(to: UInt16.self), scale: 1)
            : read(row.assumingMemoryBound(to: UInt8.self), scale: 257)
    }

    private func read<Sample: FixedWidthInteger>(
        _ row: UnsafePointer<Sample>, scale: UInt16
    ) -> Bool {
        if hasAlpha {
            for x in 0..<width { alpha[x] = UInt16(truncatingIfNeeded: row[x * bands + bands - 1]) &* scale }
        }
        var differences: Sample = 0
        if colorBands == 3 {
            for x in 0..<width {
                let pixel = row + x * bands
                differences |= (pixel[0] ^ pixel[1]) | (pixel[1] ^ pixel[2])
            }
        }
        guard differences != 0 else {
            for x in 0..<width { tones[x] = UInt16(truncatingIfNeeded: row[x * bands]) &* scale }
            return true
        }
        for x in 0..<width {
            let pixel = row + x * bands
            buffer[x] = GrayLevel.linear[UInt16(truncatingIfNeeded: pixel[0]) &* scale]
            buffer[x + stride] = GrayLevel.linear[UInt16(truncatingIfNeeded: pixel[1]) &* scale]
            buffer[x + 2 * stride] = GrayLevel.linear[UInt16(truncatingIfNeeded: pixel[2]) &* scale]
        }
        convert()
        return false
    }

    /// Tones and chroma from linear light.
    private func convert() {
        for x in Swift.stride(from: 0, to: width, by: 8) {
            let at = buffer + x
            let (red, green, blue) = (Vector(at: at), Vector(at: at + stride), Vector(at: at + 2 * stride))
            let (_, a, b) = Lab.lab(red, green, blue)
            a.store(at: at + 3 * stride)
            b.store(at: at + 4 * stride)
            let tone = GrayLevel.ofLuminance(Lab.luminance(red, green, blue))
            for lane in 0..<8 { tones[x + lane] = UInt16(truncatingIfNeeded: tone[lane]) }
        }
    }
}
