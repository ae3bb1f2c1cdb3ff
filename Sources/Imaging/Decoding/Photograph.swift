import Foundation
import Tensor

/// A decoded photograph: its tones at full resolution, and what its colours were at 256×256.
///
/// Two bytes a pixel, four with alpha. Everything is in upright orientation.
package final class Photograph: Sendable {
    /// Pixels of lightness along a side of one of chroma.
    static let cellSide = NetworkGeometry.lightnessSide / NetworkGeometry.chromaSide

    /// The name for messages.
    package let name: String
    /// Columns, after orientation.
    package var width: Int { plane.width }
    /// Rows, after orientation.
    package var height: Int { plane.height }
    /// Bits of a sample in the file, 8 or 16; 1-bit and palette images count as 8.
    package var bitDepth: Int { description.bitDepth }
    /// Whether it is gray, toned or coloured.
    package let chromaticity: Chromaticity
    /// The file's format, such as "jpeg".
    package var format: InputFormat { description.format }
    /// When it was taken and changed, as far as its metadata say.
    package var dates: CaptureDates { description.dates }
    /// Pixels per inch, or nil if the file does not say.
    package var resolution: Double? { description.resolution }
    /// Remarks for the user on how the file was read, such as an ignored profile.
    package var warnings: [String] { description.warnings }

    /// Whether it has transparency.
    package var hasAlpha: Bool { plane.alpha != nil }

    /// The pixels.
    let plane: GrayPlane

    private let description: ImageDescription
    private let smallLightness: Tensor
    private let smallChroma: Tensor

    /// - Parameters:
    ///   - chroma: a, then b, at 256×256; nil if every pixel is neutral.
    ///   - threads: most threads that reduce it.
    init(description: ImageDescription, plane: GrayPlane, chroma: [Float]?, name: String, threads: Int = 1) {
        self.name = name
        self.description = description
        self.plane = plane
        let side = NetworkGeometry.lightnessSide
        smallLightness = Tensor(
            NetworkGeometry.lightnessShape, plane.lightness(width: side, height: side, threads: threads))
        smallChroma = Tensor([1, 2, side, side], chroma ?? [Float](repeating: 0, count: 2 * side * side))
        chromaticity =
            chroma == nil ? .gray : Chromaticity(lightness: smallLightness.values, chroma: smallChroma.values)
    }

    /// L of the whole picture for the network, anti-aliased; the sides are not in proportion.
    /// - Returns: `[1, 1, 256, 256]`, 0…100.
    package func networkLightness() -> Tensor { smallLightness }

    /// The photograph's own colours: the truth when one is evaluated, zero when it is gray.
    /// - Returns: `[1, 2, 64, 64]`, a and b, each the mean over its cell.
    package func chroma64() -> Tensor {
        Tensor(NetworkGeometry.chromaShape, Self.cellMeans(smallChroma.values))
    }

    /// The photograph's own colours at the size of the network's condition.
    /// - Returns: `[1, 2, 256, 256]`, a and b.
    package func chroma256() -> Tensor { smallChroma }

    /// The picture as sRGB, anti-aliased; the sides are not in proportion.
    /// - Returns: `[1, 3, 256, 256]` in 0…1.
    package func rgb256() -> Tensor {
        let side = NetworkGeometry.lightnessSide
        return Lab.toRGB(Tensor([1, 3, side, side], smallLightness.values + smallChroma.values))
    }

    /// Means of the cells of 256×256 planes, one plane after the other.
    static func cellMeans(_ planes: [Float]) -> [Float] {
        let (side, cells, step) = (NetworkGeometry.lightnessSide, NetworkGeometry.chromaSide, cellSide)
        var result = [Float](repeating: 0, count: planes.count / (step * step))
        planes.withUnsafeBufferPointer { planes in
            result.withUnsafeMutableBufferPointer { result in
                for row in 0..<(planes.count / side) {
                    let (source, target) = (planes.baseAddress! + row * side, result.baseAddress! + row / step * cells)
                    for cell in 0..<cells {
                        for i in 0..<step { target[cell] += source[step &* cell &+ i] }
                    }
                }
                for i in result.indices { result[i] /= Float(step * step) }
            }
        }
        return result
    }
}
