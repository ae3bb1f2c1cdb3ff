import Flow
import Imaging
import Kernels
import Tensor

/// A colour photograph kept for training: L at 256×256 and chroma at 128×128, in fixed point, 192 KiB.
struct TrainingPhotograph: Sendable {
    static let chromaSide = 128
    private static let lightnessUnit: Float = 1.0 / 600
    private static let chromaUnit: Float = 1.0 / 200

    private let lightness: [UInt16]
    /// a, then b.
    private let chroma: [Int16]

    init(_ photograph: Photograph) {
        lightness = photograph.networkLightness().values.map { UInt16(max(0, min(65535, $0 / Self.lightnessUnit))) }
        let means = Elementwise.averagePool(
            photograph.chroma256(), NetworkGeometry.lightnessSide / Self.chromaSide, Execution())
        chroma = means.values.map { Int16(max(-32768, min(32767, $0 / Self.chromaUnit))) }
    }

    /// Where a square part of the photograph lies, as shares of its sides, and whether it is mirrored.
    struct Crop: Sendable {
        var x = 0.0
        var y = 0.0
        var side = 1.0
        var isMirrored = false

        /// A random part of at least `smallest` of each side.
        init(smallest: Double, _ stream: inout RandomStream) {
            side = smallest + (1 - smallest) * stream.nextUniform()
            x = (1 - side) * stream.nextUniform()
            y = (1 - side) * stream.nextUniform()
            isMirrored = stream.nextUniform() < 0.5
        }

        init() {}
    }

    /// A part of the photograph for the network: normalised L [1, 1, 256, 256] and chroma [1, 2, 64, 64].
    func tensors(_ crop: Crop) -> (lightness: Tensor, chroma: Tensor) {
        let (large, small) = (NetworkGeometry.lightnessSide, NetworkGeometry.chromaSide)
        let l = Self.part(lightness, plane: 0, NetworkGeometry.lightnessSide, crop, to: large) {
            Float($0) * Self.lightnessUnit
        }
        let ab = (0..<2).flatMap { plane in
            Self.part(chroma, plane: plane, Self.chromaSide, crop, to: small) { Float($0) * Self.chromaUnit }
        }
        return (
            Normalization.normalized(lightness: Tensor([1, 1, large, large], l)),
            Normalization.normalized(chroma: Tensor([1, 2, small, small], ab))
        )
    }

    private static func part<Value>(
        _ values: [Value], plane: Int, _ size: Int, _ crop: Crop, to target: Int, _ convert: (Value) -> Float
    ) -> [Float] {
        let side = max(1, min(size, Int((crop.side * Double(size)).rounded())))
        let x = min(size - side, Int(crop.x * Double(size)))
        let y = min(size - side, Int(crop.y * Double(size)))
        var resampler = Resampler(width: side, height: side, to: target, target)
        var line = [Float](repeating: 0, count: side)
        for row in y..<y + side {
            let start = (plane * size + row) * size + x
            for i in 0..<side { line[i] = convert(values[start + (crop.isMirrored ? side - 1 - i : i)]) }
            line.withUnsafeBufferPointer { buffer in
                if let base = buffer.baseAddress { resampler.add(base) }
            }
        }
        return resampler.plane
    }
}
