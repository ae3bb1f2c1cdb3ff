import Flow
import Imaging
import Kernels
import Tensor

/// Pictures of digits drawn from a network.
package struct DigitSheet: Sendable {
    private let seed: UInt64
    private let temperature: Double

    /// Pixels of the sheet along a side of a network's pixel.
    private static let scale = 2
    private static let side = 28
    private static let batch = 64

    package init(seed: UInt64, temperature: Double) {
        self.seed = seed
        self.temperature = temperature
    }

    /// The digits in rows and columns; each depends on the seed, the digit and its number among its like only.
    package func picture(
        digits: [Int], columns: Int, generator: DigitGenerator, execution: Execution
    ) throws -> RGBImage {
        var seen = [Int](repeating: 0, count: 10)
        let numbers = digits.map { digit in
            defer { seen[digit] += 1 }
            return seen[digit]
        }
        var images: [RGBImage] = []
        for start in stride(from: 0, to: digits.count, by: Self.batch) {
            let range = start..<min(start + Self.batch, digits.count)
            let latents = range.flatMap { index in
                var stream = RandomStream(high: UInt64(digits[index]) << 32 | UInt64(numbers[index]), low: seed)
                return stream.normals(DigitGenerator.latentCount).map { $0 * Float(temperature) }
            }
            let z = Tensor([range.count, DigitGenerator.latentCount], latents)
            let pixels = generator.inverse(z: z, digits: Array(digits[range]), execution).pixels.values
            guard pixels.allSatisfy(\.isFinite) else { throw ColorizationError.nonFinite }
            for index in 0..<range.count {
                let size = DigitGenerator.latentCount
                images.append(Self.image(pixels[index * size..<(index + 1) * size]))
            }
        }
        return ImageGrid.compose(images, columns: columns, margin: 4 * Self.scale)
    }

    private static func image(_ pixels: ArraySlice<Float>) -> RGBImage {
        var image = RGBImage(width: side * scale, height: side * scale)
        for (index, value) in pixels.enumerated() {
            let gray = value * DigitGenerator.pixelScale + DigitGenerator.pixelOffset
            let byte = UInt8((max(0, min(1, gray)) * 255).rounded())
            let (y, x) = (index / side * scale, index % side * scale)
            for row in y..<y + scale {
                for byteIndex in (row * side * scale + x) * 3..<(row * side * scale + x + scale) * 3 {
                    image.pixels[byteIndex] = byte
                }
            }
        }
        return image
    }
}
